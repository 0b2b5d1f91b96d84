"""Dead letters: the events of a stream that one projection could not fold, and all after it."""

from typing import Any

from adapters.log.tail import STORED
from adapters.postgres.pools import Connection
from domain.kernel import Recorded

AFTER_ANOTHER = "an earlier event of this stream is parked"


async def streams(db: Connection, projection: str) -> set[str]:
    """Those that are parked."""
    cursor = await db.execute(
        "SELECT DISTINCT stream FROM read.dead_letters WHERE projection = %s", (projection,)
    )
    return {stream for (stream,) in await cursor.fetchall()}


async def park(db: Connection, projection: str, letter: Recorded, error: str) -> None:
    await db.execute(
        "INSERT INTO read.dead_letters (tenant, projection, stream, position, tag, error)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            letter.tenant,
            projection,
            letter.stream,
            letter.position,
            letter.tag,
            error.replace("\0", "")[:1000],
        ),
    )


async def parked(
    db: Connection, projection: str, tenant: str | None = None
) -> list[tuple[Any, ...]]:
    """The parked events as STORED, in order; of one tenant, or of all."""
    cursor = await db.execute(
        f"SELECT {', '.join(f'e.{name}' for name in STORED)} FROM log.events e"
        " JOIN read.dead_letters d ON d.position = e.position"
        " WHERE d.projection = %s AND d.tenant = coalesce(%s, d.tenant) ORDER BY e.position",
        (projection, tenant),
    )
    return await cursor.fetchall()


async def settle(db: Connection, projection: str, letter: Recorded) -> None:
    await db.execute(
        "DELETE FROM read.dead_letters"
        " WHERE tenant = %s AND projection = %s AND stream = %s AND position = %s",
        (letter.tenant, projection, letter.stream, letter.position),
    )


async def count(db: Connection, projection: str, tenant: str | None = None) -> int:
    cursor = await db.execute(
        "SELECT count(*) FROM read.dead_letters"
        " WHERE projection = %s AND tenant = coalesce(%s, tenant)",
        (projection, tenant),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
