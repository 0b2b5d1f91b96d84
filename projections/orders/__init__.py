"""Orders: one row per order, as its buyer, its seller and the tenant's staff see it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET, UnsetType, json

from domain.identity import SellerAppointed
from domain.kernel import Personal, Recorded, Value, but
from domain.money import Price
from domain.orders import (
    DeliveryPromised,
    Line,
    OrderArchived,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderDelivered,
    OrderPlaced,
    OrderReady,
    OrderReturned,
    OrderShipped,
    OrderUnarchived,
    ProcessingStarted,
    TrackingAssigned,
)
from projections.kernel import Column, Found, Page, Reader, Table, one, own, page
from projections.orders.documents import Order, OrderLine, People
from projections.orders.finding import Filter as Filter
from projections.orders.finding import condition

VERSION = 5


def evolve(order: Order | None, recorded: Recorded, id: str) -> Order | None:
    event = recorded.event
    if isinstance(event, OrderPlaced):
        return _placed(event, recorded)
    if order is None:
        return None
    if isinstance(event, SellerAppointed):
        return but(order, seller_name=event.shop)
    return but(order, version=recorded.version, **_step(order, event, recorded.occurred_at))


def _placed(event: OrderPlaced, recorded: Recorded) -> Order:
    return Order(
        id=recorded.id,
        version=recorded.version,
        number=event.number,
        status="pending",
        checkout=event.checkout,
        buyer=event.buyer,
        seller=event.seller,
        seller_name=event.seller_name,
        channel=event.channel,
        lines=[_line(line) for line in event.lines],
        subtotal=Price.of(event.subtotal),
        shipping=Price.of(event.shipping),
        total=Price.of(event.total),
        cash=event.cash,
        region=event.customer.region if event.customer else "",
        expected_delivery=event.expected_delivery,
        placed_at=recorded.occurred_at,
        personal=_people(event),
    )


def _line(line: Line) -> OrderLine:
    return OrderLine(
        line.product,
        line.sku,
        line.name,
        Price.of(line.unit_price),
        line.quantity,
        Price.of(line.subtotal),
        line.reel,
        line.offer,
    )


def _people(event: OrderPlaced) -> People | UnsetType:
    if event.customer is None and event.note is None:
        return UNSET
    who = event.customer
    if who is None:
        return People(note=event.note)
    return People(who.name, who.phone, who.email, who.address, event.note)


def _step(order: Order, event: object, at: datetime) -> dict[str, Any]:
    match event:
        case OrderConfirmed():
            return {"status": "confirmed", "confirmed_at": at}
        case ProcessingStarted():
            return {"status": "processing", "processing_at": at}
        case OrderReady():
            return {"status": "ready", "ready_at": at}
        case OrderShipped(tracking=tracking):
            return {"status": "shipped", "shipped_at": at, "tracking": tracking}
        case TrackingAssigned(tracking=tracking):
            return {"tracking": tracking}
        case OrderDelivered():
            return {"status": "delivered", "delivered_at": at}
        case OrderCompleted():
            return {"status": "completed", "completed_at": at}
        case OrderCancelled(reason=reason, note=note):
            step = {"status": "cancelled", "cancelled_at": at, "reason": reason}
            return step | _noted(order, note)
        case OrderReturned(reason=reason):
            return {"status": "returned", "returned_at": at, "reason": reason}
        case DeliveryPromised(date=day):
            return {"expected_delivery": day}
        case OrderArchived():
            return {"archived": True}
        case OrderUnarchived():
            return {"archived": False}
    return {}


def _noted(order: Order, note: Personal | None) -> dict[str, Any]:
    if note is None:
        return {}
    people = People() if isinstance(order.personal, UnsetType) else order.personal
    return {"personal": but(people, cancel_note=note)}


def _phone(order: Order) -> str | None:
    """The keyed hash of the number it was ordered with."""
    people = order.personal
    phone = None if isinstance(people, UnsetType) else people.phone
    return phone.lookup or None if phone else None


ORDERS = Table(
    name="orders_orders",
    document=Order,
    on=dict.fromkeys(
        (
            OrderPlaced,
            OrderConfirmed,
            ProcessingStarted,
            OrderReady,
            OrderShipped,
            TrackingAssigned,
            OrderDelivered,
            OrderCompleted,
            OrderCancelled,
            OrderReturned,
            DeliveryPromised,
            OrderArchived,
            OrderUnarchived,
        ),
        own,
    ),
    related={SellerAppointed: lambda r: ("seller = %s", (r.id,))},
    evolve=evolve,
    columns={
        "buyer": Column("text", lambda o: o.buyer),
        "seller": Column("text", lambda o: o.seller),
        "status": Column("text", lambda o: o.status),
        "channel": Column("text", lambda o: o.channel),
        "customer_phone": Column("text", _phone),
        "archived": Column("boolean", lambda o: o.archived),
        "number": Column("bigint", lambda o: o.number),
        "placed_at": Column("timestamptz", lambda o: o.placed_at),
        "expected_delivery": Column("date", lambda o: o.expected_delivery),
    },
    indexes=(
        "buyer, placed_at",
        "seller, archived, placed_at",
        "status, placed_at",
        "channel, placed_at",
        "archived, placed_at",
        "placed_at",
        "number",
        "customer_phone",
        "expected_delivery",
    ),
    topic=lambda id, order: f"orders.{id}.{order.seller}.{order.buyer}",
)
TABLES = (ORDERS,)


async def order(db: Reader, id: str, party: str | None = None) -> Found | None:
    """``party``: only if they bought or sold it."""
    where = "coalesce(%s IN (buyer, seller), true)"
    return await one(db, ORDERS.name, id, where, (party,))


async def buyers(db: Reader, customer_phone: str) -> list[str]:
    """Who ordered with that number (its keyed hash)."""
    rows = await db.rows(
        f"SELECT DISTINCT buyer FROM read.{ORDERS.name} WHERE tenant = %s AND customer_phone = %s",
        (db.tenant, customer_phone),
    )
    return [buyer for (buyer,) in rows]


class Parties(Value):
    buyer: str
    seller: str


def parties(found: Found) -> Parties:
    """Whose order it is."""
    return json.decode(found.body, type=Parties)


async def every(db: Reader, wanted: Filter, batch: int = 500) -> AsyncIterator[list[Found]]:
    """All that meet it, oldest first, so many rows at a time."""
    where, params = condition(wanted)
    last = (datetime.min.replace(tzinfo=UTC), "")
    while True:
        rows = await db.rows(
            f"SELECT placed_at, {Found.SQL} FROM read.{ORDERS.name} WHERE tenant = %s AND {where}"
            " AND (placed_at, id) > (%s, %s) ORDER BY placed_at, id LIMIT %s",
            (db.tenant, *params, *last, batch),
        )
        if not rows:
            return
        yield [Found(*row[1:]) for row in rows]
        last = rows[-1][:2]


async def orders(db: Reader, wanted: Filter, number: int, limit: int) -> Page:
    """Newest first. No buyer and no seller: the whole tenant's."""
    where, params = condition(wanted)
    return await page(db, ORDERS.name, where, params, "placed_at DESC, id", number, limit)
