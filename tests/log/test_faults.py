"""Callers that hang up, connections that die, and commits whose answer is lost."""

import asyncio
import random
from contextlib import suppress

import psycopg
import pytest

from adapters.log.committer import WATCH
from application.ports import Conflict, Landing, Unavailable
from tests.log.notes import append, insist, key, landed, note, opened, rows, stream
from tests.log.proxy import Proxy
from tests.support.patience import PATIENCE


async def test_a_cancelled_append_happens_whole_or_not_at_all_and_never_twice(database):
    chance = random.Random(1)
    async with opened(database) as log:

        async def write(n):
            new = (note(n, "a", "b"), note(f"{n}-too", "c"))
            await log.append(append(*new, idempotency=key(str(n)), answer=landed))

        async def hang_up(task):
            await asyncio.sleep(chance.random() * 0.02)
            task.cancel()

        tasks = [asyncio.create_task(write(n)) for n in range(100)]
        await asyncio.gather(*(hang_up(task) for task in tasks))
        await asyncio.gather(*tasks, return_exceptions=True)
    counts = dict(await rows(database, "SELECT stream, count(*) FROM log.events GROUP BY stream"))
    for n, task in enumerate(tasks):
        found = (counts.get(stream(n), 0), counts.get(stream(f"{n}-too"), 0))
        assert found == (2, 1) or (task.cancelled() and found == (0, 0))


async def test_what_came_to_nothing_after_its_caller_hung_up_is_followed_by_nobody(database):
    landing = Landing()
    async with opened(database, patience=0.5) as log:
        await insist(log, append(note(1, "a"), idempotency=key("a")))
        async with await psycopg.AsyncConnection.connect(database) as other:
            await other.execute("SELECT * FROM log.head FOR UPDATE")
            first = append(note(1, "b", expected=1), landing=landing)
            with suppress(TimeoutError):
                await asyncio.wait_for(log.append(first), 0.1)
            with pytest.raises(Unavailable):
                await log.append(append(note(2, "x")))  # by now the first has failed
            await other.rollback()
        await insist(log, append(note(1, "else's", expected=1), idempotency=key("else's")))
        with pytest.raises(Conflict):
            await insist(log, append(note(1, "c", expected=2), after=landing))


async def test_what_landed_may_be_followed_also_after_a_while(database):
    landing = Landing()
    async with opened(database) as log:
        await log.append(append(note(1, "a"), landing=landing))
        await asyncio.sleep(3 * WATCH)
        done = await log.append(append(note(1, "b", expected=1), after=landing))
    assert [recorded.version for recorded in done.recorded] == [2]


async def test_closing_finishes_what_was_begun(database):
    log = await opened(database).open()
    tasks = [asyncio.create_task(log.append(append(note(n, "a")))) for n in range(500)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await log.close()
    ((count,),) = await rows(database, "SELECT count(*) FROM log.events")
    assert count == 500
    with pytest.raises(Unavailable):
        await log.append(append(note("late", "a")))


@pytest.mark.parametrize("idempotency", [None, key("k")])
async def test_a_commit_whose_answer_is_lost_is_found_to_have_happened(database, idempotency):
    async with Proxy(database) as proxy, opened(proxy.url) as log:
        await log.append(append(note("warm", "up")))
        proxy.swallow = 1
        done = await log.append(append(note(1, "a"), idempotency=idempotency, answer=landed))
        assert proxy.swallowed == 1
        assert done.recorded[0].position == 2
        assert not done.replayed
        ((count,),) = await rows(database, "SELECT count(*) FROM log.events")
        assert count == 2


async def test_a_write_that_reaches_the_server_after_it_was_given_up_comes_too_late(database):
    async with Proxy(database) as proxy, opened(proxy.url) as log:
        await log.append(append(note("warm", "up")))
        proxy.swallow, proxy.late = 1, 0.5
        await log.append(append(note(1, "a")))
        await asyncio.sleep(0.7)
        assert proxy.swallow == 0
        await log.append(append(note(2, "a")))
    found = await rows(database, "SELECT stream FROM log.events ORDER BY position")
    assert found == [(stream("warm"),), (stream(1),), (stream(2),)]


async def test_lost_answers_amid_traffic_double_and_lose_nothing(database):
    async with Proxy(database) as proxy, opened(proxy.url) as log:

        async def write(n):
            for version in range(10):
                if n == 0:
                    proxy.swallow = version % 2
                await log.append(append(note(n, f"{version}", expected=version)))

        await asyncio.gather(*(write(n) for n in range(20)))
        assert proxy.swallowed > 1
    found = await rows(database, "SELECT position FROM log.events ORDER BY position")
    assert [p for (p,) in found] == list(range(1, 201))


async def test_an_answer_without_events_is_found_again_too(database):
    async with Proxy(database) as proxy, opened(proxy.url) as log:
        await log.append(append(note("warm", "up")))
        proxy.swallow = 1
        done = await log.append(append(idempotency=key("k"), answer=landed))
        assert (proxy.swallowed, done.replayed) == (1, False)


async def test_connections_that_die_between_appends_are_made_again(database):
    async with Proxy(database) as proxy, opened(proxy.url) as log:
        for n in range(5):
            await log.append(append(note(n, "a")))
            proxy.cut()
        proxy.cut()
        await asyncio.sleep(0.05)
        assert len((await log.read("acme", [stream(4)]))[stream(4)]) == 1


async def test_while_nobody_can_tell_the_caller_may_come_back_with_its_key(database):
    async with Proxy(database) as proxy, opened(proxy.url) as log:
        await log.append(append(note("warm", "up")))
        proxy.swallow, proxy.refuse = 1, True
        log._patience = 3.0  # the caller's; the server still has all the time to commit
        first = append(note(1, "a"), idempotency=key("k"), answer=landed)
        with pytest.raises(Unavailable):
            await log.append(first)
        proxy.refuse = False
        log._patience = PATIENCE
        again = await insist(log, first)
        assert again.replayed
        ((count,),) = await rows(database, "SELECT count(*) FROM log.events")
        assert count == 2
