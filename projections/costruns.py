"""Roll-ups of costs that take several appends: one row for each, with how far it is."""

from datetime import datetime

from domain.costruns import RollUpAdvanced
from domain.costs import UnitCost, told
from domain.kernel import Recorded
from projections.kernel import (
    Column,
    Document,
    Found,
    Reader,
    Slice,
    Table,
    given,
    newest,
    one,
    own,
)

VERSION = 1


class RunCause(Document):
    """``kind``: material, product or basis (then ``id`` is the tenant's new one)."""

    kind: str
    id: str
    position: int


class Run(Document):
    """``id``: the position of its cause. ``step``: how many appends it took so far; ``progress``:
    whole hundredths. ``product``: the one on top; ``current_cost``: what that costs by now,
    ``estimated_total``: what it would by what is costed so far. ``owner`` is empty when the
    products are everybody's."""

    id: str
    owner: str
    cause: RunCause
    step: int
    done: int
    total: int
    progress: int
    product: str
    current_cost: UnitCost | None
    estimated_total: UnitCost | None
    started_at: datetime
    moved_at: datetime
    finished: bool


def evolve(run: Run | None, recorded: Recorded, id: str) -> Run:
    event: RollUpAdvanced = recorded.event
    return Run(
        id,
        event.owner,
        RunCause(event.kind, event.id, int(id)),
        recorded.version,
        event.done,
        event.total,
        100 * event.done // event.total,
        event.product,
        told(event.cost),
        told(event.estimate),
        run.started_at if run else recorded.recorded_at,
        recorded.recorded_at,
        event.done >= event.total,
    )


RUNS = Table(
    name="costruns_runs",
    document=Run,
    on={RollUpAdvanced: own},
    evolve=evolve,
    columns={
        "owner": Column("text", lambda run: run.owner),
        "place": Column("bigint", lambda run: int(run.id)),
    },
    indexes=("owner, place", "place"),
    topic=lambda id, run: f"costruns.{id}.{run.owner}" if run.owner else f"costruns.{id}",
)
TABLES = (RUNS,)


async def run(db: Reader, id: str, owner: str | None = None) -> Found | None:
    """``owner``: only if it is theirs."""
    return await one(db, RUNS.name, id, "coalesce(owner = %s, true)", (owner,))


async def runs(db: Reader, owner: str | None, before: int, limit: int) -> Slice:
    """The last cause first."""
    return await newest(db, RUNS.name, *given(("owner = %s", owner)), "place", before, limit)
