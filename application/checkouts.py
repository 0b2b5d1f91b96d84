"""Checkouts: a cart becomes orders, payments and reserved stock in one append, or nothing does."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from application import selling
from application.commands import Attempt, Commands
from application.gathered import adding, cart_of
from application.ports import Answer, Call
from application.selling import PATIENCE, Sale, order_id, payment_id
from application.selling.terms import (
    CheckoutReceipt,
    Contact,
    Item,
    Paying,
    PlacedOrder,
    Terms,
)
from application.work import Work, stream_of
from domain import carts, catalog, identity, inventory
from domain.carts import Cart, CartLine, Offered, payable
from domain.orders import Line

__all__ = [
    "PATIENCE",
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

Prepare = Callable[[Work], Awaitable[None]]


class Checkouts:
    def __init__(self, commands: Commands) -> None:
        self._commands = commands

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
        split: defaultdict[str, list[CartLine]] = defaultdict(list)
        for line in cart.lines.values():
            split[line.seller].append(line)
        await selling.gather(work, id, split, cart.lines)
        offered = await _offered(work, cart)
        await work.decide(carts, cart_id, carts.CheckOut(id, offered))
        parts = {seller: [_sold(x, offered) for x in lines] for seller, lines in split.items()}
        await selling.sell(work, id, Sale(cart_id, cart.owner, parts, terms, await work.now()))
        return selling.receipt(work, id)


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


def _sold(line: CartLine, offered: Mapping[str, Offered]) -> Line:
    price = payable(line, offered[line.product])
    return Line.of(line.product, line.sku, line.name, price, line.quantity, line.reel)
