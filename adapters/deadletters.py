"""What waits for someone to look: events that no projection could fold, reactions that failed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct

from adapters.log.log import PostgresLog
from adapters.policies.retrying import Retrying
from adapters.postgres.pools import Connection, Pool, borrow, unavailable
from adapters.projector.leader import connected
from adapters.projector.projector import retry_dead_letters
from application.policies import POLICIES, TIMERS
from application.ports import Log
from projections import PROJECTIONS
from projections.kernel import finds_by_content

# Those of tables beside wait with them: for the switch, or for the way back.
_SERVED = "strpos(projection, '__') = 0"
_FOLDS = f"""SELECT 'projection', projection, tenant, stream, min(position),
    (array_agg(tag ORDER BY position))[1], (array_agg(error ORDER BY position))[1],
    min(parked_at), count(*) - 1
FROM read.dead_letters
WHERE tenant = coalesce(%(tenant)s, tenant) AND projection = coalesce(%(projection)s, projection)
    AND {_SERVED}
GROUP BY projection, tenant, stream ORDER BY projection, tenant, stream"""
_REACTIONS = """SELECT 'policy', policy, o.tenant, coalesce(e.stream, ''), o.position,
    coalesce(e.tag, ''), concat_ws(' at ', code, nullif(detail, '')), at, 0
FROM policies.outcomes o LEFT JOIN log.events e ON e.position = o.position
WHERE outcome = 'parked' AND o.tenant = coalesce(%(tenant)s, o.tenant)
ORDER BY policy, o.position"""

_FOLDS_LEFT = "SELECT count(*) FROM read.dead_letters WHERE projection = %s AND tenant = %s"
_REACTIONS_LEFT = """SELECT count(*) FROM policies.outcomes
WHERE outcome = 'parked' AND policy = %s AND tenant = %s"""
MOST = 200  # told at once over HTTP
T = TypeVar("T")


class Letter(Struct, frozen=True):
    """One parked stream of a projection, or one parked reaction of a policy.

    ``position``, ``tag`` and ``error`` are of the event that failed; ``behind``: how many later
    events of its stream wait with it.
    """

    kind: str  # projection or policy
    name: str
    tenant: str
    stream: str
    position: int
    tag: str
    error: str
    since: datetime
    behind: int

    def __str__(self) -> str:
        waiting = f" (+{self.behind} behind it)" if self.behind else ""
        return (
            f"{self.kind} {self.name}: {self.stream} at {self.position}, {self.tag}: {self.error}"
            f"{waiting}, since {self.since:%Y-%m-%d %H:%M:%SZ}"
        )


async def parked(
    url: str, projection: str | None = None, tenant: str | None = None
) -> list[Letter]:
    """``projection``: only of that one, and of no policy. Raises Unavailable."""
    with unavailable():
        async with connected(url, "souk-deadletters") as db:
            found = await _rows(db, _FOLDS, projection, tenant)
            if projection is None:
                found += await _rows(db, _REACTIONS, projection, tenant)
            return [Letter(*row) for row in found]


async def _rows(
    db: Connection, sql: str, projection: str | None, tenant: str | None
) -> list[tuple[Any, ...]]:
    cursor = await db.execute(sql, {"projection": projection, "tenant": tenant})
    return await cursor.fetchall()


async def retry(
    url: str, master: bytes, projection: str | None = None, tenant: str | None = None
) -> None:
    """Fold and react once more, in order; what fails again stays. Raises Unavailable."""
    with unavailable():
        for name in [projection] if projection else PROJECTIONS:
            await retry_dead_letters(url, name, PROJECTIONS[name], tenant)
        if projection is None:
            async with connected(url, "souk-retry") as db, PostgresLog(url, master) as log:
                retrying = Retrying(db, log, tenant)
                await retrying.policies(POLICIES)
                await retrying.timers(TIMERS)


class Letters(Struct, frozen=True):
    """``more``: there are others; only so many are told at once."""

    items: list[Letter]
    more: bool


async def waiting(pool: Pool, tenant: str) -> Letters:
    """A tenant's; the pool is of souk_project. Raises Unavailable."""
    async with borrow(pool) as db:
        found = [
            Letter(*row) for sql in (_FOLDS, _REACTIONS) for row in await _some(db, sql, tenant)
        ]
    return Letters(found[:MOST], len(found) > MOST)


async def _some(db: Connection, sql: str, tenant: str) -> list[tuple[Any, ...]]:
    return await _rows(db, f"{sql} LIMIT {MOST + 1}", None, tenant)


class Retried(Struct, frozen=True):
    """``done``: events folded or reactions carried out by now. ``left``: those still parked.
    ``rebuild``: only ``souk rebuild`` makes the projection's rows exact, since what came in between
    may have looked by their content for rows that were not there yet."""

    done: int
    left: int
    rebuild: bool = False


async def retry_projection(pool: Pool, url: str, name: str, tenant: str) -> Retried:
    """Of one tenant. Raises Unavailable."""
    with unavailable():
        done = await retry_dead_letters(url, name, PROJECTIONS[name], tenant)
    inexact = done > 0 and finds_by_content(PROJECTIONS[name])
    return Retried(done, await _left(pool, _FOLDS_LEFT, name, tenant), inexact)


async def retry_policy(pool: Pool, url: str, log: Log, name: str, tenant: str) -> Retried:
    """Of a policy or a timer, and one tenant. Raises Unavailable."""
    before = await _left(pool, _REACTIONS_LEFT, name, tenant)
    with unavailable():
        async with connected(url, "souk-retry") as db:
            retrying = Retrying(db, log, tenant)
            await retrying.policies(_only(POLICIES, name))
            await retrying.timers(_only(TIMERS, name))
    left = await _left(pool, _REACTIONS_LEFT, name, tenant)
    return Retried(max(0, before - left), left)


def _only(known: Mapping[str, T], name: str) -> dict[str, T]:
    return {name: known[name]} if name in known else {}


async def _left(pool: Pool, sql: str, name: str, tenant: str) -> int:
    async with borrow(pool) as db:
        row = await (await db.execute(sql, (name, tenant))).fetchone()
    return int(row[0]) if row else 0


async def counts(pool: Pool) -> dict[str, int]:
    """The projections whose tables that are served lack parked events, and how many; the pool is
    of souk_project."""
    async with borrow(pool) as db:
        cursor = await db.execute(
            "SELECT projection, count(*) FROM read.dead_letters"
            f" WHERE {_SERVED} GROUP BY projection ORDER BY 1"
        )
        return dict(await cursor.fetchall())
