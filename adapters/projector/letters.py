"""Dead letters: the events of a stream that one projection could not fold, and all after it."""

from collections.abc import Sequence

from adapters.log.rows import COLUMNS, Row
from adapters.postgres.pools import Connection

AFTER_ANOTHER = "an earlier event of this stream is parked"


async def sift(db: Connection, projection: str, rows: Sequence[Row]) -> list[Row]:
    """The events whose streams are not parked; the others join those that are."""
    cursor = await db.execute(
        "SELECT DISTINCT stream FROM read.dead_letters WHERE projection = %s", (projection,)
    )
    streams = {stream for (stream,) in await cursor.fetchall()}
    if not streams:
        return list(rows)
    for row in rows:
        if row.stream in streams:
            await park(db, projection, row, AFTER_ANOTHER)
    return [row for row in rows if row.stream not in streams]


async def park(db: Connection, projection: str, row: Row, error: str) -> None:
    await db.execute(
        "INSERT INTO read.dead_letters (tenant, projection, stream, position, tag, error)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (row.tenant, projection, row.stream, row.position, row.tag, error.replace("\0", "")[:1000]),
    )


async def parked(db: Connection, projection: str, tenant: str | None = None) -> list[Row]:
    """The parked events, in order; of one tenant, or of all."""
    cursor = await db.execute(
        f"SELECT {', '.join(f'e.{name}' for name in COLUMNS.split(', '))} FROM log.events e"
        " JOIN read.dead_letters d ON d.position = e.position"
        " WHERE d.projection = %s AND d.tenant = coalesce(%s, d.tenant) ORDER BY e.position",
        (projection, tenant),
    )
    return [Row(*row) for row in await cursor.fetchall()]


async def settle(db: Connection, projection: str, row: Row) -> None:
    await db.execute(
        "DELETE FROM read.dead_letters"
        " WHERE tenant = %s AND projection = %s AND stream = %s AND position = %s",
        (row.tenant, projection, row.stream, row.position),
    )


async def count(db: Connection, projection: str, tenant: str | None = None) -> int:
    cursor = await db.execute(
        "SELECT count(*) FROM read.dead_letters"
        " WHERE projection = %s AND tenant = coalesce(%s, tenant)",
        (projection, tenant),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
