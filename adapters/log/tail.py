"""Following the log by position, as projectors and policies do. Personal data stays sealed."""

from functools import cache

from adapters.log.codec import Codec
from adapters.log.rows import COLUMNS, Row
from adapters.postgres.pools import Connection
from domain import AGGREGATES
from domain.kernel import Recorded

CHANNEL = "souk_log"  # NOTIFY at every commit of the log: a hint to look, the payload its position


@cache
def house_codec() -> Codec:
    """Of every registered aggregate."""
    return Codec.of(AGGREGATES)


async def read_after(
    connection: Connection, position: int, limit: int, codec: Codec | None = None
) -> list[Recorded]:
    """At most ``limit`` events above ``position``, in order; there are never gaps.

    Raises UnknownTag when it meets an event that this version of the code has no type for.
    """
    codec = codec or house_codec()
    return [row.decoded(codec) for row in await rows_after(connection, position, limit)]


async def rows_after(connection: Connection, position: int, limit: int) -> list[Row]:
    """The same, not decoded."""
    cursor = await connection.execute(
        f"SELECT {COLUMNS} FROM log.events WHERE position > %s ORDER BY position LIMIT %s",
        (position, limit),
    )
    return [Row(*row) for row in await cursor.fetchall()]


async def head(connection: Connection) -> int:
    """The last position in the log; 0 when it is empty."""
    cursor = await connection.execute("SELECT position FROM log.head")
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
