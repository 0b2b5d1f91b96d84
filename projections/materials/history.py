"""What happened to a material's stock: one row per purchase, and one per adjustment."""

from datetime import datetime

from msgspec import UNSET, UnsetType

from domain.costs import UnitCost, told
from domain.kernel import Personal, Recorded, Value
from domain.materials import MaterialPurchased, StockAdjusted
from domain.money import Price
from domain.quantities import FINEST, Amount, shown
from projections.kernel import Column, Document, Reader, Slice, Table, newest


class Said(Document):
    """A quantity as it was bought; ``unit`` is empty for the material's own."""

    quantity: str
    unit: str


class Purchase(Document):
    """``quantity`` in the material's own unit; ``unit_cost``: price and landed cost of one.

    ``average_before`` and ``average``: the moving weighted average without it (null: there was
    none) and with it. ``backdated``: it happened before what was known by then, and the average
    was folded again. ``version`` is the material's after it, ``position`` that in the log.
    """

    material: str
    version: int
    position: int
    quantity: str
    bought: Said
    price: Price
    landed: Price
    unit_cost: UnitCost
    average_before: UnitCost | None
    average: UnitCost
    supplier: str
    reference: str
    bought_at: datetime
    by: str
    backdated: bool


class Note(Value):
    note: Personal


class Adjustment(Document):
    """``delta`` in the material's own unit; ``by`` whom. What they noted is in ``personal``."""

    material: str
    version: int
    position: int
    delta: str
    reason: str
    adjusted_at: datetime
    by: str
    personal: Note | UnsetType = UNSET


def _bought(_: Purchase | None, recorded: Recorded, id: str) -> Purchase:
    event: MaterialPurchased = recorded.event
    return Purchase(
        recorded.id,
        recorded.version,
        recorded.position,
        shown(event.quantity),
        _said(event.said),
        Price.of(event.price),
        Price.of(event.landed),
        UnitCost.of(event.unit_cost),
        told(event.before),
        UnitCost.of(event.average),
        event.supplier,
        event.reference,
        event.bought_at or recorded.occurred_at,
        recorded.actor,
        event.backdated is not None,
    )


def _said(amount: Amount) -> Said:
    return Said(shown(amount.billionths, FINEST), amount.unit)


def _adjusted(_: Adjustment | None, recorded: Recorded, id: str) -> Adjustment:
    event: StockAdjusted = recorded.event
    return Adjustment(
        recorded.id,
        recorded.version,
        recorded.position,
        shown(event.delta),
        event.reason,
        recorded.occurred_at,
        recorded.actor,
        UNSET if event.note is None else Note(event.note),
    )


def _each(recorded: Recorded) -> tuple[str]:
    return (f"{recorded.id}.{recorded.version}",)


PURCHASES = Table(
    name="materials_purchases",
    document=Purchase,
    on={MaterialPurchased: _each},
    evolve=_bought,
    columns={
        "material": Column("text", lambda purchase: purchase.material),
        "place": Column("bigint", lambda purchase: purchase.position),
    },
    indexes=("material, place",),
)
ADJUSTMENTS = Table(
    name="materials_adjustments",
    document=Adjustment,
    on={StockAdjusted: _each},
    evolve=_adjusted,
    columns={
        "material": Column("text", lambda adjustment: adjustment.material),
        "place": Column("bigint", lambda adjustment: adjustment.position),
    },
    indexes=("material, place",),
)


async def purchases(db: Reader, material: str, before: int, limit: int) -> Slice:
    """The last first."""
    where, params = "material = %s", (material,)
    return await newest(db, PURCHASES.name, where, params, "place", before, limit)


async def adjustments(db: Reader, material: str, before: int, limit: int) -> Slice:
    """The last first."""
    where, params = "material = %s", (material,)
    return await newest(db, ADJUSTMENTS.name, where, params, "place", before, limit)
