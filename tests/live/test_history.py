"""What was handed on is told again to whoever comes back, from memory or from Postgres."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import QueryCanceled

from adapters.live import history as histories
from adapters.live import past
from adapters.live.change import Change, Where
from adapters.live.history import History
from adapters.live.memory import Memory
from adapters.live.past import Question
from adapters.postgres.pools import READ, open_pool
from adapters.projector import changes as kept
from application.ports import Unavailable
from tests.live.ground import fed, ledger, row
from tests.projector.toys import connected, eventually, fetch
from tests.support.patience import PATIENCE

SOLD = [f"toys.{id}.{seller}" for id in "123" for seller in "xy"]
WHERES = [
    Where("toys", "toys"),
    *(Where("toys", "toys", 1, id) for id in "1239"),
    *(Where("toys", "toys", 2, seller) for seller in "xyz"),
    Where("toys", "other", 1, "1"),
    Where("other", "toys", 1, "1"),
]


EVERY = WHERES[0]


@asynccontextmanager
async def reading(database):
    pool = await open_pool(database, READ, size=2, name="test-live", timeout=PATIENCE)
    try:
        yield pool
    finally:
        await pool.close()


async def far():
    """A log that has come to any position."""
    return 2**63 - 1


class Told:
    """What was handed on to a history, and what it must tell of it."""

    def __init__(self, changes):
        self.changes, self.all, self.position = changes, [], 0

    async def write(self, history, rows, late=False):
        """``late``: at the position there is already."""
        self.position += not (late and self.position)
        await self.changes.write([row(*one, self.position) for one in rows], late)
        marked, last = await self.changes.window()
        await self.changes.sent(last)
        group = [
            Change("toys", c.seq, c.tenant, c.topic, c.position, c.document, c.first, c.late)
            for c, _ in marked
        ]
        history.keep(group)
        self.all += group

    def begin(self, history):
        """As a feed does that starts now."""
        last = self.all[-1] if self.all else None
        history.begin("toys", last.position + last.late if last else 0, last.seq if last else 0)

    def expected(self, tenant, where, after):
        every = [one for one in self.all if one.tenant == tenant and where.holds(one)]
        last = {(one.topic, one.position): one for one in every}  # a late one may replace another
        found = [one for one in every if last[one.topic, one.position] is one]
        if any(one.late and one.position == after for one in found):
            return None
        return [one for one in found if one.position > after]

    async def check(self, history, questions):
        asked = [history.since(*question) for question in questions]
        answers = await asyncio.gather(*asked)
        assert answers == [self.expected(*question) for question in questions]


TENANTS = st.sampled_from("AB")
WRITTEN = st.lists(
    st.tuples(
        st.lists(st.tuples(TENANTS, st.sampled_from(SOLD)), min_size=1, max_size=4, unique=True),
        st.integers(0, 5).map(lambda n: n == 5),  # late
    ),
    max_size=8,
)


def test_what_is_told_is_what_was_handed_on_above_the_position(database, stack, monkeypatch):
    """However little of it memory holds, and however many ask at once."""
    monkeypatch.setattr(past, "ROWS", 5)
    monkeypatch.setattr(kept, "_SENT", kept._SENT.replace("1000", "3"))

    async def play(told, pool, written, most, data):
        history = History(pool, far, changes=most)
        history.begin("other", 0, 0)
        told.begin(history)
        for rows, late in written:
            await told.write(history, rows, late)
        asking = st.lists(st.tuples(TENANTS, st.sampled_from(WHERES), st.integers(-1, 30)))
        asked = data.draw(asking)
        await told.check(history, [(t, w, max(0, told.position - back)) for t, w, back in asked])

    async def open():
        changes = await contexts.enter_async_context(ledger(database))
        pool = await contexts.enter_async_context(reading(database))
        return Told(changes), pool

    with asyncio.Runner() as runner:
        contexts = AsyncExitStack()
        told, pool = runner.run(open())

        @settings(max_examples=100, database=None, suppress_health_check=list(HealthCheck))
        @given(WRITTEN, st.integers(1, 30), st.data())
        def check(written, most, data):
            runner.run(play(told, pool, written, most, data))

        try:
            check()
        finally:
            runner.run(contexts.aclose())


async def test_nothing_is_told_beyond_what_was_handed_on(database):
    async with ledger(database) as changes, reading(database) as pool:
        told, history = Told(changes), History(pool, far, changes=1)
        told.begin(history)
        await told.write(history, [("A", "toys.1.x")])
        await told.write(history, [("A", "toys.1.x")])
        await changes.write([row("A", "toys.1.x", 3)])
        await told.check(history, [("A", EVERY, after) for after in range(3)])


async def test_a_position_is_not_told_without_what_something_late_took_the_place_of(database):
    async with ledger(database) as changes, reading(database) as pool:
        told = Told(changes)
        await told.write(History(pool, far), [("A", "toys.1.x"), ("A", "toys.2.x")])
        history = History(pool, far)
        told.begin(history)
        await changes.write([row("A", "toys.1.x", 1)], late=True)
        assert await history.since("A", EVERY, 0) is None


async def test_what_was_handed_on_before_this_process_began_is_told(database):
    async with ledger(database) as changes, reading(database) as pool:
        told = Told(changes)
        for _ in range(3):
            await told.write(History(pool, far), [("A", "toys.1.x"), ("B", "toys.1.x")])
        history = History(pool, far)
        told.begin(history)
        await told.check(history, [("A", EVERY, after) for after in range(5)])


async def test_who_comes_back_before_it_began_waits_and_need_not_begin_anew(database, monkeypatch):
    monkeypatch.setattr(histories, "BEGINNING", PATIENCE)
    async with ledger(database) as changes, reading(database) as pool:
        told = Told(changes)
        for _ in range(3):
            await told.write(History(pool, far), [("A", "toys.1.x")])
        history = History(pool, far)
        asking = asyncio.create_task(history.since("A", EVERY, 1))
        await asyncio.sleep(0.05)
        assert not asking.done()
        told.begin(history)
        assert await asking == told.expected("A", EVERY, 1)


async def test_who_waits_in_vain_is_told_to_come_back_later(database, monkeypatch):
    monkeypatch.setattr(histories, "BEGINNING", 0.05)
    async with reading(database) as pool:
        with pytest.raises(Unavailable):
            await History(pool, far).since("A", EVERY, 1)


async def test_what_is_older_than_a_day_cannot_be_told(database, monkeypatch):
    monkeypatch.setattr(kept, "_SENT", kept._SENT.replace("1000", "1"))
    async with ledger(database) as changes, reading(database) as pool:
        told, history = Told(changes), History(pool, far)
        told.begin(history)
        for number in range(4):
            if number == 2:
                aged = "UPDATE read.changes SET changed_at = now() - interval '25 hours'"
                await fetch(database, f"{aged} RETURNING 1")
            await told.write(history, [("A", "toys.1.x")])
        await kept.purge(changes.db)
        await told.check(history, [("A", EVERY, after) for after in range(5)])  # from memory
        history = History(pool, far)
        told.begin(history)
        assert [await history.since("A", EVERY, after) for after in (0, 1)] == [None, None]
        assert await history.since("B", EVERY, 1) is None
        milestones = await fetch(database, "SELECT position FROM read.milestones ORDER BY 1")
        assert milestones == [(2,), (3,), (4,)]
        await told.check(history, [("A", EVERY, after) for after in (2, 3, 4)])


async def test_what_is_purged_and_was_late_makes_its_position_unsure(database):
    async with ledger(database) as changes, reading(database) as pool:
        told = Told(changes)
        await told.write(History(pool, far), [("A", "toys.1.x")])
        await told.write(History(pool, far), [("A", "toys.2.x")], late=True)
        aged = "UPDATE read.changes SET changed_at = now() - interval '25 hours'"
        await fetch(database, f"{aged} RETURNING 1")
        await kept.purge(changes.db)
        await told.write(History(pool, far), [("A", "toys.1.x")])
        history = History(pool, far)
        told.begin(history)
        assert await history.since("A", EVERY, 1) is None
        await told.check(history, [("A", EVERY, 2)])


async def test_too_many_are_not_told(database, monkeypatch):
    monkeypatch.setattr(histories, "MOST", 3)
    async with ledger(database) as changes, reading(database) as pool:
        told = Told(changes)
        for bounds in ({}, {"changes": 1}):
            history = History(pool, far, **bounds)
            told.begin(history)
            for _ in range(5):
                await told.write(history, [("A", "toys.1.x")])
            before = told.position - 5
            assert await history.since("A", EVERY, before) is None
            assert await history.since("A", EVERY, before + 1) is None
            await told.check(history, [("A", EVERY, before + 2)])


async def test_what_takes_postgres_too_long_to_find_is_not_told_and_what_is_nearer_is(database):
    """Who was away while millions of changes were made is not kept waiting for them."""
    async with ledger(database) as changes, reading(database) as pool, connected(database) as owner:
        told = Told(changes)
        for _ in range(4):
            await told.write(History(pool, far), [("A", "toys.1.x")])
        third = told.all[2]
        for slow in (  # to look at one of the first two takes longer than a statement may
            f"CREATE POLICY slow ON read.changes AS RESTRICTIVE FOR SELECT TO souk_read"
            f" USING (seq >= {third.seq} OR pg_sleep(600) IS NOT NULL)",
            f"INSERT INTO read.milestones VALUES ('toys', {third.position - 2}, {third.seq - 1})",
        ):
            await owner.execute(slow)
        asked = [Question(EVERY, after, told.all[-1].seq) for after in (0, 1, 2, 3)]
        async with pool.connection() as db:
            await db.execute("SET statement_timeout = '3s'")
        answers = await past.Past(pool, 10)("A", asked)
    assert answers == [None, None, [*told.all[2:]], [*told.all[3:]]]


async def test_where_everything_takes_too_long_a_crowd_is_not_asked_for_one_by_one(
    database, monkeypatch
):
    async with reading(database) as pool:
        asked = []

        async def slow(db, tenant, alike, most):
            asked.append(len(alike))
            raise QueryCanceled

        monkeypatch.setattr(past, "_read", slow)
        answers = await past.Past(pool, 10)("A", [Question(EVERY, n, 99) for n in range(64)])
    assert (asked, set(answers)) == ([64, 32], {None})


async def test_memory_is_bounded_by_bytes_too():
    memory = Memory(1000, 50_000)
    memory.begin("toys", 0)
    for number in range(1, 500):
        document = b"x" * 1000
        memory.add(Change("toys", number, "A", f"toys.{number}.x", number, document))
    assert 30 < len(memory) < 40
    assert not memory.reaches("toys", 499 - len(memory) - 1)
    found = memory.find("A", EVERY, 499 - len(memory), 1000)
    assert [one.seq for one in found] == list(range(500 - len(memory), 500))
    assert memory.find("A", Where("toys", "toys", 1, "1"), 499 - len(memory), 10) == []


async def test_a_crowd_that_comes_back_asks_postgres_once(database, monkeypatch):
    reads = []
    read = past._read

    async def counting(*about):
        reads.append(about)
        return await read(*about)

    monkeypatch.setattr(past, "_read", counting)
    async with ledger(database) as changes, reading(database) as pool:
        told = Told(changes)
        for _ in range(20):
            await told.write(History(pool, far), [("A", topic) for topic in SOLD])
        history = History(pool, far)
        told.begin(history)
        questions = [("A", where, n) for n in range(20) for where in WHERES[:8]]
        await told.check(history, [*questions, *questions])
        assert len(reads) <= 9
        reads.clear()
        history = History(pool, far)
        history.begin("toys", 0, 0)
        history.keep(told.all)
        await told.check(history, questions)
        assert not reads


async def test_a_position_that_the_log_has_not_come_to_is_no_base_to_go_on_from(database):
    """The log is asked where it is once for a crowd, and not for what was handed on."""
    asked = []

    async def head():
        asked.append(0)
        await asyncio.sleep(0.01)
        return 5

    async with ledger(database) as changes, reading(database) as pool:
        told, history = Told(changes), History(pool, head)
        told.begin(history)
        await told.write(history, [("A", "toys.1.x")])
        await told.write(history, [("A", "toys.1.x")])
        await told.check(history, [("A", EVERY, after) for after in range(3)])
        assert not asked
        await told.check(history, [("A", EVERY, after) for after in (3, 4, 5)])
        beyond = [history.since("A", EVERY, after) for after in (6, 2**63 - 1) for _ in range(50)]
        assert await asyncio.gather(*beyond) == [None] * 100
        assert len(asked) <= 4


async def test_a_feed_fills_a_history(database, stack):
    async with ledger(database) as changes, reading(database) as pool:
        told, history = Told(changes), History(pool, far)
        for _ in range(3):
            await told.write(History(pool, far), [("A", "toys.1.x")])
        async with fed(database, stack.nats_url, history.keep, history.begin) as feed:

            async def reached():
                return feed.reached("toys"), feed.ready

            await eventually(reached, (3, True))
            await told.check(history, [("A", EVERY, after) for after in range(5)])
