"""How many events the whole log took, step by step."""

from datetime import datetime
from itertools import pairwise

from msgspec import Struct

from adapters.log.passed import passed
from adapters.postgres.pools import Pool, borrow

STEPS = 60
_MOMENTS = """SELECT date_bin(long, now(), 'epoch') - (%(steps)s - n) * long
FROM make_interval(secs => %(seconds)s) long, generate_series(0, %(steps)s) n ORDER BY n"""
_JUMPS = "SELECT origin, target FROM log.jumps"


class Throughput(Struct, frozen=True):
    """``events``: of each step of so many ``seconds``, from ``first`` on; the last is over."""

    first: datetime
    seconds: int
    events: list[int]


async def throughput(pool: Pool, seconds: int) -> Throughput:
    """``seconds``: of one step. ``pool``: of souk_project, which sees every tenant's."""
    async with borrow(pool) as db:
        cursor = await db.execute(_MOMENTS, {"seconds": seconds, "steps": STEPS})
        moments = [moment for (moment,) in await cursor.fetchall()]
        ends = await passed(db, moments)
        jumps = await (await db.execute(_JUMPS)).fetchall()
    counts = [end - _skipped(end, jumps) for end in ends]
    return Throughput(moments[0], seconds, [then - now for now, then in pairwise(counts)])


def _skipped(end: int, jumps: list[tuple[int, int]]) -> int:
    """Positions up to there that no event has: a restored log went on from further on."""
    return sum(target - origin for origin, target in jumps if end > target)
