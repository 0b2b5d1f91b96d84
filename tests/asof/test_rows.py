"""For random histories and random points, what is read of the past is what was read then."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from adapters.postgres.pools import PROJECT, conninfo_of
from adapters.projector.engine import Engine
from domain.kernel import but
from projections import PROJECTIONS
from tests.analytics.test_rows import histories as sales
from tests.asof.conftest import asking
from tests.catalog.test_rows import histories as products
from tests.checkouts.test_rows import histories as checkouts
from tests.costing.test_rows import histories as costs
from tests.materials.test_rows import histories as materials
from tests.reels.test_rows import histories as reels
from tests.support.patience import PATIENCE
from tests.support.rows import START, mixed, record, recorded

HISTORIES = {
    "analytics": sales(),
    "catalog": products,
    "checkouts": checkouts,
    "costing": costs,
    "materials": materials(),
    "reels": reels,
}
EXAMPLES = 10


class World:
    """A log, the projector on it, and questions about its past."""

    def __init__(self, owner, db, ask):
        self.owner, self.db, self.ask = owner, db, ask

    async def log(self, name, rows):
        """A log of these alone, and the tables of one projection."""
        tables = [f"read.{table.name}" for table in PROJECTIONS[name].TABLES]
        gone = ("log.events", "asof.folds", "read.changes", "read.dead_letters", *tables)
        moves = ("UPDATE read.projections SET position = 0", "UPDATE log.head SET position = 0")
        await self.owner.execute("; ".join([*(f"DELETE FROM {table}" for table in gone), *moves]))
        await record(self.owner, rows)

    async def live(self, name, stops, batch):
        """What can be read when the projector has come to each of these positions."""
        engine, seen = Engine(name, PROJECTIONS[name], batch), {}
        await engine.load(self.db)
        for stop in sorted(stops):
            while engine.position < stop:
                await engine.step(self.db, until=stop)
                await engine.settle(self.db)
            seen[stop] = [await shown(self.ask.reader(tenant), name) for tenant in TENANTS]
        return seen


TENANTS = ("A", "B", "souk", "bazaar", "T")


async def shown(reader, name):
    """All that its tables answer queries with."""
    found = []
    for table in PROJECTIONS[name].TABLES:
        columns = ", ".join(["id", "body", "personal", *table.columns])
        sql = f"SELECT {columns} FROM read.{table.name} WHERE tenant = %s ORDER BY id"
        found.append(await reader.rows(sql, (reader.tenant,)))
    return found


@pytest.fixture
def world(database):
    with asyncio.Runner() as runner:
        opened = asking(database, PROJECTIONS)
        ask = runner.run(opened.__aenter__())
        conninfo = conninfo_of(database, PROJECT, "test", PATIENCE)
        owner = runner.run(AsyncConnection.connect(database, autocommit=True))
        db = runner.run(AsyncConnection.connect(conninfo, autocommit=True))
        yield runner, World(owner, db, ask)
        runner.run(db.close())
        runner.run(owner.close())
        runner.run(opened.__aexit__(None, None, None))


def examples(test):
    chosen = settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )
    return chosen(given(st.data())(test))


def test_as_of_a_position_is_what_was_read_live_at_that_position(world):
    runner, world = world
    compared = []

    @examples
    def check(data):
        name = data.draw(st.sampled_from(sorted(HISTORIES)))
        rows = recorded(mixed(data.draw(HISTORIES[name]), data))
        stops = data.draw(st.lists(st.integers(0, len(rows)), min_size=1, max_size=2))
        batch = data.draw(st.integers(1, 12))
        runner.run(compare(name, rows, [*stops, len(rows)], batch))

    async def compare(name, rows, stops, batch):
        await world.log(name, rows)
        live = await world.live(name, stops, batch)
        for stop in stops:
            for tenant, then in zip(TENANTS, live[stop], strict=True):
                if any(row.tenant == tenant for row in rows):
                    past = await world.ask.past(tenant, stop)
                    assert await shown(past, name) == then
                    compared.extend(filter(None, then))

    check()
    assert len(compared) > EXAMPLES / 2


def test_as_of_a_time_is_what_a_log_of_nothing_later_reads(world):
    runner, world = world
    compared = []

    @examples
    def check(data):
        name = data.draw(st.sampled_from(sorted(HISTORIES)))
        seconds = st.integers(0, 20)
        rows = [
            but(row, occurred_at=START + timedelta(seconds=data.draw(seconds)))
            for row in recorded(mixed(data.draw(HISTORIES[name]), data))
        ]
        ends = sorted(data.draw(st.lists(seconds, min_size=2, max_size=3)))
        runner.run(compare(name, rows, ends))

    async def compare(name, rows, ends):
        times = [START + timedelta(seconds=end) for end in ends]
        half = len(rows) // 2
        first = [await live(name, rows[:half], time) for time in times]
        whole = [await live(name, rows, time) for time in times]
        await world.log(name, rows[:half])
        await ask(name, rows, times, first)
        await record(world.owner, rows[half:])  # the log goes on, and it is asked again
        await ask(name, rows, times, whole)

    async def ask(name, rows, times, expected):
        for time, live_then in zip(times, expected, strict=True):
            for tenant, then in zip(TENANTS, live_then, strict=True):
                if any(row.tenant == tenant for row in rows):
                    past = await world.ask.occurred(tenant, time)
                    assert await shown(past, name) == then
                    compared.extend(filter(None, then))

    async def live(name, rows, time):
        known = [row for row in rows if row.occurred_at <= time]
        await world.log(name, known)
        end = known[-1].position if known else 0
        return (await world.live(name, [end], 12))[end]

    check()
    assert len(compared) > EXAMPLES / 2
