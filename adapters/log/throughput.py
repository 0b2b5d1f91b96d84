"""How many events the whole log took, step by step."""

from datetime import datetime
from itertools import pairwise

from msgspec import Struct

from adapters.postgres.pools import Pool, borrow

STEPS = 60
# Positions have no gaps and rise with the time: the log is halved for all moments at once, so it
# takes a few dozen rows for each, however long the log is.
_PASSED = """WITH RECURSIVE step AS (
    SELECT make_interval(secs => %(seconds)s) AS long
), looked (moment, low, high) AS (
    SELECT moment, 0::bigint, h.position FROM log.head h CROSS JOIN step CROSS JOIN
        generate_series(0, %(steps)s) n CROSS JOIN LATERAL
        (SELECT date_bin(long, now(), 'epoch') - (%(steps)s - n) * long AS moment) m
    UNION ALL
    SELECT moment, CASE WHEN earlier THEN position ELSE low END,
        CASE WHEN earlier THEN high ELSE position - 1 END
    FROM looked CROSS JOIN LATERAL (
        SELECT e.position, e.recorded_at < moment AS earlier FROM log.events e
        WHERE e.position = (low + high + 1) / 2 LIMIT 1
    ) middle WHERE low < high
)
SELECT moment, low FROM looked WHERE low = high ORDER BY moment"""


class Throughput(Struct, frozen=True):
    """``events``: of each step of so many ``seconds``, from ``first`` on; the last is over."""

    first: datetime
    seconds: int
    events: list[int]


async def throughput(pool: Pool, seconds: int) -> Throughput:
    """``seconds``: of one step. ``pool``: of souk_project, which sees every tenant's."""
    async with borrow(pool) as db:
        asked = {"seconds": seconds, "steps": STEPS}
        found = await (await db.execute(_PASSED, asked)).fetchall()
    passed = [low for _, low in found]
    return Throughput(found[0][0], seconds, [then - now for now, then in pairwise(passed)])
