"""The directory as one history: every fact, in the order in which it happened."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import IntEnum

from msgspec import Struct

from entrypoints.olist.names import checkout_id, product_id
from entrypoints.olist.records import Item, Order, Payment, Records


class Rank(IntEnum):
    """Which comes first of facts of the same second."""

    SELLER, PRODUCT, SALE, SETTLEMENT, SHIPMENT, DELIVERY, CANCELLATION = range(7)


class Fact(Struct, frozen=True, kw_only=True):
    """``key``: its natural id. ``writes``, ``reads``: what it touches; facts that touch what an
    earlier one writes wait for it."""

    at: datetime
    key: str
    rank: Rank
    writes: tuple[str, ...]
    reads: tuple[str, ...] = ()


class Admission(Fact, frozen=True):
    seller: str
    city: str


class Listing(Fact, frozen=True):
    """A product is seen for the first time."""

    product: str  # Olist's id
    seller: str
    category: str
    price: int  # centavos


class Bought(Struct, frozen=True):
    product: str  # Souk's id
    price: int  # centavos
    quantity: int


class Sale(Fact, frozen=True):
    order: str  # Olist's id
    buyer: str
    region: str
    lines: tuple[Bought, ...]
    shipping: dict[str, int]  # centavos by seller
    payments: tuple[Payment, ...]
    expected: datetime | None


class Settlement(Fact, frozen=True):
    """The payments come in, and each seller confirms and starts work, as far as it went."""

    order: str
    sellers: tuple[str, ...]
    payments: int
    captured: bool
    confirmed: bool
    started: bool


class Step(Fact, frozen=True):
    """A shipment, a delivery or, with a ``reason``, a cancellation."""

    order: str
    sellers: tuple[str, ...]
    reason: str = ""


# How far each status goes: confirmed 1, processing 2, shipped 3, delivered 4.
REACH = {
    "created": 0,
    "approved": 1,
    "invoiced": 2,
    "processing": 2,
    "shipped": 3,
    "delivered": 4,
}


def facts(records: Records) -> list[Fact]:
    """Orders without items are left out."""
    orders = sorted(
        (order for order in records.orders.values() if order.items),
        key=lambda order: (order.purchased, order.id),
    )
    found = [*_firsts(orders, records)]
    for order in orders:
        found += _history(order)
    return sorted(found, key=lambda fact: (fact.at, fact.rank))


def _firsts(orders: Iterable[Order], records: Records) -> Iterator[Fact]:
    """Sellers and products, just before their first sale."""
    seen: set[str] = set()
    for order in orders:
        for item in order.items:
            offered = product_id(item.product, item.seller)
            if item.seller not in seen:
                seen.add(item.seller)
                yield _admission(item.seller, records.shops.get(item.seller, ""), order.purchased)
            if offered not in seen:
                seen.add(offered)
                category = records.categories.get(item.product, "")
                yield _listing(item, offered, category, order.purchased)


def _admission(seller: str, city: str, at: datetime) -> Admission:
    return Admission(
        at=at,
        key=f"seller/{seller}",
        rank=Rank.SELLER,
        writes=(seller,),
        seller=seller,
        city=city,
    )


def _listing(item: Item, offered: str, category: str, at: datetime) -> Listing:
    return Listing(
        at=at,
        key=f"product/{item.product}/{item.seller}",
        rank=Rank.PRODUCT,
        writes=(offered,),
        reads=(item.seller,),
        product=item.product,
        seller=item.seller,
        category=category,
        price=item.price,
    )


def _history(order: Order) -> Iterator[Fact]:
    """A step happens no earlier than the steps before it, and then, if it has no date."""
    sale = _sale(order)
    yield sale
    sellers = tuple(sale.shipping)
    cancelled = order.status not in REACH
    reach = (1 if order.approved else 0) if cancelled else REACH[order.status]
    captured = reach > 0 or order.approved is not None
    at = max(filter(None, (order.purchased, order.approved)))
    if captured:
        yield _settlement(order, sellers, at, reach)
    for rank, date, needed in (
        (Rank.SHIPMENT, order.carried, 3),
        (Rank.DELIVERY, order.delivered, 4),
    ):
        if reach >= needed:
            at = max(at, date or at)
            yield _step(order, sellers, rank, at)
    if cancelled:
        last = max(filter(None, (at, order.carried, order.delivered)))
        yield _step(order, sellers, Rank.CANCELLATION, last, order.status)


def _sale(order: Order) -> Sale:
    lines: dict[str, Bought] = {}
    shipping: dict[str, int] = {}
    for item in order.items:
        offered = product_id(item.product, item.seller)
        before = lines.get(offered)
        quantity = before.quantity + 1 if before else 1
        lines[offered] = Bought(offered, item.price, quantity)
        shipping[item.seller] = shipping.get(item.seller, 0) + item.freight
    return Sale(
        at=order.purchased,
        key=f"checkout/{order.id}",
        rank=Rank.SALE,
        writes=(checkout_id(order.id), *lines),
        reads=tuple(shipping),
        order=order.id,
        buyer=order.buyer,
        region=order.region,
        lines=tuple(lines.values()),
        shipping=shipping,
        payments=tuple(order.payments),
        expected=order.expected,
    )


def _settlement(order: Order, sellers: tuple[str, ...], at: datetime, reach: int) -> Settlement:
    return Settlement(
        at=at,
        key=f"settlement/{order.id}",
        rank=Rank.SETTLEMENT,
        writes=(checkout_id(order.id),),
        order=order.id,
        sellers=sellers,
        payments=len(order.payments),
        captured=True,
        confirmed=reach >= 1,
        started=reach >= 2,
    )


def _step(
    order: Order, sellers: tuple[str, ...], rank: Rank, at: datetime, reason: str = ""
) -> Step:
    return Step(
        at=at,
        key=f"{rank.name.lower()}/{order.id}",
        rank=rank,
        writes=(checkout_id(order.id),),
        order=order.id,
        sellers=sellers,
        reason=reason,
    )
