"""What time it is, the log tells: the machine that asks may be hours off."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from adapters.log import clock as clocks
from adapters.postgres.pools import borrow
from application.ports import Unavailable
from tests.log.notes import opened
from tests.support.clocks import MINUTES, set_ahead, set_right

BRIEFLY = timedelta(minutes=5)  # that a test may be held up at the most


@pytest.fixture
def elsewhere(database):
    """The database, on a machine that is ahead of this one."""
    return set_ahead(database)


async def minutes_ahead(log):
    return round((await log.now() - datetime.now(UTC)) / BRIEFLY) * BRIEFLY.seconds // 60


async def test_it_is_postgres_that_says_what_time_it_is(elsewhere):
    async with opened(elsewhere) as log:
        assert await minutes_ahead(log) == MINUTES


async def test_it_is_asked_again_before_long_since_its_clock_may_be_set(
    database, elsewhere, monkeypatch
):
    async with opened(elsewhere) as log:
        await log.now()
        set_right(database)
        assert await minutes_ahead(log) == MINUTES
        monkeypatch.setattr(clocks, "OLD", 0.0)
        assert await minutes_ahead(log) == 0


async def test_an_answer_that_was_long_on_its_way_is_not_gone_by_for_long(
    database, elsewhere, monkeypatch
):
    monkeypatch.setattr(clocks, "SOON", 0.0)
    async with opened(elsewhere) as log:
        await log.now()
        set_right(database)
        assert await minutes_ahead(log) == 0


async def test_however_many_want_to_know_it_is_asked_once(database, monkeypatch):
    asked = []

    @asynccontextmanager
    async def counted(pool):
        asked.append(pool)
        async with borrow(pool) as connection:
            yield connection

    monkeypatch.setattr(clocks, "borrow", counted)
    async with opened(database) as log:
        await asyncio.gather(*(log.now() for _ in range(200)))
    assert len(asked) == 1


async def test_to_wait_for_a_connection_is_not_to_wait_for_the_answer(database, monkeypatch):
    monkeypatch.setattr(clocks, "SOON", waited := 0.5)
    async with opened(database, size=1) as log:
        async with borrow(log.pool):
            asking = asyncio.create_task(log.now())
            await asyncio.sleep(2 * waited)
        await asking
        await log.pool.close()
        assert await minutes_ahead(log) == 0


async def test_however_many_want_to_know_none_waits_for_more_than_one_answer(database, monkeypatch):
    """Whoever asked for one that came too late to go by, or for none, has waited long enough."""
    asked = []

    @asynccontextmanager
    async def away(pool):
        asked.append(pool)
        await asyncio.sleep(0.1)
        raise Unavailable("postgres")
        yield

    monkeypatch.setattr(clocks, "borrow", away)
    async with opened(database) as log:
        told = await asyncio.gather(*(log.now() for _ in range(20)), return_exceptions=True)
        assert ({type(each) for each in told}, len(asked)) == ({Unavailable}, 1)
        first = asyncio.create_task(log.now())
        await asyncio.sleep(0)
        second = asyncio.create_task(log.now())
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(Unavailable):
            await second
        assert len(asked) == 2


async def test_who_was_told_can_tell_while_postgres_is_away(database, monkeypatch):
    async with opened(database) as log:
        await log.now()
        await log.pool.close()
        assert await minutes_ahead(log) == 0
        monkeypatch.setattr(clocks, "OLD", 0.0)
        with pytest.raises(Unavailable):
            await log.now()
