"""Points in history, as auditors write them, and where they lie in the log."""

import re
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from adapters.log.passed import is_past, passed
from adapters.postgres.pools import Pool, borrow
from domain.kernel import Value

SPELT = "version:12, position:345, or a time as 2026-05-01T00:00:00Z"
_COUNTED = re.compile(r"(version|position):([0-9]{1,18})", re.ASCII)
_TO_COME = """SELECT coalesce(%s::bigint > position, false)
    OR coalesce(%s::timestamptz > clock_timestamp(), false) FROM log.head"""


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
    """In UTC, for Postgres takes no zone that is 16 hours off. Raises Malformed."""
    try:
        when = msgspec.convert(text, datetime)
        if when.tzinfo is not None:
            return when.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):  # in UTC before the first year
        pass
    raise Malformed(f"write {SPELT}")


async def position_before(pool: Pool, when: datetime, then_too: bool = False) -> int:
    """The last position recorded before ``when``. ``then_too``: or at that very time.

    ``pool``: of a role that sees every tenant's rows.
    """
    async with borrow(pool) as db:
        await is_past(db, when)  # so that it is the same one for ever
        (position,) = await passed(db, [when], then_too)
    return position


async def is_to_come(pool: Pool, moment: Moment) -> bool:
    """Whether the log has not come there yet, so that nobody knows what will be there then.

    ``pool``: of a role that sees the log's head.
    """
    position = moment.number if isinstance(moment, Position) else None
    when = moment.when if isinstance(moment, Time) else None
    async with borrow(pool) as db:
        cursor = await db.execute(_TO_COME, (position, when))
        return await cursor.fetchone() == (True,)
