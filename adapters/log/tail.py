"""Following the log by position, as projectors and policies do. Personal data stays sealed."""

from functools import cache
from typing import Any, NamedTuple

from adapters.log.codec import Codec
from adapters.log.rows import COLUMNS, Row
from adapters.postgres import packed
from adapters.postgres.pools import Connection
from domain import AGGREGATES
from domain.kernel import Recorded

# An event as a projection reads it: the envelope as in Recorded, then what the event is made of.
STORED = (*Recorded.__struct_fields__[:-1], "schema_version", "data")
_READ = ", ".join(STORED)
_NOTHING = ", ".join("position + 1 AS position" if n == "position" else "NULL" for n in STORED)
POSITION = STORED.index("position")
# The last row is the log's head, one too high, so that it is always the last.
_PASSAGE = (
    f"(SELECT {_NOTHING} FROM log.head) UNION ALL"
    f" (SELECT {_READ} FROM log.events WHERE position > %s AND position <= %s AND tag = ANY(%s)"
    " ORDER BY position LIMIT %s) ORDER BY position"
)


class Passage(NamedTuple):
    """The events of some tags from one position to another; those between are of other tags.

    ``rows``: as STORED. ``last``: ``reached`` is the log's end.
    """

    rows: list[tuple[Any, ...]]
    reached: int
    last: bool


@cache
def house_codec() -> Codec:
    """Of every registered aggregate."""
    return Codec.of(AGGREGATES)


async def read_after(
    connection: Connection, position: int, limit: int, codec: Codec | None = None
) -> list[Recorded]:
    """At most ``limit`` events above ``position``, in order; there are never gaps.

    Raises Undecodable when it meets an event that this version of the code cannot read.
    """
    codec = codec or house_codec()
    return [row.decoded(codec) for row in await rows_after(connection, position, limit)]


async def rows_after(connection: Connection, position: int, limit: int) -> list[Row]:
    """The same, not decoded."""
    cursor = connection.cursor(binary=True)
    await cursor.execute(
        f"SELECT {COLUMNS} FROM log.events WHERE position > %s ORDER BY position LIMIT %s",
        (position, limit),
    )
    return [Row(*row) for row in await cursor.fetchall()]


async def passage(
    connection: Connection, position: int, limit: int, tags: packed.Texts, span: int
) -> Passage:
    """At most ``limit`` events of ``tags`` among the ``span`` positions after ``position``.

    The other events are passed over in the database. ``reached`` is ``position`` itself when
    there is nothing new.
    """
    cursor = connection.cursor(binary=True)
    await cursor.execute(_PASSAGE, (position, position + span, tags, limit))
    rows = await cursor.fetchall()
    end = rows.pop()[POSITION] - 1
    full = len(rows) == limit
    reached = rows[-1][POSITION] if full else max(position, min(position + span, end))
    return Passage(rows, reached, reached >= end)


async def head(connection: Connection) -> int:
    """The last position in the log; 0 when it is empty."""
    cursor = await connection.execute("SELECT position FROM log.head")
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
