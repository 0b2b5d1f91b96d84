"""How each projection stands, as the people who run it see it."""

from datetime import datetime

from msgspec import Struct

from adapters.postgres.pools import Pool, borrow

_ALL = """SELECT p.name, p.version, p.position, greatest(h.position - p.position, 0),
    coalesce(extract(epoch FROM now() - e.recorded_at), 0)::float8, p.moved_at, n.position,
    (SELECT count(*) FROM read.dead_letters d WHERE d.tenant = %s AND d.projection = p.name)
FROM read.projections p CROSS JOIN log.head h
LEFT JOIN LATERAL (SELECT recorded_at FROM log.events
    WHERE position > p.position ORDER BY position LIMIT 1) e ON true
LEFT JOIN read.projections n ON n.name = p.name || '__next'
WHERE p.name NOT LIKE '%%!_!_%%' ESCAPE '!' ORDER BY p.name"""


class Standing(Struct, frozen=True):
    """``behind``: events of the log that are not folded yet; ``seconds``: the age of the first of
    them. ``building``: how far its next tables are, while they are built beside it.
    ``dead_letters``: events of the caller's tenant that are parked."""

    name: str
    version: int
    position: int
    behind: int
    seconds: float
    moved_at: datetime
    building: int | None
    dead_letters: int


class Standings(Struct, frozen=True):
    """``head``: the last position of the log."""

    head: int
    items: list[Standing]


async def standings(pool: Pool, tenant: str) -> Standings:
    """``pool``: of souk_project. Unavailable without Postgres."""
    async with borrow(pool) as db:
        found = await (await db.execute(_ALL, (tenant,))).fetchall()
        head = await (await db.execute("SELECT position FROM log.head")).fetchone()
    return Standings(head[0] if head else 0, [Standing(*row) for row in found])
