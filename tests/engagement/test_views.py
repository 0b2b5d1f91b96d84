"""Views: one for each viewer and reel in the window, and each batch in the log exactly once."""

import asyncio
import os
from collections import Counter
from contextlib import asynccontextmanager, suppress
from itertools import count
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from adapters.engagement import gathering
from adapters.engagement.gathering import Gathering
from adapters.engagement.watched import SLOW, WINDOW, Watched, window_key
from adapters.log.log import PostgresLog
from adapters.postgres.pools import PROJECT, open_pool
from application.ports import Unavailable
from domain.engagement import ViewsCounted
from tests.engagement.ground import (
    Killed,
    Mortal,
    Valkey,
    events_of,
    views_in,
)
from tests.policies.market import until
from tests.projector.toys import connected
from tests.support.http import empty_valkey
from tests.support.patience import PATIENCE


class House:
    """A log, and gatherings on the same Valkey; each as of a process of its own."""

    def __init__(self, database, valkey, log, pool):
        self.database, self.valkey, self.log, self.pool = database, valkey, log, pool
        self.watched, self.seen = Watched(valkey, SLOW), Counter()

    async def see(self, tenant, reel, viewer):
        if counted := await self.watched.see(tenant, reel, viewer):
            self.seen[tenant, reel] += 1
        return counted

    def gathering(self, lives=None):
        """``lives``: how often it does something before it dies."""
        log, watched = self.log, self.watched
        if lives is not None:
            log, watched = Mortal(log, lives), Mortal(watched, lives)
        return Gathering(self.database, log, watched, every=0.01)

    async def counted(self):
        return await views_in(self.pool)

    async def open_batches(self):
        async with Redis.from_url(self.valkey) as client:
            return [key async for key in client.scan_iter("souk:views:batch*")]


@asynccontextmanager
async def housed(database, valkey):
    pool = await open_pool(database, PROJECT, size=2, name="test", timeout=PATIENCE)
    async with PostgresLog(database, os.urandom(32), patience=PATIENCE) as log:
        house = House(database, valkey, log, pool)
        try:
            yield house
        finally:
            await house.watched.close()
            await pool.close()


@pytest.fixture
async def house(stack, database):
    async with housed(database, await empty_valkey(stack)) as made:
        yield made


@pytest.fixture
def own_valkey():
    server = Valkey()
    server.start()
    yield server
    server.gone()


def some(number):
    return [str(uuid4()) for _ in range(number)]


async def test_a_viewers_views_of_one_reel_are_one_until_the_window_is_over(house):
    (reel,) = some(1)
    assert [await house.see("a", reel, "mia") for _ in range(3)] == [True, False, False]
    async with Redis.from_url(house.valkey) as client:
        window = window_key("a", reel, "mia")
        assert 0 < await client.ttl(window) <= WINDOW
        await client.delete(window)  # as it is once that time is over
    assert await house.see("a", reel, "mia")
    await house.gathering().step()
    assert await house.counted() == {("a", reel): 2}


async def test_another_viewer_another_reel_and_another_tenant_are_views_of_their_own(house):
    one, two = some(2)
    seen = [("a", one, "mia"), ("a", one, "noa"), ("a", two, "mia"), ("b", one, "mia")]
    assert [await house.see(*view) for view in seen] == [True] * 4
    await house.gathering().step()
    assert await house.counted() == {("a", one): 2, ("a", two): 1, ("b", one): 1}


async def test_of_views_at_once_one_counts(house):
    (reel,) = some(1)
    answers = await asyncio.gather(*(house.see("a", reel, f"v{n % 5}") for n in range(100)))
    assert sum(answers) == 5
    assert await house.gathering().step() == 5
    assert await house.counted() == {("a", reel): 5}


async def test_however_many_watch_at_once_all_are_counted(house):
    (reel,) = some(1)
    crowd = [house.see("a", reel, f"v{n}") for n in range(300)]
    assert await asyncio.gather(*crowd, return_exceptions=True) == [True] * 300


async def test_a_batch_is_one_event_for_each_reel_and_leaves_nothing_behind(house):
    reels = some(3)
    for n in range(12):
        await house.see("a", reels[n % 3], f"v{n}")
    assert await house.gathering().step() == 12
    assert [each.event for each in await events_of(house.pool)] == [ViewsCounted(4)] * 3
    assert await house.open_batches() == []
    assert await house.gathering().step() == 0
    assert await house.counted() == house.seen


async def test_without_views_nothing_is_logged(house):
    assert await house.gathering().step() == 0
    assert await events_of(house.pool) == []


async def test_more_reels_than_fit_into_one_command_of_several_tenants(house, monkeypatch):
    monkeypatch.setattr(gathering, "AT_ONCE", 4)
    for tenant in ("a", "b", "c"):
        for reel in some(9):
            await house.see(tenant, reel, "mia")
    assert await house.gathering().step() == 27
    assert await house.counted() == house.seen
    events = await events_of(house.pool)
    commands = Counter((each.tenant, each.command_id) for each in events)
    assert sorted(commands.values()) == [1, 1, 1, 4, 4, 4, 4, 4, 4]


async def test_more_than_five_hundred_reels_in_one_batch(house):
    for reel in some(gathering.AT_ONCE + 7):
        await house.see("a", reel, "mia")
    await house.gathering().step()
    assert await house.counted() == house.seen
    assert len({each.command_id for each in await events_of(house.pool)}) == 2


async def test_wherever_it_dies_each_batch_is_counted_once(house, monkeypatch):
    """After the first, second, third … thing that it does: until one lives to its end."""
    monkeypatch.setattr(gathering, "AT_ONCE", 2)
    reels, died = some(3), Counter()
    for lives in count(1):
        for tenant in ("a", "b"):
            for reel in reels:
                await house.see(tenant, reel, f"v{lives}")
        try:
            await house.gathering([lives]).step()
            break
        except Killed as killed:
            died[str(killed)] += 1
        await house.see("a", reels[0], f"late{lives}")  # in the next batch
        if lives % 3:  # or it stays for the one after that
            await house.gathering().step()
            assert await house.counted() == house.seen
    await house.gathering().step()
    assert await house.counted() == house.seen
    assert await house.open_batches() == []
    assert died.keys() >= {"batch", "batches", "settle", "counts", "append", "done"}
    assert died["append"] >= 4


async def test_several_deaths_in_a_row_count_nothing_twice(house, monkeypatch):
    monkeypatch.setattr(gathering, "AT_ONCE", 1)
    reels = some(3)
    for lives in range(1, 14):
        for reel in reels:
            await house.see("a", reel, f"v{lives}")
        with suppress(Killed):
            await house.gathering([lives]).step()
    await house.gathering().step()
    assert await house.counted() == house.seen


async def test_two_at_once_do_not_double(house):
    reels = some(4)
    async with PostgresLog(house.database, os.urandom(32), patience=PATIENCE) as log:
        other_watched = Watched(house.valkey, SLOW)
        other = Gathering(house.database, log, other_watched)
        for turn in range(8):
            seeing = [house.see("a", reel, f"v{turn}") for reel in reels]
            await asyncio.gather(*seeing, house.gathering().step(), other.step())
        await other.step()
        await other_watched.close()
    assert await house.counted() == house.seen
    assert sum(house.seen.values()) == 32


async def test_of_two_that_run_one_leads_and_the_other_takes_over(house):
    (reel,), stop, going = some(1), asyncio.Event(), True
    first, second = (asyncio.create_task(house.gathering().run(stop)) for _ in range(2))

    async def watching():
        for number in count():
            if not going:
                return
            await house.see("a", reel, f"v{number}")
            await asyncio.sleep(0.005)

    watchers = asyncio.create_task(watching())
    await until(lambda: counted_some(house, 1))
    first.cancel()
    more = sum(house.seen.values()) + 20
    await until(lambda: counted_some(house, more))
    going = False
    await watchers
    await until(lambda: counted_all(house))
    stop.set()
    await second
    assert await house.counted() == house.seen


async def counted_some(house, least):
    return sum((await house.counted()).values()) >= least


async def counted_all(house):
    return await house.counted() == house.seen


async def test_a_batch_outlives_the_death_of_valkey(database, own_valkey):
    async with housed(database, own_valkey.url) as house:
        (reel,) = some(1)
        for lives in range(1, 9):
            await house.see("a", reel, f"v{lives}")
            with suppress(Killed):
                await house.gathering([lives]).step()
            own_valkey.kill()
            with pytest.raises(Unavailable):
                await house.see("a", reel, "nobody")
            own_valkey.start()
        assert not await house.see("a", reel, "v1")
        await house.gathering().step()
        assert await house.counted() == house.seen == {("a", reel): 8}


async def test_it_runs_through_the_death_of_valkey_and_of_its_connection(database, own_valkey):
    async with housed(database, own_valkey.url) as house:
        (reel,), stop = some(1), asyncio.Event()
        running = asyncio.create_task(house.gathering().run(stop))
        await house.see("a", reel, "mia")
        await until(lambda: counted_all(house))
        own_valkey.kill()
        await asyncio.sleep(0.1)
        own_valkey.start()
        await until(lambda: seen(house, reel, "noa"))
        async with connected(database) as db:
            await db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'souk-views'"
            )
        await until(lambda: seen(house, reel, "ravi"))
        await until(lambda: counted_all(house))
        stop.set()
        await running
        assert sum(house.seen.values()) >= 3


async def seen(house, reel, viewer):
    """Some connections may not have noticed yet."""
    with suppress(Unavailable):
        await house.see("a", reel, viewer)
        return True
