"""Writing in one statement, on the supposition that the log stands as this process left it."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest

from adapters.log import clock as clocks
from adapters.log import looking, store
from adapters.log.ids import Ids
from adapters.log.keyring import Seals
from adapters.log.requests import prepared
from adapters.log.standing import Standing
from adapters.postgres.pools import APPEND, conninfo_of
from application.ports import Conflict, Taken
from tests.log.notes import CODEC, NOTICES, append, key, landed, note, opened, rows, stream


def connected(database):
    return psycopg.AsyncConnection.connect(
        conninfo_of(database, APPEND, "test", 5.0), autocommit=True
    )


@asynccontextmanager
async def writing(database):
    """Two connections and a standing log; ``written``: a batch that supposes it still stands."""
    async with await connected(database) as one, await connected(database) as other:
        first = [prepared(append(note("first", "a")), CODEC, Seals("acme", {}), 0.0)]
        books = await looking.locked(one, first)
        books.post(first[0], Ids())
        await store.written(one, books, NOTICES)
        standing = Standing(books)

        def posted(*appends):
            batch = [prepared(each, CODEC, Seals("acme", {}), 0.0) for each in appends]
            supposed = standing.books(batch)
            for request in batch:
                with suppress(Conflict, Taken):
                    supposed.post(request, Ids())
            return supposed, standing.asserted(batch, supposed)

        async def written(supposed, asserted=()):
            return await store.swift(one, supposed, asserted, NOTICES)

        yield SimpleNamespace(other=other, posted=posted, written=written)


async def count(database):
    ((number,),) = await rows(database, "SELECT count(*) FROM log.events")
    return number


async def test_it_is_written_while_the_log_stands(database):
    async with writing(database) as w:
        assert await w.written(*w.posted(append(note("second", "a"))))
    assert await count(database) == 2


async def test_what_a_batch_begins_it_may_go_on_with(database):
    async with opened(database) as log:
        await log.append(append(note("zero", "a")))
    async with writing(database) as w:
        assert await w.written(
            *w.posted(
                append(note("second", "a")),
                append(note("second", "b", expected=1), asserted=((stream("zero"), 1),)),
                append(note("zero", "b", expected=1), asserted=((stream("second"), 2),)),
                append(note("zero", "c", expected=2)),
            )
        )
    assert await rows(database, "SELECT stream, version FROM log.events WHERE position > 2") == [
        (stream("second"), 1), (stream("second"), 2), (stream("zero"), 2), (stream("zero"), 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        # That there is none is not told by a beginning that is refused.
        [
            append(note("a", "a"), claims=(("slug", "rug", "mine"),)),
            append(note("b", "b"), asserted=((stream("zero"), 0),)),
            append(note("zero", "b"), claims=(("slug", "rug", "other"),)),
        ],
        # The first one's word is wrong, whatever the others say.
        [append(note("zero", "b", expected=2)), append(note("zero", "b", expected=1))],
        [append(note("a", "a"), asserted=((stream("zero"), 0),)), append(note("b", "b"))],
    ],
    ids=["refused beginning", "version", "read stream"],
)
async def test_nothing_of_a_batch_is_written_when_a_supposition_is_wrong(database, wrong):
    async with opened(database) as log:
        await log.append(append(note("zero", "a")))
    async with writing(database) as w:
        assert not await w.written(*w.posted(*wrong))
    assert await count(database) == 2


async def test_nothing_is_written_once_somebody_asked_what_became_of_it(database):
    async with writing(database) as w:
        supposed, _ = w.posted(append(note("second", "a")))
        assert not await store.landed(w.other, supposed)
        assert not await w.written(supposed)
    assert await count(database) == 1


async def test_nothing_is_written_when_another_process_has_written(database):
    async with writing(database) as w:
        async with opened(database) as log:
            await log.append(append(note("between", "a")))
        assert not await w.written(*w.posted(append(note("second", "a"))))
    assert await count(database) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        append(note("zero", "b")),
        append(note("zero", "b", expected=2)),
        append(note("second", "b", expected=1)),
        append(note("second", "b"), asserted=((stream("zero"), 0),)),
        append(note("second", "b"), asserted=((stream("third"), 1),)),
        append(note("second", "b"), claims=(("slug", "rug", "other"),)),
        append(note("second", "b"), idempotency=key("used"), answer=landed),
    ],
    ids=["new", "version", "begun", "read version", "read stream", "name", "key"],
)
async def test_nothing_is_written_when_a_supposition_is_wrong(database, wrong):
    async with opened(database) as log:
        await log.append(
            append(
                note("zero", "a"),
                claims=(("slug", "rug", "mine"),),
                idempotency=key("used"),
                answer=landed,
            )
        )
    async with writing(database) as w:
        assert not await w.written(*w.posted(wrong))
    assert await count(database) == 2


async def test_a_wrong_supposition_costs_the_others_of_the_batch_nothing(database):
    async with opened(database) as log:
        await log.append(append(note("taken", "a"), claims=(("slug", "rug", "mine"),)))
        results = await asyncio.gather(
            *(log.append(append(note(n, "a"))) for n in range(20)),
            log.append(append(note("taken", "b"))),
            log.append(append(note("new", "b"), claims=(("slug", "rug", "other"),))),
            return_exceptions=True,
        )
    refused = [result for result in results if isinstance(result, Exception)]
    assert [type(each) for each in refused] == [Conflict, Taken]
    assert refused[0].streams == (stream("taken"),)
    assert await count(database) == 21


async def test_processes_that_take_turns_never_double_or_lose_an_event(database, monkeypatch):
    swift, taken, behind = store.swift, [], []

    async def counted(*args):
        taken.append(await swift(*args))
        return taken[-1]

    async def counted_behind(*args, finished=store.finished):
        behind.append(await finished(*args))
        return behind[-1]

    monkeypatch.setattr(store, "swift", counted)
    monkeypatch.setattr(store, "finished", counted_behind)
    async with opened(database) as one, opened(database) as other:

        def write(log, name, version):
            return log.append(append(note(name, str(version), expected=version)))

        for version in range(30):  # neither runs ahead of the other, or would be alone
            await asyncio.gather(*(write((one, other)[n % 2], n, version) for n in range(8)))
        for n in range(10):
            await one.append(append(note(f"alone {n}", "a")))
    assert True in taken
    assert False in taken
    assert behind.count(True) > 20
    found = await rows(database, "SELECT position FROM log.events ORDER BY position")
    assert [position for (position,) in found] == list(range(1, 8 * 30 + 11))


async def test_the_clock_of_the_server_is_looked_at_again_before_long(database, monkeypatch):
    swift, taken, ahead = store.swift, [], [0.0]

    async def counted(*args):
        taken.append(await swift(*args))
        return taken[-1]

    def stepped(real=clocks.steady):
        return real() + ahead[0]

    monkeypatch.setattr(store, "swift", counted)
    monkeypatch.setattr(clocks, "steady", stepped)
    async with opened(database) as log:
        await log.append(append(note("first", "a")))
        ahead[0] = clocks.OLD  # as if the server's clock had since been put back so far
        await log.append(append(note("second", "a")))
        assert taken == []
        await log.append(append(note("third", "a"), note("second", "b", expected=1)))
        assert taken == [True]
    late = "SELECT position FROM log.events WHERE recorded_at > clock_timestamp()"
    assert await rows(database, late) == []


async def test_the_logs_time_does_not_fall_behind_by_what_a_commit_took(database, monkeypatch):
    took = 1.0

    async def slow(*args, written=store.written):
        await written(*args)
        await asyncio.sleep(took)

    monkeypatch.setattr(store, "written", slow)
    async with opened(database) as log:
        await log.append(append(note("first", "a")))
        ((before,),) = await rows(database, "SELECT clock_timestamp()")
        appended = await log.append(append(note("second", "a")))
    assert appended.recorded[0].recorded_at > before - timedelta(seconds=took / 2)
