"""The directory as one history: every fact, in the order in which it happened."""

from collections.abc import Iterator
from datetime import datetime
from enum import IntEnum

from msgspec import Struct

from entrypoints.olist.names import checkout_id, product_id
from entrypoints.olist.records import Order, Payment, Records


class Rank(IntEnum):
    """Which comes first of facts of the same second."""

    SALE, SETTLEMENT, SHIPMENT, DELIVERY, CANCELLATION = range(5)


class Fact(Struct, frozen=True, kw_only=True):
    """``key``: its natural id. ``writes``, ``reads``: what it touches; facts that touch what an
    earlier one writes wait for it."""

    at: datetime
    key: str
    rank: Rank
    order: str  # Olist's id
    writes: tuple[str, ...]
    reads: tuple[str, ...] = ()


class Admission(Struct, frozen=True):
    """A seller is seen for the first time."""

    seller: str
    city: str


class Listing(Struct, frozen=True):
    """A product is seen for the first time."""

    id: str  # Souk's
    product: str  # Olist's
    seller: str
    category: str
    price: int  # centavos


class Bought(Struct, frozen=True):
    product: str  # Souk's id
    price: int  # centavos
    quantity: int


class Sale(Fact, frozen=True):
    """A checkout; ``sellers`` and ``products`` begin with it."""

    sellers: tuple[Admission, ...]
    products: tuple[Listing, ...]
    buyer: str
    region: str
    lines: tuple[Bought, ...]
    shipping: dict[str, int]  # centavos by seller
    payments: tuple[Payment, ...]
    expected: datetime | None


class Settlement(Fact, frozen=True):
    """The payments come in, and each seller confirms and starts work, as far as it went."""

    sellers: tuple[str, ...]
    payments: int
    captured: bool
    confirmed: bool
    started: bool


class Step(Fact, frozen=True):
    """A shipment, a delivery or, with a ``reason``, a cancellation."""

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
    firsts = _Firsts(records)
    found = [fact for order in orders for fact in _history(order, firsts)]
    return sorted(found, key=lambda fact: (fact.at, fact.rank))


class _Firsts:
    """Sellers and products begin with their first sale."""

    def __init__(self, records: Records) -> None:
        self._records, self._seen = records, set[str]()

    def sellers(self, order: Order) -> tuple[Admission, ...]:
        shops = self._records.shops
        sold = dict.fromkeys(item.seller for item in order.items)
        return tuple(Admission(s, shops.get(s, "")) for s in sold if self._first(s))

    def products(self, order: Order) -> tuple[Listing, ...]:
        return tuple(
            Listing(id, x.product, x.seller, self._records.categories.get(x.product, ""), x.price)
            for x in order.items
            if self._first(id := product_id(x.product, x.seller))
        )

    def _first(self, id: str) -> bool:
        new = id not in self._seen
        self._seen.add(id)
        return new


def _history(order: Order, firsts: _Firsts) -> Iterator[Fact]:
    """A step happens no earlier than the steps before it, and then, if it has no date."""
    sale = _sale(order, firsts)
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


def _sale(order: Order, firsts: _Firsts) -> Sale:
    lines: dict[str, Bought] = {}
    shipping: dict[str, int] = {}
    for item in order.items:
        offered = product_id(item.product, item.seller)
        before = lines.get(offered)
        quantity = before.quantity + 1 if before else 1
        lines[offered] = Bought(offered, item.price, quantity)
        shipping[item.seller] = shipping.get(item.seller, 0) + item.freight
    sellers = firsts.sellers(order)
    return Sale(
        at=order.purchased,
        key=f"checkout/{order.id}",
        rank=Rank.SALE,
        order=order.id,
        writes=(checkout_id(order.id), *lines, *(new.seller for new in sellers)),
        reads=tuple(shipping),
        sellers=sellers,
        products=firsts.products(order),
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
