"""A question about the past: the first as of a position, and the next ones a little further on."""

from contextlib import AsyncExitStack
from statistics import median
from time import perf_counter

import uvloop

from adapters.asof.folds import Folds
from adapters.asof.past import Past
from adapters.asof.points import at_position
from adapters.log.tail import head
from adapters.postgres.pools import ASOF, PROJECT, READ, borrow, open_pool
from adapters.projector.projector import few_collections
from adapters.projector.reader import PostgresReader
from benchmarks.figures import Figure
from benchmarks.work import Figures, Site, Work
from benchmarks.works.catchup import projecting
from benchmarks.works.olist import directory, history
from projections import PROJECTIONS, analytics

LATER, STEP = 5, 100  # questions, each so many positions after the one before
PATIENCE = 600.0  # seconds


def asked(site: Site) -> Figures:
    """Positions a second of the first answer, and the milliseconds of the later ones."""
    with few_collections():  # as in the API's process
        return uvloop.run(_asked(site))


async def _asked(site: Site) -> Figures:
    async with AsyncExitStack() as stack:
        pools = []
        for role in (ASOF, PROJECT, READ):
            pool = await open_pool(site.postgres, role, size=2, name="bench", timeout=PATIENCE)
            stack.push_async_callback(pool.close)
            pools.append(pool)
        asof, log, read = pools
        folds = await stack.enter_async_context(Folds(site.postgres, asof, PROJECTIONS))

        async def report(position: int) -> float:
            began, point = perf_counter(), await at_position(log, position)
            past = Past(folds, PostgresReader(read)("olist"), point, PATIENCE)
            await analytics.marketplace(past)
            return perf_counter() - began

        async with borrow(log) as db:
            end = await head(db)
        begin = max(end - LATER * STEP, 1)
        first = await report(begin)
        later = [await report(min(begin + STEP * n, end)) for n in range(1, LATER + 1)]
        return {"rate": begin / first, "later": median(later) * 1000}


WORKS = (
    Work(
        "as-of",
        {
            "rate": Figure("first answer as of a position of the Olist history", "events/s", 1),
            "later": Figure("answers as of 100 positions further", "ms"),
        },
        asked,
        projecting("analytics"),
        "its projector, from the first event",
        history,
        history,
        ready=directory,
        peer_is_souk=True,
    ),
)
