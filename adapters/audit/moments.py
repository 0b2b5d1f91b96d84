"""Points in history, as auditors write them, and where they lie in the log."""

import re
from datetime import datetime
from typing import TypeAlias

import msgspec

from adapters.postgres.pools import Connection, Pool, borrow
from domain.kernel import Value

SPELT = "version:12, position:345, or a time as 2026-05-01T00:00:00Z"
_COUNTED = re.compile(r"(version|position):([0-9]{1,18})", re.ASCII)


class Version(Value):
    """After so many events of the stream; 0: before its first."""

    number: int


class Position(Value):
    """As the log was after that position."""

    number: int


class Time(Value):
    """As the log was then, by what it had learnt (``recorded_at``)."""

    when: datetime


Moment: TypeAlias = Version | Position | Time


class Malformed(Exception):
    """Not a point in history; the message says how one is written."""


def moment(text: str) -> Moment:
    """Raises Malformed."""
    if found := _COUNTED.fullmatch(text):
        kind = Version if found[1] == "version" else Position
        return kind(int(found[2]))
    return Time(time(text))


def time(text: str) -> datetime:
    """With its zone. Raises Malformed."""
    try:
        when = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        when = None
    if when is None or when.tzinfo is None:
        raise Malformed(f"write {SPELT}")
    return when


async def position_before(pool: Pool, when: datetime, then_too: bool = False) -> int:
    """The last position recorded before ``when``, by halving the log: the two rise together.
    ``then_too``: or at that very time.

    ``pool``: of a role that sees every tenant's rows, since only then there are no gaps.
    """
    async with borrow(pool) as db:
        low, high = 0, await _head(db)
        while low < high:
            middle = (low + high + 1) // 2
            recorded = await _recorded_at(db, middle)
            if recorded < when or (then_too and recorded == when):
                low = middle
            else:
                high = middle - 1
    return low


async def _head(db: Connection) -> int:
    row = await (await db.execute("SELECT position FROM log.head")).fetchone()
    return int(row[0]) if row else 0


async def _recorded_at(db: Connection, position: int) -> datetime:
    cursor = await db.execute("SELECT recorded_at FROM log.events WHERE position = %s", (position,))
    row = await cursor.fetchone()
    if row is None:
        raise LookupError(f"the log has no position {position}")
    when: datetime = row[0]
    return when
