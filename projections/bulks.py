"""Bulks: how far each has come, and which items it left as they were."""

from datetime import datetime
from typing import Literal

from domain.bulks import Advanced, Completed, Started, Undone
from domain.kernel import Recorded, but
from projections.kernel import (
    Column,
    Document,
    Found,
    Page,
    Reader,
    Slice,
    Table,
    given,
    newest,
    one,
    own,
    page,
)

VERSION = 1
LAST = 10**9  # above any index


class Bulk(Document):
    """``done`` of ``total`` items are dealt with: ``applied``, or ``refused`` and left as they
    were. ``kind``: what the items are. ``undoes``: the bulk that this one takes back."""

    id: str
    version: int
    owner: str
    kind: str
    status: Literal["running", "completed"]
    total: int
    undoes: str | None
    started_at: datetime
    done: int = 0
    applied: int = 0
    refused: int = 0
    undone_by: str | None = None
    completed_at: datetime | None = None


class Refused(Document):
    """``index``: the item's place in the bulk, from 0; ``item``: its id."""

    bulk: str
    index: int
    item: str
    code: str
    detail: str


def evolve(bulk: Bulk | None, recorded: Recorded, id: str) -> Bulk | None:
    event = recorded.event
    if isinstance(event, Started):
        return Bulk(
            recorded.id,
            recorded.version,
            event.owner,
            event.kind,
            "running",
            event.total,
            event.undoes,
            recorded.occurred_at,
        )
    if bulk is None:
        return None
    return _moved(but(bulk, version=recorded.version), event, recorded.occurred_at)


def _moved(bulk: Bulk, event: object, at: datetime) -> Bulk:
    match event:
        case Advanced(upto=upto, applied=applied, refused=refused):
            more = {"applied": bulk.applied + applied, "refused": bulk.refused + len(refused)}
            return but(bulk, done=upto, **more)
        case Completed():
            return but(bulk, status="completed", completed_at=at)
        case Undone(by=by):
            return but(bulk, undone_by=by)
    return bulk


def _refused(_: Refused | None, recorded: Recorded, id: str) -> Refused:
    index = int(id.rpartition(".")[2])
    event: Advanced = recorded.event
    told = next(refusal for refusal in event.refused if refusal.index == index)
    return Refused(recorded.id, index, told.id, told.code, told.detail)


BULKS = Table(
    name="bulks_bulks",
    document=Bulk,
    on=dict.fromkeys((Started, Advanced, Completed, Undone), own),
    evolve=evolve,
    columns={
        "owner": Column("text", lambda bulk: bulk.owner),
        "started_at": Column("timestamptz", lambda bulk: bulk.started_at),
    },
    indexes=("owner, started_at", "started_at"),
    topic=lambda id, bulk: f"bulks.{id}.{bulk.owner}",
)
REFUSALS = Table(
    name="bulks_refusals",
    document=Refused,
    on={Advanced: lambda r: [f"{r.id}.{refusal.index}" for refusal in r.event.refused]},
    evolve=_refused,
    columns={
        "bulk": Column("text", lambda refused: refused.bulk),
        "place": Column("bigint", lambda refused: LAST - refused.index),
    },
    indexes=("bulk, place",),
)
TABLES = (BULKS, REFUSALS)


async def bulk(db: Reader, id: str, owner: str | None = None) -> Found | None:
    """``owner``: only if it is theirs."""
    return await one(db, BULKS.name, id, "coalesce(owner = %s, true)", (owner,))


async def bulks(db: Reader, owner: str | None, number: int, limit: int) -> Page:
    """The last first."""
    mine = given(("owner = %s", owner))
    return await page(db, BULKS.name, *mine, "started_at DESC, id", number, limit)


async def refusals(db: Reader, bulk: str, before: int, limit: int) -> Slice:
    """In the order of the items."""
    return await newest(db, REFUSALS.name, "bulk = %s", (bulk,), "place", before, limit)
