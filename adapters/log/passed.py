"""How far the log had come at some moment."""

from collections.abc import Sequence
from datetime import datetime

from adapters.postgres.pools import Connection

# Positions rise with the time of recording, so the log is halved, for all moments at once: a few
# dozen rows each, however long it is. A log that was restored has a gap, so what is looked at is
# the last event up to the middle; where there is none, nothing was recorded in that half.
_PASSED = """WITH RECURSIVE looked (n, moment, low, high, found) AS (
    SELECT n, moment, 0::bigint, h.position, 0::bigint FROM log.head h
    CROSS JOIN unnest(%(moments)s::timestamptz[]) WITH ORDINALITY AS wanted (moment, n)
    UNION ALL
    SELECT n, moment, CASE WHEN e.late THEN low ELSE middle END,
        CASE WHEN e.late THEN e.position - 1 ELSE high END,
        CASE WHEN e.late THEN found ELSE coalesce(e.position, found) END
    FROM looked CROSS JOIN LATERAL (SELECT (low + high + 1) / 2 AS middle) m
    LEFT JOIN LATERAL (
        SELECT position, CASE WHEN %(then_too)s THEN recorded_at > moment
            ELSE recorded_at >= moment END AS late
        FROM log.events WHERE position > low AND position <= middle
        ORDER BY position DESC LIMIT 1
    ) e ON true WHERE low < high
)
SELECT found FROM looked WHERE low >= high ORDER BY n"""


async def is_past(db: Connection, moment: datetime) -> bool:
    """Whether the moment is past. If so, nothing is recorded at it or before it any more: what was
    being appended is waited for, and what comes later is recorded later, whatever the clocks show.
    A statement of its own, for only the next one sees what was waited for. ``db``: of souk_append
    or souk_project.
    """
    cursor = await db.execute("SELECT log.is_past(%s)", (moment,))
    return (await cursor.fetchone()) == (True,)


async def passed(db: Connection, moments: Sequence[datetime], then_too: bool = False) -> list[int]:
    """For each moment the position of the last event that was recorded before it, or 0.
    ``then_too``: or at that very time. ``db``: of a role that sees every tenant's events."""
    cursor = await db.execute(_PASSED, {"moments": list(moments), "then_too": then_too})
    return [position for (position,) in await cursor.fetchall()]
