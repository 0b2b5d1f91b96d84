"""Where each policy stands, and what came of the commands that did not go through."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from adapters.log.tail import head
from adapters.postgres import packed
from adapters.postgres.pools import Connection, Pool, borrow

REJECTED, PARKED = "rejected", "parked"
_KEEP = (
    "INSERT INTO policies.outcomes (tenant, policy, position, outcome, code, detail)"
    " SELECT * FROM"
    " unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[])"
    " ON CONFLICT (tenant, policy, position) DO UPDATE SET outcome = excluded.outcome,"
    " code = excluded.code, detail = excluded.detail, at = now()"
)
_MOVE = (
    "UPDATE policies.positions AS p SET position = moved.position, moved_at = now()"
    " FROM unnest(%s::text[], %s::bigint[]) AS moved (name, position)"
    " WHERE p.name = moved.name AND p.position < moved.position"
)
_UNAWAITED = "set_config('synchronous_commit', 'off', true) = 'off'"  # till the statement's end


class Outcome(Struct, frozen=True):
    """A reaction that did not go through, at the position of its event."""

    tenant: str
    policy: str
    position: int
    outcome: str  # rejected: a rule said no; parked: it failed, and waits for someone to look
    code: str
    detail: str


class Parked(Struct, frozen=True):
    """What /health/ready tells of one policy with failures."""

    policy: str
    count: int
    oldest: datetime
    code: str  # of the oldest


async def register(db: Connection, names: Iterable[str]) -> dict[str, int]:
    """The position of each policy, for the leader alone.

    The first policies of a log start with its first event; one that is added later starts at the
    head: it was not there for what came before.
    """
    async with db.transaction():
        cursor = await db.execute("SELECT name, position FROM policies.positions")
        known: dict[str, int] = dict(await cursor.fetchall())
        start = await head(db) if known else 0
        for name in sorted(set(names) - known.keys()):
            await db.execute("INSERT INTO policies.positions VALUES (%s, %s)", (name, start))
            known[name] = start
        return {name: known[name] for name in names}


async def settle(
    db: Connection, positions: Mapping[str, int], outcomes: Sequence[Outcome] = ()
) -> None:
    """Move policies past what has settled, and keep what did not go through. For places alone
    nobody waits for the disk: what is lost is reacted to again, and answered as it was. What was
    rejected might not be."""
    # One statement: others use the connection at the same time, and a transaction would be theirs.
    moved = packed.texts(positions), packed.integers(positions.values())
    if outcomes:
        await db.execute(f"WITH kept AS ({_KEEP}) {_MOVE}", (*_columns(outcomes), *moved))
    else:
        await db.execute(f"{_MOVE} AND {_UNAWAITED}", moved)


async def keep(db: Connection, outcomes: Sequence[Outcome]) -> None:
    if outcomes:
        await db.execute(_KEEP, _columns(outcomes))


def _columns(outcomes: Sequence[Outcome]) -> tuple[bytes, ...]:
    """One for each place: timers of several rows have one where one event has moved the rows."""
    last = {(each.tenant, each.policy, each.position): each for each in outcomes}.values()
    return (
        packed.texts(each.tenant for each in last),
        packed.texts(each.policy for each in last),
        packed.integers(each.position for each in last),
        packed.texts(each.outcome for each in last),
        packed.texts(each.code for each in last),
        packed.texts(each.detail for each in last),
    )


async def forget(db: Connection, tenant: str, policy: str, position: int) -> None:
    """It went through after all."""
    await db.execute(
        "DELETE FROM policies.outcomes WHERE (tenant, policy, position) = (%s, %s, %s)",
        (tenant, policy, position),
    )


async def parked_by(
    db: Connection, policy: str, tenant: str | None = None
) -> list[tuple[str, int]]:
    """The tenants and positions, in order; of one tenant, or of all."""
    cursor = await db.execute(
        "SELECT tenant, position FROM policies.outcomes WHERE policy = %s AND outcome = 'parked'"
        " AND tenant = coalesce(%s, tenant) ORDER BY position",
        (policy, tenant),
    )
    return [(tenant, position) for tenant, position in await cursor.fetchall()]


async def parked(pool: Pool) -> list[Parked]:
    """Every policy with failures that wait for someone to look; the pool is of souk_project."""
    async with borrow(pool) as db:
        cursor = await db.execute(
            "SELECT policy, count(*), min(at), (array_agg(code ORDER BY position))[1]"
            " FROM policies.outcomes WHERE outcome = 'parked' GROUP BY policy ORDER BY policy"
        )
        return [Parked(*row) for row in await cursor.fetchall()]


async def positions(pool: Pool) -> dict[str, int]:
    """How far each policy has heard; the pool is of souk_project."""
    async with borrow(pool) as db:
        cursor = await db.execute("SELECT name, position FROM policies.positions")
        return dict(await cursor.fetchall())
