"""Checkouts: one row per purchase, with where each of its orders stands."""

from datetime import datetime

from domain.checkouts import CheckoutPlaced
from domain.kernel import Event, Recorded, but
from domain.money import Price
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
from projections.kernel import Column, Document, Found, Page, Reader, Table, given, one, own, page

VERSION = 1
STEPS: dict[type[Event], str] = {
    OrderPlaced: "pending",
    OrderConfirmed: "confirmed",
    ProcessingStarted: "processing",
    OrderReady: "ready",
    OrderShipped: "shipped",
    OrderDelivered: "delivered",
    OrderCompleted: "completed",
    OrderReturned: "returned",
    OrderCancelled: "cancelled",
}


class OrderStatus(Document):
    """One order: where it belongs, and where it stands."""

    id: str
    checkout: str
    number: int
    seller_name: str
    status: str


class OrderMoved(Event):
    """What a moved order tells its checkout."""

    order: OrderStatus


def order_evolve(order: OrderStatus | None, recorded: Recorded, id: str) -> OrderStatus | None:
    event = recorded.event
    if isinstance(event, OrderPlaced):
        return OrderStatus(id, event.checkout, event.number, event.seller_name, "pending")
    return order and but(order, status=STEPS[type(event)])


ORDERS = Table(
    name="checkouts_orders",
    document=OrderStatus,
    on=dict.fromkeys(STEPS, own),
    evolve=order_evolve,
    emits=lambda before, after: OrderMoved(after) if after and after != before else None,
)


class Part(Document):
    """One seller's order in the checkout."""

    id: str
    number: int
    seller: str
    seller_name: str
    total: Price
    status: str


class Checkout(Document):
    """``status`` is that of its least advanced order; cancelled only if all of them are."""

    id: str
    version: int
    cart: str
    buyer: str
    channel: str
    orders: list[Part]
    status: str
    total: Price
    paid: bool
    placed_at: datetime
    paid_at: datetime | None


def evolve(checkout: Checkout | None, recorded: Recorded, id: str) -> Checkout | None:
    event = recorded.event
    if isinstance(event, CheckoutPlaced):
        return _placed(event, recorded)
    if checkout is None:
        return None
    if isinstance(event, CheckoutPaid):
        return but(checkout, paid=True, paid_at=recorded.occurred_at)
    return _moved(checkout, event.order)


def _placed(event: CheckoutPlaced, recorded: Recorded) -> Checkout:
    return Checkout(
        id=recorded.id,
        version=recorded.version,
        cart=event.cart,
        buyer=event.buyer,
        channel=event.channel,
        orders=[Part(x.order, 0, x.seller, "", Price.of(x.total), "pending") for x in event.orders],
        status="pending",
        total=Price.of(event.total),
        paid=False,
        placed_at=recorded.occurred_at,
        paid_at=None,
    )


def _moved(checkout: Checkout, order: OrderStatus) -> Checkout:
    parts = [_part(part, order) if part.id == order.id else part for part in checkout.orders]
    return but(checkout, orders=parts, status=least([part.status for part in parts]))


def _part(part: Part, order: OrderStatus) -> Part:
    return but(part, number=order.number, seller_name=order.seller_name, status=order.status)


def least(statuses: list[str]) -> str:
    """The least advanced one; "cancelled", the last of STATUSES, only when all are."""
    return min(statuses, key=STATUSES.index)


CHECKOUTS = Table(
    name="checkouts_checkouts",
    document=Checkout,
    on={CheckoutPlaced: own, CheckoutPaid: own, OrderMoved: lambda r: (r.event.order.checkout,)},
    evolve=evolve,
    columns={
        "buyer": Column("text", lambda c: c.buyer),
        "status": Column("text", lambda c: c.status),
        "placed_at": Column("timestamptz", lambda c: c.placed_at),
    },
    indexes=("buyer, placed_at", "placed_at"),
    topic=lambda id, checkout: f"checkouts.{id}.{checkout.buyer}",
)
# ORDERS comes first: CHECKOUTS folds what it emits.
TABLES = (ORDERS, CHECKOUTS)


async def checkout(db: Reader, id: str, buyer: str | None = None) -> Found | None:
    """``buyer``: only if it is theirs."""
    return await one(db, CHECKOUTS.name, id, "coalesce(buyer = %s, true)", (buyer,))


async def checkouts(db: Reader, buyer: str | None, number: int, limit: int) -> Page:
    """Newest first; ``buyer`` None: the whole tenant's."""
    asked = given(("buyer = %s", buyer))
    return await page(db, CHECKOUTS.name, *asked, "placed_at DESC, id", number, limit)
