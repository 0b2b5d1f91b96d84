"""Selling: what every purchase comes to, however it was agreed on: one order for each seller,
what is to be paid, and reserved stock."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from application.ports import Answer
from application.selling.costs import costed
from application.selling.terms import CheckoutReceipt, PlacedOrder, Terms
from application.work import Work
from domain import catalog, checkouts, identity, inventory, orders, payments
from domain.checkouts import OrderShare
from domain.kernel import Personal, Recorded, Rejected
from domain.money import Money, Price, total
from domain.orders import Line, OrderPlaced, PlaceOrder
from domain.payments import TIP, Share

PATIENCE = timedelta(minutes=15)  # how long stock waits for a payment that is not cash


class Sale(Struct, frozen=True):
    """``cart``: empty when there was none; ``parts``: what is bought of each seller."""

    cart: str
    buyer: str
    parts: Mapping[str, Sequence[Line]]
    terms: Terms
    now: datetime


def order_id(checkout: str, seller: str) -> str:
    """One order per seller and checkout, whoever asks."""
    return str(uuid5(UUID(checkout), seller))


def payment_id(checkout: str, number: int) -> str:
    """``number``: from 1, in the order of the terms."""
    return str(uuid5(UUID(checkout), f"payment/{number}"))


async def gather(work: Work, id: str, sellers: Iterable[str], products: Iterable[str]) -> None:
    """All that a sale decides on, in one read; also the order in which it is logged: an order is
    placed before a free one is paid."""
    placed, sold, sellers = (
        [order_id(id, seller) for seller in sellers],
        list(products),
        list(sellers),
    )
    work.begin((checkouts, id), *((orders, order) for order in placed), (payments, id))
    await work.gather(
        [
            (checkouts, id),
            *((orders, order) for order in placed),
            (payments, id),
            *((inventory, product) for product in sold),
            *((catalog, product) for product in sold),
            *((identity, seller) for seller in sellers),
        ]
    )


async def sell(work: Work, id: str, sale: Sale) -> None:
    """``id``: of the checkout."""
    sale = replace(sale, parts=await costed(work, sale.parts))
    shares = [await _order(work, id, seller, sale) for seller in sale.parts]
    placed = checkouts.PlaceCheckout(sale.cart, sale.buyer, sale.terms.channel, tuple(shares))
    await work.decide(checkouts, id, placed)
    await _payments(work, id, shares, sale)
    await _reserve(work, id, sale)


def receipt(work: Work, id: str) -> Answer:
    return lambda recorded: _receipt(work, id, recorded)


async def _order(work: Work, checkout: str, seller: str, sale: Sale) -> OrderShare:
    id, lines, terms = order_id(checkout, seller), tuple(sale.parts[seller]), sale.terms
    new = PlaceOrder(
        checkout=checkout,
        buyer=sale.buyer,
        seller=seller,
        channel=terms.channel,
        lines=lines,
        shipping=terms.shipping.get(seller, Money(0, lines[0].unit_price.currency)),
        cash=terms.cash,
        customer=terms.contact.of(sale.buyer) if terms.contact else None,
        note=Personal(sale.buyer, terms.note) if terms.note else None,
        expected_delivery=terms.expected_delivery,
        seller_name=(await work.load(identity, seller)).shop,
    )
    await work.decide(orders, id, new)
    return OrderShare(id, seller, (await work.load(orders, id)).total)


async def _payments(work: Work, id: str, parts: Sequence[OrderShare], sale: Sale) -> None:
    terms = sale.terms
    due = total([part.total for part in parts], parts[0].total.currency)
    amounts = [due if p.amount is None else p.amount for p in terms.payments]
    counted = [a for a, p in zip(amounts, terms.payments, strict=True) if p.purpose != TIP]
    if terms.exact and total(counted, due.currency) != due:
        raise Rejected("checkouts.payments_do_not_add_up", f"the total is {Price.of(due).amount}")
    shares = tuple(Share(part.order, part.seller, part.total) for part in parts)
    await work.decide(payments, id, payments.OpenPayments(sale.buyer, due, shares))
    for number, (paying, amount) in enumerate(zip(terms.payments, amounts, strict=True), 1):
        intent = payments.Intend(payment_id(id, number), paying.method, amount, paying.purpose)
        await work.decide(payments, id, intent)


async def _reserve(work: Work, id: str, sale: Sale) -> None:
    until = sale.now + PATIENCE if sale.terms.timed and not sale.terms.cash else None
    for seller, lines in sale.parts.items():
        for line in lines:
            wanted = inventory.Reserve(order_id(id, seller), line.quantity, until)
            await work.decide(inventory, line.product, wanted)


def _receipt(work: Work, id: str, recorded: Sequence[Recorded]) -> CheckoutReceipt:
    placed = [r for r in recorded if isinstance(r.event, OrderPlaced)]
    parts = [
        PlacedOrder(r.id, r.event.number, r.event.seller, Price.of(r.event.total)) for r in placed
    ]
    whole = total([r.event.total for r in placed], placed[0].event.total.currency)
    return CheckoutReceipt(
        id, work.version(checkouts, id), work.landed(recorded), parts, Price.of(whole)
    )
