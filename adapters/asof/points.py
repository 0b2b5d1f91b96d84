"""Where in the log a question about the past stands."""

import re
from datetime import UTC, datetime

from msgspec import Struct

from adapters.log.passed import is_past, passed
from adapters.postgres.pools import Pool, borrow

# Digits alone are a position; a time has more than a date, and its zone.
POSITION = r"[0-9]{1,18}"
TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
SPELT = "a position, or an RFC 3339 time with its zone, such as 2017-01-31T23:59:59Z"
# What a clock showed at a position, or at the last one before it: a restored log has a gap.
_CLOCK = """SELECT h.position, coalesce((SELECT recorded_at FROM log.events
    WHERE position <= %s ORDER BY position DESC LIMIT 1), 'epoch') FROM log.head h"""


class Point(Struct, frozen=True):
    """``position``: nothing beyond it. ``until``: nothing that happened later than that; None:
    whenever it happened. ``moment``: what a clock showed then."""

    position: int
    until: datetime | None
    moment: datetime

    @property
    def mark(self) -> str:
        """What tells it from other points, as long as the log is the same."""
        if self.until is None:
            return str(self.position)
        return f"{self.position}.{self.until.timestamp():.6f}"


class Malformed(ValueError):
    """Neither a position nor a time; why, in a sentence."""


class Beyond(Exception):
    """The log has not come there yet; ``position``: where it is."""

    def __init__(self, position: int) -> None:
        super().__init__(f"the log is at {position}, and no time to come is known")


async def point(log: Pool, text: str, axis: str | None) -> Point:
    """``text``: as SPELT; ``axis``: of a time, "recorded" (the default) or "occurred". ``log``: of
    a role that may read all of it. Raises Malformed, Beyond, Unavailable."""
    if re.fullmatch(POSITION, text):
        if axis is not None:
            raise Malformed("a position has no axis")
        return await at_position(log, int(text))
    return await (occurred_by if axis == "occurred" else at_time)(log, _time(text))


def _time(text: str) -> datetime:
    try:
        if re.fullmatch(TIME, text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # the 31st of February; in UTC before the first year
        pass
    raise Malformed(SPELT)


async def at_position(log: Pool, position: int) -> Point:
    """Raises Beyond, Unavailable."""
    async with borrow(log) as db:
        cursor = await db.execute(_CLOCK, (position,))
        ((head, moment),) = await cursor.fetchall()
    if position > head:
        raise Beyond(head)
    return Point(position, None, moment)


async def at_time(log: Pool, time: datetime) -> Point:
    """The last position that was recorded by then, and that always will have been. Raises Beyond,
    Unavailable."""
    async with borrow(log) as db:
        over = await is_past(db, time)
        (position,) = await passed(db, [time], then_too=True)
    if not over:
        raise Beyond(position)
    return Point(position, None, time)


async def occurred_by(log: Pool, time: datetime) -> Point:
    """All that is known by now of what had happened by then. Raises Beyond, Unavailable."""
    async with borrow(log) as db:
        cursor = await db.execute("SELECT position, %s > clock_timestamp() FROM log.head", (time,))
        ((position, future),) = await cursor.fetchall()
    if future:
        raise Beyond(position)
    return Point(position, time, time)
