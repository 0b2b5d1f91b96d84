"""Inventory: one row per product with its stock, and one per open reservation."""

from datetime import datetime

from domain.catalog import ProductCreated, ProductDescribed, SkuAssigned
from domain.inventory import (
    ReservationExtended,
    ReservationKept,
    StockAdjusted,
    StockCommitted,
    StockFellBelow,
    StockReceived,
    StockReleased,
    StockReserved,
    StockRestocked,
    ThresholdSet,
)
from domain.kernel import Recorded, but
from projections.kernel import Column, Document, Found, Page, Reader, Table, given, one, own, page

VERSION = 2


class Item(Document):
    """Stock in pieces; ``version`` is that of the stock, 0 while there never was any."""

    id: str
    version: int
    seller: str
    name: str
    sku: str | None
    on_hand: int = 0
    reserved: int = 0
    available: int = 0
    threshold: int | None = None
    low: bool = False


class Hold(Document):
    """Stock that one order has reserved and not taken yet; ``expires_at`` None: for good."""

    id: str
    order: str
    product: str
    quantity: int
    expires_at: datetime | None
    extended: bool = False


def evolve(item: Item | None, recorded: Recorded, id: str) -> Item | None:
    event = recorded.event
    if isinstance(event, ProductCreated):
        return Item(id, 0, event.seller, event.describing.name, event.sku)
    if item is None:
        return None
    match event:
        case ProductDescribed(describing=text):
            return but(item, name=text.name)
        case SkuAssigned(sku=sku):
            return but(item, sku=sku)
    return _counted(but(_moved(item, event), version=recorded.version))


def _moved(item: Item, event: object) -> Item:
    match event:
        case StockReceived(quantity=quantity) | StockRestocked(quantity=quantity):
            return but(item, on_hand=item.on_hand + quantity)
        case StockAdjusted(delta=delta):
            return but(item, on_hand=item.on_hand + delta)
        case StockReserved(quantity=quantity):
            return but(item, reserved=item.reserved + quantity)
        case StockReleased(quantity=quantity):
            return but(item, reserved=item.reserved - quantity)
        case StockCommitted(quantity=quantity):
            return but(item, on_hand=item.on_hand - quantity, reserved=item.reserved - quantity)
        case ThresholdSet(threshold=threshold):
            return but(item, threshold=threshold)
    return item


def _counted(item: Item) -> Item:
    available = item.on_hand - item.reserved
    low = item.threshold is not None and available < item.threshold
    return but(item, available=available, low=low)


def keep(hold: Hold | None, recorded: Recorded, id: str) -> Hold | None:
    """A reservation from its making to its end."""
    match recorded.event:
        case StockReserved(order=order, quantity=quantity, expires_at=until):
            return Hold(id, order, recorded.id, quantity, until)
        case ReservationExtended(expires_at=until):
            return hold and but(hold, expires_at=until, extended=True)
        case ReservationKept():
            return hold and but(hold, expires_at=None)
    return None


def _held(recorded: Recorded) -> tuple[str]:
    return (f"{recorded.event.order}.{recorded.id}",)


ITEMS = Table(
    name="inventory_items",
    document=Item,
    on=dict.fromkeys(
        (
            ProductCreated,
            ProductDescribed,
            SkuAssigned,
            StockReceived,
            StockAdjusted,
            StockReserved,
            StockReleased,
            StockCommitted,
            StockRestocked,
            ThresholdSet,
            StockFellBelow,
            ReservationExtended,
            ReservationKept,
        ),
        own,
    ),
    evolve=evolve,
    columns={
        "seller": Column("text", lambda i: i.seller),
        "name": Column("text", lambda i: i.name),
        "low": Column("boolean", lambda i: i.low),
        "available": Column("bigint", lambda i: i.available),
    },
    indexes=("seller, name", "low, name", "name"),
    topic=lambda id, item: f"inventory.{id}.{item.seller}",
    counters=True,
)
HOLDS = Table(
    name="inventory_holds",
    document=Hold,
    on=dict.fromkeys(
        (StockReserved, ReservationExtended, ReservationKept, StockReleased, StockCommitted), _held
    ),
    evolve=keep,
    columns={
        "order_id": Column("text", lambda h: h.order),
        "product": Column("text", lambda h: h.product),
        "expires_at": Column("timestamptz", lambda h: h.expires_at),
        "extended": Column("boolean", lambda h: h.extended),
    },
    indexes=("order_id", "expires_at"),
)
TABLES = (ITEMS, HOLDS)


class Filter(Document):
    """What a list of stock is narrowed to; None: no such filter."""

    seller: str | None = None
    low: bool | None = None


async def item(db: Reader, product: str, seller: str | None = None) -> Found | None:
    """``seller``: only if it is theirs."""
    return await one(db, ITEMS.name, product, "coalesce(seller = %s, true)", (seller,))


async def items(db: Reader, wanted: Filter, number: int, limit: int) -> Page:
    """By name."""
    asked = given(("seller = %s", wanted.seller), ("low = %s", wanted.low))
    return await page(db, ITEMS.name, *asked, "name, id", number, limit)


async def holds(db: Reader, order: str) -> list[Found]:
    """What an order still has reserved, by product."""
    rows = await db.rows(
        f"SELECT {Found.SQL} FROM read.{HOLDS.name}"
        " WHERE tenant = %s AND order_id = %s ORDER BY product",
        (db.tenant, order),
    )
    return [Found(*row) for row in rows]


async def due(db: Reader, by: datetime) -> list[Found]:
    """The reservations that have run out by then, the oldest first."""
    rows = await db.rows(
        f"SELECT {Found.SQL} FROM read.{HOLDS.name}"
        " WHERE tenant = %s AND expires_at <= %s ORDER BY expires_at, id",
        (db.tenant, by),
    )
    return [Found(*row) for row in rows]
