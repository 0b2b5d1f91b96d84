"""Folds of a database, and what is read of them."""

from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from adapters.asof.folds import Folds
from adapters.asof.past import Past
from adapters.asof.points import at_position, occurred_by
from adapters.postgres.pools import ASOF, PROJECT, READ, open_pool
from adapters.projector.reader import PostgresReader
from tests.projector.toys import prepare
from tests.support.patience import PATIENCE


class Asking:
    """``url``: of a database; ``folds``: of it."""

    def __init__(self, url, folds, read, log):
        self.url, self.folds, self.log = url, folds, log
        self.reader = PostgresReader(read)

    async def past(self, tenant, position, seconds=PATIENCE):
        point = await at_position(self.log, position)
        return Past(self.folds, self.reader(tenant), point, seconds)

    async def occurred(self, tenant, time):
        point = await occurred_by(self.log, time)
        return Past(self.folds, self.reader(tenant), point, PATIENCE)


@asynccontextmanager
async def asking(url, projections, kept=16):
    async with AsyncExitStack() as stack:
        pools = []
        for role in (ASOF, READ, PROJECT):
            pool = await open_pool(url, role, size=2, name="test", timeout=PATIENCE)
            stack.push_async_callback(pool.close)
            pools.append(pool)
        asof, read, log = pools
        folds = await stack.enter_async_context(Folds(url, asof, projections, kept))
        yield Asking(url, folds, read, log)


@pytest.fixture
async def toy_database(stack, new_bare_database):
    """Its only projection: lamps that are switched."""
    url = new_bare_database()
    await prepare(url)
    yield url
    stack.drop(url)


@pytest.fixture
def ask():
    return asking
