"""Where several processes write to one log: who has the head's lock takes along all who came."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial

import psycopg
import pytest

from adapters.log import looking, store
from adapters.log.chain import verify
from adapters.log.ids import Ids
from adapters.log.keyring import Seals
from adapters.log.requests import prepared
from adapters.log.standing import Standing
from adapters.postgres.pools import APPEND, conninfo_of
from application.ports import Conflict, New, Taken
from tests.log.notes import (
    CODEC,
    NOTICES,
    Noted,
    Numbered,
    append,
    key,
    landed,
    note,
    opened,
    rows,
    stream,
)
from tests.log.proxy import Proxy

COMMITTERS = """SELECT pid FROM pg_stat_activity WHERE application_name = 'souk-committer'
AND datname = current_database() AND wait_event_type = 'Lock'"""


@pytest.fixture
def ways(monkeypatch):
    """How batches were written: for each way, whether each time it could be."""
    found = {"swift": [], "finished": [], "written": []}

    def spy(name, way):
        async def counted(*args):
            came = await way(*args)
            found[name].append(came is not False)
            return came

        monkeypatch.setattr(store, name, counted)

    for name in found:
        spy(name, getattr(store, name))
    return found


async def meet(one, other):
    """One finds that the other has written since it did. Three appends."""
    await one.append(append(note("before", "a")))
    await other.append(append(note("between", "a")))
    await one.append(append(note("behind", "a")))


@asynccontextmanager
async def holding(database, one, other, first=None):
    """They have met, and somebody has the head's lock until ``free()``. ``waiting``: the first
    append of ``one``, which has taken its place behind."""
    await meet(one, other)
    async with await psycopg.AsyncConnection.connect(database) as holder:
        await holder.execute("SELECT FROM log.head FOR UPDATE")
        waiting = asyncio.create_task(one.append(first or append(note("first", "a"))))
        await until(partial(rows, database, COMMITTERS))
        yield waiting, holder.rollback


async def until(found):
    while not await found():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def queued(log, *appends):
    """Tasks of appends that all wait for the next batch."""
    tasks = [asyncio.create_task(log.append(each)) for each in appends]

    async def waiting():
        return len(log._committer._queue) == len(appends)

    await until(waiting)
    return tasks


async def positions(database):
    return [p for (p,) in await rows(database, "SELECT position FROM log.events ORDER BY 1")]


async def test_who_waits_for_the_lock_takes_along_who_comes_meanwhile(database, ways):
    async with opened(database) as one, opened(database) as other:
        async with holding(database, one, other) as (waiting, free):
            later = await queued(one, *(append(note(n, "a")) for n in range(20)))
            await free()
            await asyncio.gather(waiting, *later)
    times = await rows(database, "SELECT DISTINCT recorded_at FROM log.events WHERE position > 3")
    assert len(times) == 1
    assert ways["finished"] == [True]
    assert await positions(database) == list(range(1, 25))


async def test_who_comes_of_a_tenant_that_was_not_looked_up_waits_for_the_next(database, ways):
    async with opened(database) as one, opened(database) as other:
        async with holding(database, one, other) as (waiting, free):
            tenants = ("acme", "zenith", "acme")
            later = await queued(
                one, *(append(note(n, "a", tenant=t), tenant=t) for n, t in enumerate(tenants))
            )
            await free()
            await asyncio.gather(waiting, *later)
    assert ways["finished"] == [True]
    found = await rows(
        database, "SELECT stream FROM log.events WHERE position > 4 ORDER BY position"
    )
    assert [name for (name,) in found] == [
        stream(0),
        stream(1, "zenith"),
        stream(2),
    ]


@pytest.mark.parametrize("bad", ["joining", "first"])
async def test_what_only_the_server_refuses_hurts_nobody_who_joined(database, bad):
    huge = append(New(stream("huge"), 2**63 - 1, (Noted("no such version"),)))
    good = [append(note(n, "a")) for n in range(5)]
    first, *rest = [huge, *good] if bad == "first" else [*good, huge]
    async with opened(database) as one, opened(database) as other:
        async with holding(database, one, other, first) as (waiting, free):
            later = await queued(one, *rest)
            await free()
            outcomes = await asyncio.gather(waiting, *later, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert [type(each) for each in refused] == [Conflict]
    assert await positions(database) == list(range(1, 9))


async def test_what_is_wrong_of_one_hurts_no_other_and_frees_the_lock(database, ways, caplog):
    async with opened(database) as one, opened(database) as other:
        await other.append(
            append(
                note("zero", "a"),
                claims=(("slug", "rug", "mine"),),
                idempotency=key("used"),
                answer=landed,
            )
        )
        async with holding(database, one, other) as (waiting, free):
            wrong = (
                append(note("zero", "b")),
                append(note("b", "b"), claims=(("slug", "rug", "other"),)),
                append(note("c", "b"), idempotency=key("used"), answer=landed),
            )
            later = await queued(one, *wrong)
            await free()
            outcomes = await asyncio.gather(waiting, *later, return_exceptions=True)
        assert ways["finished"] == [False]
        await other.append(append(note("after", "a")))
    assert [type(each) for each in outcomes[1:3]] == [Conflict, Taken]
    assert outcomes[3].replayed
    assert await positions(database) == list(range(1, 7))
    assert [record for record in caplog.records if record.name == "psycopg"] == []


async def test_a_batch_of_any_size_that_is_wrong_leaves_the_connection_in_order(database, caplog):
    async with opened(database) as log:
        await log.append(append(note("zero", "a"), claims=(("slug", "rug", "mine"),)))
    async with await psycopg.AsyncConnection.connect(
        conninfo_of(database, APPEND, "test", 5.0), autocommit=True
    ) as connection:
        for size in (1, 200) * 20:
            wrong = append(note("wrong", "b"), claims=(("slug", "rug", "other"),))
            good = [append(note(n, "x" * 5000)) for n in range(size)]
            batch = [prepared(each, CODEC, Seals("acme", {}), 0.0) for each in (wrong, *good)]
            standing = Standing(await looking.begun(connection, batch))
            books = standing.books(batch)
            for request in batch:
                books.post(request, Ids())
            assert not await store.finished(
                connection, books, standing.asserted(batch, books), NOTICES
            )
            await connection.execute("ROLLBACK")
    assert await positions(database) == [1]
    assert [record for record in caplog.records if record.name == "psycopg"] == []


async def test_a_connection_that_dies_as_it_waits_for_the_lock_loses_and_doubles_nothing(database):
    async with opened(database) as one, opened(database) as other:
        async with holding(database, one, other) as (waiting, free):
            later = await queued(one, *(append(note(n, "a")) for n in range(20)))
            await rows(database, COMMITTERS.replace("pid", "pg_terminate_backend(pid)", 1))
            await free()
            await asyncio.gather(waiting, *later)
    assert await positions(database) == list(range(1, 25))


async def test_lost_answers_beside_another_process_double_and_lose_nothing(database, ways):
    async with Proxy(database) as proxy, opened(proxy.url) as one, opened(database) as other:
        await meet(one, other)

        async def write(log, n):
            for version in range(10):
                if n == 0 and ways["finished"]:
                    proxy.swallow = version % 2
                await log.append(append(note(n, f"{version}", expected=version)))

        await asyncio.gather(*(write((one, other)[n % 2], n) for n in range(20)))
        assert proxy.swallowed > 1
    assert await positions(database) == list(range(1, 204))


async def test_a_taken_name_or_a_used_key_is_no_meeting_with_anybody(database, ways):
    async with opened(database) as log:
        taken = append(
            note("first", "a"),
            claims=(("slug", "rug", "mine"),),
            idempotency=key("used"),
            answer=landed,
        )
        await log.append(taken)
        for n in range(20):
            assert (await log.append(taken)).replayed
            with pytest.raises(Taken):
                await log.append(append(note(n, "b"), claims=(("slug", "rug", "other"),)))
        for n in range(100):
            await log.append(append(note(f"after {n}", "a")))
    assert ways["finished"] == []
    assert ways["swift"].count(False) < 10
    assert ways["swift"][-30:] == [True] * 30


async def test_what_is_known_of_others_is_kept_when_a_name_was_taken(database, ways):
    async with opened(database) as log:
        await log.append(append(note("first", "a"), claims=(("slug", "rug", "mine"),)))
        await log.append(append(note("first", "a", tenant="zenith"), tenant="zenith"))
        with pytest.raises(Taken):
            await log.append(append(note("no", "b"), claims=(("slug", "rug", "other"),)))
        await log.append(append(note("second", "a")))
        del ways["swift"][:]
        await log.append(append(note("second", "a", tenant="zenith"), tenant="zenith"))
    assert ways["swift"] == [True]


async def test_what_was_supposed_in_vain_leaves_no_trace_in_numbers_and_chain(database, ways):
    def numbered(n):
        return append(New(stream(n), 0, (Numbered("a"),)))

    async with opened(database) as log:
        await log.append(numbered("first"))
        await log.append(append(note("rug", "a"), claims=(("slug", "rug", "mine"),)))
        taken = append(note("no", "a"), claims=(("slug", "rug", "other"),))
        for n in range(3):
            await asyncio.gather(log.append(numbered(n)), log.append(taken), return_exceptions=True)
            done = [await log.append(numbered(f"{n}, {m}")) for m in range(4)]
    assert done[-1].recorded[0].event.number == 16
    assert False in ways["swift"]
    async with await psycopg.AsyncConnection.connect(database) as connection:
        assert await verify(connection, "acme") == (17, None)


async def test_who_is_alone_again_supposes_so_after_a_while(database, ways):
    async with opened(database) as one:
        async with opened(database) as other:
            await meet(one, other)
        for n in range(40):
            await one.append(append(note(n, "a")))
    assert ways["finished"]
    assert ways["swift"][-10:] == [True] * 10
