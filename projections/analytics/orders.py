"""What analytics keeps of each order, and how its moves reach every total."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.kernel import Event, Recorded, but
from domain.money import Money, Price
from domain.orders import (
    STATUSES,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderDelivered,
    OrderPlaced,
    OrderReady,
    OrderReturned,
    OrderShipped,
    ProcessingStarted,
)
from domain.payments import CheckoutPaid
from projections.kernel import Column, Document, Table, own

STEPS: Mapping[type[Event], str] = {
    OrderConfirmed: "confirmed",
    ProcessingStarted: "processing",
    OrderReady: "ready",
    OrderShipped: "shipped",
    OrderDelivered: "delivered",
    OrderCompleted: "completed",
    OrderCancelled: "cancelled",
    OrderReturned: "returned",
}
CLOSED = ("delivered", "completed", "returned", "cancelled")


class Sold(Document):
    """One line: so many units of a product, for so much."""

    product: str
    sku: str | None
    name: str
    units: int
    subtotal: Price
    reel: str | None = None  # that the buyer found it by


class Order(Document):
    seller: str
    checkout: str
    status: str
    paid: bool
    lines: tuple[Sold, ...]
    subtotal: Price
    shipping: Price
    placed_at: datetime

    @property
    def units(self) -> int:
        return sum(line.units for line in self.lines)

    @property
    def sold(self) -> bool:
        """Paid, and neither cancelled nor brought back."""
        return self.paid and self.status not in ("cancelled", "returned")


class OrderMoved(Event):
    """An order was placed, took a step or was paid; ``before`` is None when it was placed."""

    before: Order | None
    after: Order

    @property
    def placed(self) -> bool:
        return self.before is None

    @property
    def sold(self) -> int:
        """1: it became a sale; -1: it is none any more; 0: as before."""
        return int(self.after.sold) - int(self.before is not None and self.before.sold)


def evolve(order: Order | None, recorded: Recorded, id: str) -> Order | None:
    event = recorded.event
    if isinstance(event, OrderPlaced):
        return _placed(event, recorded.occurred_at)
    if order is None:
        return None
    if isinstance(event, CheckoutPaid):
        return but(order, paid=True)
    return but(order, status=STEPS[type(event)])


def _placed(event: OrderPlaced, at: datetime) -> Order:
    lines = tuple(
        Sold(line.product, line.sku, line.name, line.quantity, Price.of(line.subtotal), line.reel)
        for line in event.lines
    )
    subtotal, shipping = Price.of(event.subtotal), Price.of(event.shipping)
    return Order(event.seller, event.checkout, "pending", False, lines, subtotal, shipping, at)


def emits(before: Order | None, after: Order | None) -> OrderMoved | None:
    return OrderMoved(before, after) if after is not None and after != before else None


def _minor(price: Price) -> int:
    return price.money.minor


ORDERS = Table(
    name="analytics_orders",
    document=Order,
    on={
        **dict.fromkeys((OrderPlaced, *STEPS), own),
        CheckoutPaid: lambda r: [share.order for share in r.event.shares],
    },
    evolve=evolve,
    columns={
        "seller": Column("text", lambda o: o.seller),
        "checkout": Column("text", lambda o: o.checkout),
        # The place in STATUSES: a checkout stands where the least advanced of its orders does.
        "stage": Column("smallint", lambda o: STATUSES.index(o.status)),
        "units": Column("bigint", lambda o: o.units),
        "subtotal": Column("bigint", lambda o: _minor(o.subtotal)),  # minor units
        "shipping": Column("bigint", lambda o: _minor(o.shipping)),  # minor units
        "currency": Column("text", lambda o: o.subtotal.currency),
        "placed_at": Column("timestamptz", lambda o: o.placed_at),
    },
    emits=emits,
)


def added(amounts: tuple[Price, ...], more: Money, sign: int = 1) -> tuple[Price, ...]:
    """``amounts``, one per currency in the order of their codes, with one more added."""
    sums: dict[str, Any] = {price.currency: price.money for price in amounts}
    change = more.times(sign)
    known = sums.get(more.currency)
    sums[more.currency] = change if known is None else known + change
    return tuple(Price.of(sums[currency]) for currency in sorted(sums))
