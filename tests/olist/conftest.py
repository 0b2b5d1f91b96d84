"""Imports into databases of their own, and what is read of them."""

import json
import os
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from psycopg import AsyncConnection

from adapters.asof.folds import Folds
from adapters.asof.past import Past
from adapters.asof.points import point
from adapters.log.log import PostgresLog
from adapters.postgres.pools import ASOF, PROJECT, READ, conninfo_of, open_pool
from adapters.projector.engine import Engine
from adapters.projector.reader import PostgresReader
from entrypoints.olist import Progress, import_directory
from projections import PROJECTIONS, analytics
from tests.support.patience import PATIENCE

TENANT = "olist"
SLICE = Path(
    os.environ.get("SOUK_OLIST_DIR", Path(__file__).parents[3] / "shared/data/olist-2017h1")
)


class Souk:
    """A log to import into, and the analytics of it."""

    def __init__(self, url, log):
        self.url, self.log = url, log

    async def run(self, directory, progress=None):
        return await import_directory(self.log, Path(directory), TENANT, progress or Progress())

    async def report(self):
        """The marketplace report as JSON, after projecting all that is in the log."""
        await self._project()
        pool = await open_pool(self.url, READ, size=1, name="test", timeout=PATIENCE)
        try:
            answer = await analytics.marketplace(PostgresReader(pool)(TENANT))
            return json.loads(msgspec.json.encode(answer))
        finally:
            await pool.close()

    async def report_as_of(self, moment, axis):
        """The same as it was then; and what it took."""
        async with AsyncExitStack() as stack:
            read, log, asof = [await self._pool(stack, role) for role in (READ, PROJECT, ASOF)]
            folds = await stack.enter_async_context(Folds(self.url, asof, PROJECTIONS))
            then = await point(log, moment, axis)
            past = Past(folds, PostgresReader(read)(TENANT), then, 5 * PATIENCE)
            answer = await analytics.marketplace(past)
            return json.loads(msgspec.json.encode(answer)), past.cost

    async def _pool(self, stack, role):
        pool = await open_pool(self.url, role, size=1, name="test", timeout=PATIENCE)
        stack.push_async_callback(pool.close)
        return pool

    async def _project(self):
        conninfo = conninfo_of(self.url, PROJECT, "test", 60)
        async with await AsyncConnection.connect(conninfo, autocommit=True) as db:
            engine = Engine("analytics", analytics)
            await engine.load(db)
            while await engine.step(db):
                pass

    async def rows(self, sql, *params):
        async with await AsyncConnection.connect(self.url) as db:
            return await (await db.execute(sql, params)).fetchall()


@asynccontextmanager
async def souk_on(url):
    async with PostgresLog(url, bytes(32), patience=PATIENCE) as log:
        yield Souk(url, log)


@pytest.fixture
async def souk(database):
    async with souk_on(database) as running:
        yield running


@pytest.fixture(scope="session")
def real():
    """The directory of the real slice."""
    if not SLICE.is_dir():
        pytest.skip("no Olist slice: set SOUK_OLIST_DIR to a directory of its CSVs")
    return SLICE


@pytest.fixture(scope="session")
async def imported(new_database, real):
    """The real slice, imported once."""
    async with souk_on(new_database()) as running:
        yield running, await running.run(real)
