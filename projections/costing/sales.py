"""What sales have earned: one row for each sold line of a product whose seller says its cost."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from domain.costing import comparable, left, margin_of
from domain.costs import UnitCost, told
from domain.kernel import Recorded
from domain.money import Price
from domain.orders import Line, OrderPlaced
from projections.kernel import Column, Document, Reader, Slice, Table, given, newest

LINES = 1_000  # more than any order has


class Sale(Document):
    """``product``: of the catalogue; ``costing``: the costed product that it was sold as.

    ``unit_cost``: as it was known at the sale, by the event at ``cost_position``; null: it was
    not. ``margin``: what is left of the line, null while that cost is, or if it was sold in another
    currency; ``margin_rate``: in ten-thousandths of its price, null also of what was given away.
    ``place`` orders all sales of a tenant.
    """

    order: str
    number: int
    product: str
    costing: str
    name: str
    seller: str
    quantity: int
    unit_price: Price
    subtotal: Price
    unit_cost: UnitCost | None
    cost_position: int | None
    margin: Price | None
    margin_rate: int | None
    sold_at: datetime
    place: int

    @property
    def position(self) -> int:
        """In the log, of the order."""
        return self.place // LINES


def _sold(_: Sale | None, recorded: Recorded, id: str) -> Sale:
    placed: OrderPlaced = recorded.event
    place, line = next(
        (n, line) for n, line in enumerate(placed.lines) if id == f"{recorded.id}.{line.product}"
    )
    return _sale(recorded, line, recorded.position * LINES + place)


def _sale(recorded: Recorded, line: Line, place: int) -> Sale:
    cost = line.cost
    unit = None if cost is None else cost.unit
    known = comparable(line.unit_price, unit)
    return Sale(
        recorded.id,
        recorded.event.number,
        line.product,
        "" if cost is None else cost.costing,
        line.name,
        recorded.event.seller,
        line.quantity,
        Price.of(line.unit_price),
        Price.of(line.subtotal),
        told(unit),
        None if cost is None else cost.position,
        None if known is None else Price.of(left(line.unit_price, known, line.quantity)),
        None if known is None else margin_of(line.unit_price, known),
        recorded.occurred_at,
        place,
    )


SALES = Table(
    name="costing_sales",
    document=Sale,
    on={
        OrderPlaced: lambda recorded: tuple(
            f"{recorded.id}.{line.product}" for line in recorded.event.lines if line.cost
        )
    },
    evolve=_sold,
    columns={
        "seller": Column("text", lambda sale: sale.seller),
        "product": Column("text", lambda sale: sale.product),
        "costing": Column("text", lambda sale: sale.costing),
        "place": Column("bigint", lambda sale: sale.place),
        "sold_at": Column("timestamptz", lambda sale: sale.sold_at),
    },
    indexes=("seller, place", "costing, place", "product, place", "place", "costing, sold_at"),
)


async def sales(
    db: Reader,
    before: int,
    limit: int,
    *,
    seller: str | None = None,
    product: str | None = None,
    costing: str | None = None,
) -> Slice:
    """The last first: of that seller, of that product of the catalogue, of that costed one."""
    asked = given(("seller = %s", seller), ("product = %s", product), ("costing = %s", costing))
    return await newest(db, SALES.name, *asked, "place", before, limit)


async def since(
    db: Reader, costings: Collection[str], moment: datetime, limit: int
) -> tuple[list[Sale], int]:
    """What was sold of these costed products at that moment or later, the first first; and how
    many there are."""
    rows = await db.rows(
        f"SELECT body, count(*) OVER () FROM read.{SALES.name} WHERE tenant = %s"
        " AND costing = any(%s) AND sold_at >= %s ORDER BY place LIMIT %s",
        (db.tenant, list(costings), moment, limit),
    )
    return [_SALE.decode(body) for body, _ in rows], rows[0][1] if rows else 0


_SALE = msgspec.json.Decoder(Sale)
