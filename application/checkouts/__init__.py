"""Checkouts: a cart becomes orders, payments and reserved stock in one append, or nothing does."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from application.checkouts.terms import (
    CheckoutReceipt,
    Contact,
    Item,
    Paying,
    PlacedOrder,
    Terms,
)
from application.commands import Attempt, Commands
from application.gathered import adding, cart_of
from application.ports import Answer, Call
from application.work import Work, stream_of
from domain import carts, catalog, checkouts, identity, inventory, orders, payments
from domain.carts import Cart, CartLine, Offered, payable
from domain.checkouts import OrderShare
from domain.kernel import Personal, Recorded, Rejected
from domain.money import Money, Price, total
from domain.orders import Line, OrderPlaced, PlaceOrder
from domain.payments import TIP, Share

__all__ = [
    "CheckoutReceipt",
    "Checkouts",
    "Contact",
    "Item",
    "Paying",
    "PlacedOrder",
    "Terms",
    "order_id",
    "payment_id",
]

PATIENCE = timedelta(minutes=15)  # how long stock waits for a payment that is not cash


Prepare = Callable[[Work], Awaitable[None]]


class Checkouts:
    """``now`` tells the time that reservations are counted from."""

    def __init__(
        self, commands: Commands, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._commands, self._now = commands, now

    async def check_out(
        self, call: Call, cart: str, owner: str | None, terms: Terms
    ) -> CheckoutReceipt:
        """Buy what is in the cart. The checkout's id is the command's."""

        async def attempt(work: Work) -> Answer:
            found = await cart_of(work, cart, owner)
            return await self._place(work, cart, found, terms)

        peeked: Cart = await self._commands.peek(call, carts, cart)
        return await self._run(call, cart, peeked.lines, attempt)

    async def buy(
        self,
        call: Call,
        cart: str,
        buyer: str,
        items: Sequence[Item],
        terms: Terms,
        prepare: Prepare | None = None,
    ) -> CheckoutReceipt:
        """Open a cart, fill it at the live prices and check it out, all in one append.

        ``prepare`` decides first, in that same append: what a history implies before this sale.
        """

        async def attempt(work: Work) -> Answer:
            if prepare:
                await prepare(work)
            await work.gather([(carts, cart), *((catalog, item.product) for item in items)])
            await work.decide(carts, cart, carts.OpenCart(buyer))
            for item in items:
                await work.decide(carts, cart, await adding(work, item.product, item.quantity))
            return await self._place(work, cart, await work.load(carts, cart), terms)

        return await self._run(call, cart, [item.product for item in items], attempt)

    async def _run(
        self, call: Call, cart: str, products: Iterable[str], attempt: Attempt
    ) -> CheckoutReceipt:
        queues = [stream_of(call.tenant, inventory, product) for product in products]
        queues.append(stream_of(call.tenant, carts, cart))
        return await self._commands.run(call, CheckoutReceipt, attempt, queues)

    async def _place(self, work: Work, cart_id: str, cart: Cart, terms: Terms) -> Answer:
        id = str(work.call.command_id)
        parts: defaultdict[str, list[CartLine]] = defaultdict(list)
        for line in cart.lines.values():
            parts[order_id(id, line.seller)].append(line)
        await _gather(work, id, cart, list(parts))
        offered = await _offered(work, cart)
        await work.decide(carts, cart_id, carts.CheckOut(id, offered))
        shares = [
            await _order(work, id, order, cart.owner, lines, offered, terms)
            for order, lines in parts.items()
        ]
        placed = checkouts.PlaceCheckout(cart_id, cart.owner, terms.channel, tuple(shares))
        await work.decide(checkouts, id, placed)
        await _payments(work, id, cart.owner, shares, terms)
        await self._reserve(work, parts, terms)
        return lambda recorded: _receipt(work, id, recorded)

    async def _reserve(
        self, work: Work, parts: Mapping[str, Sequence[CartLine]], terms: Terms
    ) -> None:
        until = self._now() + PATIENCE if terms.timed and not terms.cash else None
        for order, lines in parts.items():
            for line in lines:
                wanted = inventory.Reserve(order, line.quantity, until)
                await work.decide(inventory, line.product, wanted)


def order_id(checkout: str, seller: str) -> str:
    """One order per seller and checkout, whoever asks."""
    return str(uuid5(UUID(checkout), seller))


def payment_id(checkout: str, number: int) -> str:
    """``number``: from 1, in the order of the terms."""
    return str(uuid5(UUID(checkout), f"payment/{number}"))


async def _gather(work: Work, id: str, cart: Cart, parts: Sequence[str]) -> None:
    """All that the checkout decides on, in one read; also the order in which it is logged:
    an order is placed before a free one is paid."""
    work.begin((checkouts, id), *((orders, order) for order in parts), (payments, id))
    sellers = {line.seller for line in cart.lines.values()}
    await work.gather(
        [
            (checkouts, id),
            *((orders, order) for order in parts),
            (payments, id),
            *((inventory, product) for product in cart.lines),
            *((catalog, product) for product in cart.lines),
            *((identity, seller) for seller in sellers),
        ]
    )


async def _offered(work: Work, cart: Cart) -> dict[str, Offered]:
    products = await work.load_all(catalog, cart.lines)
    sellers = await work.load_all(identity, {line.seller for line in cart.lines.values()})
    return {
        id: Offered(
            product.price,
            product.min_order_quantity,
            product.retired,
            seller_gone=not sellers[product.seller].sells,
        )
        for id, product in products.items()
        if product.exists
    }


async def _order(
    work: Work,
    checkout: str,
    id: str,
    buyer: str,
    lines: Sequence[CartLine],
    offered: Mapping[str, Offered],
    terms: Terms,
) -> OrderShare:
    seller, currency = lines[0].seller, lines[0].unit_price.currency
    sold = [
        Line.of(x.product, x.sku, x.name, payable(x, offered[x.product]), x.quantity, x.reel)
        for x in lines
    ]
    new = PlaceOrder(
        checkout=checkout,
        buyer=buyer,
        seller=seller,
        channel=terms.channel,
        lines=tuple(sold),
        shipping=terms.shipping.get(seller, Money(0, currency)),
        cash=terms.cash,
        customer=terms.contact.of(buyer) if terms.contact else None,
        note=Personal(buyer, terms.note) if terms.note else None,
        expected_delivery=terms.expected_delivery,
        seller_name=(await work.load(identity, seller)).shop,
    )
    await work.decide(orders, id, new)
    return OrderShare(id, seller, (await work.load(orders, id)).total)


async def _payments(
    work: Work, id: str, buyer: str, parts: Sequence[OrderShare], terms: Terms
) -> None:
    due = total([part.total for part in parts], parts[0].total.currency)
    amounts = [due if p.amount is None else p.amount for p in terms.payments]
    counted = [a for a, p in zip(amounts, terms.payments, strict=True) if p.purpose != TIP]
    if terms.exact and total(counted, due.currency) != due:
        raise Rejected("checkouts.payments_do_not_add_up", f"the total is {Price.of(due).amount}")
    shares = tuple(Share(part.order, part.seller, part.total) for part in parts)
    await work.decide(payments, id, payments.OpenPayments(buyer, due, shares))
    for number, (paying, amount) in enumerate(zip(terms.payments, amounts, strict=True), 1):
        intent = payments.Intend(payment_id(id, number), paying.method, amount, paying.purpose)
        await work.decide(payments, id, intent)


def _receipt(work: Work, id: str, recorded: Sequence[Recorded]) -> CheckoutReceipt:
    placed = [r for r in recorded if isinstance(r.event, OrderPlaced)]
    parts = [
        PlacedOrder(r.id, r.event.number, r.event.seller, Price.of(r.event.total)) for r in placed
    ]
    whole = total([r.event.total for r in placed], placed[0].event.total.currency)
    return CheckoutReceipt(
        id, work.version(checkouts, id), work.landed(recorded), parts, Price.of(whole)
    )
