"""How what a product costs came about: one row for each change of it."""

from datetime import datetime

from domain.costing import CostRolledUp
from domain.costs import UnitCost, told
from domain.kernel import Recorded
from projections.kernel import Column, Document, Reader, Slice, Table, newest, oldest


class Cause(Document):
    """``kind``: material, product or basis (then ``id`` is the tenant's new basis).
    ``position``: of the event that moved the cost; null: it was written with the change."""

    kind: str
    id: str
    position: int | None


class Moment(Document):
    """A change of what a product costs. null: it was, or is, unknown. ``version`` is the
    product's after it, ``position`` that in the log. ``at``: when it came to cost that, by the
    log's own clock, which never goes back; ``occurred_at``: when what moved it happened, which may
    be long before, and before what moved it last."""

    product: str
    version: int
    position: int
    at: datetime
    occurred_at: datetime
    old: UnitCost | None
    cost: UnitCost | None
    cause: Cause


def _rolled(_: Moment | None, recorded: Recorded, id: str) -> Moment:
    event: CostRolledUp = recorded.event
    return Moment(
        recorded.id,
        recorded.version,
        recorded.position,
        recorded.recorded_at,
        recorded.occurred_at,
        told(event.old),
        told(event.new),
        Cause(event.cause.kind, event.cause.id, event.cause.position),
    )


TIMELINE = Table(
    name="costing_timeline",
    document=Moment,
    on={CostRolledUp: lambda recorded: (f"{recorded.id}.{recorded.version}",)},
    evolve=_rolled,
    columns={
        "product": Column("text", lambda moment: moment.product),
        "place": Column("bigint", lambda moment: moment.position),
    },
    indexes=("product, place",),
)


async def timeline(db: Reader, product: str, before: int, limit: int) -> Slice:
    """The last first."""
    return await newest(db, TIMELINE.name, "product = %s", (product,), "place", before, limit)


async def timeline_from(db: Reader, product: str, after: int, limit: int) -> Slice:
    """The first first."""
    return await oldest(db, TIMELINE.name, "product = %s", (product,), "place", after, limit)
