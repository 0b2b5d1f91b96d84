"""What is kept of folds, and what goes: the unused, what a crash left, and what must be gone."""

import asyncio

import pytest

from adapters.asof import registry, scratch
from adapters.asof.folding import Into
from adapters.asof.history import History
from adapters.asof.points import Point
from adapters.asof.tidying import drop_all
from adapters.asof.wanted import Wanted
from adapters.postgres.pools import ASOF
from adapters.projector.leader import connected
from application.ports import Unavailable
from tests.asof.conftest import asking
from tests.asof.toys import LAMPS, begun, folds, lamps, shown, tidied
from tests.projector.toys import TOYS, Switched, eventually, fetch, happen, lamp
from tests.projector.toys import connected as owned


@pytest.fixture
def database(toy_database):
    return toy_database


async def test_no_more_are_kept_than_wanted_and_the_longest_unused_goes(database):
    await happen(database, *[(lamp("1"), Switched())] * 6)
    async with asking(database, TOYS, kept=3) as ask:
        for position in (1, 2, 3, 1, 4):  # 2 is the one
            await lamps(ask, position)
        assert [last for last, _ in await folds(database)] == [1, 3, 4]
        tables = await fetch(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'asof'")
        assert len(tables) == 3 + 1


@pytest.mark.parametrize(
    "change", ["shape = 'another'", "version = 0", "used_at = now() - interval '25 hours'"]
)
async def test_what_is_of_other_code_or_unused_for_a_day_goes(database, change):
    await happen(database, *[(lamp("1"), Switched())] * 2)
    async with asking(database, TOYS) as ask:
        await lamps(ask, 1)
        await fetch(database, f"UPDATE asof.folds SET {change} RETURNING 1")
        await lamps(ask, 2)
        await ask.folds.tidy()
        assert await folds(database) == [(2, 2)]


async def test_what_a_killed_process_left_is_not_served_and_goes(database):
    await happen(database, *[(lamp("1"), Switched())] * 2)
    wanted = Wanted.of("A", "toys", TOYS["toys"], Point(2, None, None))
    for id in ("0" * 12, "1" * 12):
        left = scratch.renamed(TOYS["toys"], id)
        async with connected(database, "killed", ASOF) as db:
            await registry.enter(db, wanted, id, [table.name for table in left.TABLES])
            await scratch.make(database, left)
    await fetch(database, "UPDATE asof.folds SET name = 'another' WHERE id LIKE '1%%' RETURNING 1")
    async with asking(database, TOYS) as ask:
        assert (await lamps(ask, 2))[0] == shown("1", 2)
        await tidied(ask)
        await ask.folds.tidy()
    tables = await fetch(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'asof'")
    assert (await folds(database), tables) == ([(2, 2)], [(2,)])


async def test_what_a_killed_process_left_goes_by_itself_with_the_first_question(database):
    await happen(database, (lamp("1"), Switched()))
    await scratch.make(database, scratch.renamed(TOYS["toys"], "0" * 12))
    named = "SELECT FROM pg_tables WHERE tablename LIKE 'f000000000000%%'"
    async with asking(database, TOYS) as ask:
        assert await fetch(database, named) != []
        await lamps(ask, 1)
        await eventually(lambda: fetch(database, named), [])


async def test_what_is_being_folded_is_not_tidied_away(database):
    wanted = Wanted.of("A", "toys", TOYS["toys"], Point(0, None, None))
    async with asking(database, TOYS) as ask, connected(database, "folding", ASOF) as db:
        await db.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (wanted.name,))
        await registry.enter(db, wanted, "0" * 12, [])
        await ask.folds.tidy()
        assert await fetch(database, "SELECT id FROM asof.folds") == [("0" * 12,)]


async def test_what_a_crash_of_the_server_empties_is_not_taken_for_the_past(database):
    await happen(database, (lamp("1"), Switched()))
    async with asking(database, TOYS) as ask:
        past = await ask.past("A", 1)
        assert len(await past.rows(LAMPS, ("A",))) == 1
        await tidied(ask)
        ((tables,),) = await fetch(database, "SELECT tables FROM asof.folds")
        for table in ("folds", *tables):  # as unlogged tables are by a crash
            await fetch(database, f"DELETE FROM asof.{table} RETURNING 1")
        with pytest.raises(Unavailable):
            await past.rows(LAMPS, ("A",))
        assert (await lamps(ask, 1))[0] == shown("1", 1)


@pytest.mark.parametrize("tidied_away", [False, True])
async def test_what_is_being_folded_while_all_must_go_is_folded_anew(database, tidied_away):
    await happen(database, *[(lamp("1"), Switched())] * 2)
    async with asking(database, TOYS) as ask:
        past = await ask.past("A", 2)
        async with owned(database) as owner:
            async with owner.transaction():
                await owner.execute("LOCK TABLE log.events")  # nothing is read of it meanwhile
                asked = asyncio.create_task(past.rows(LAMPS, ("A",)))
                left = await begun(database)
                await tidied(ask)
                assert await drop_all(database, "B") == 0
                tables = await fetch(database, "SELECT unnest(tables) FROM asof.folds")
                assert await drop_all(database, "A") == 0  # none is served yet
                if tidied_away:  # by who had seen them before
                    await scratch.drop(database, [name for (name,) in tables])
        assert dict(await asked) == shown("1", 2)
        ((id, tables),) = await fetch(database, "SELECT id, tables FROM asof.folds")
        assert (id,) not in left
        there = await fetch(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'asof'")
        assert {name for (name,) in there} == {"folds", *tables}


ASLEEP = """SELECT FROM pg_stat_activity
WHERE datname = current_database() AND wait_event = 'PgSleep'"""


async def test_what_was_read_ahead_of_a_fold_that_fails_ends_before_its_connection_does(
    database, monkeypatch
):
    """Who closes a connection that is waited for aborts the process."""
    read, ended = History._batch, []

    async def for_ever(self, db, after, upto):
        if after < upto:
            return await read(self, db, after, upto)
        try:
            await db.execute("SELECT pg_sleep(600)")
        finally:
            ended.append(db.closed)

    async def failing(self, db, events):
        while not await fetch(database, ASLEEP):  # noqa: ASYNC110 - else it ends before it begins
            await asyncio.sleep(0.01)
        raise Unavailable("fold")

    monkeypatch.setattr(History, "_batch", for_ever)
    monkeypatch.setattr(Into, "take", failing)
    await happen(database, (lamp("1"), Switched()))
    async with asking(database, TOYS) as ask:
        with pytest.raises(Unavailable):
            await lamps(ask, 1)
    assert ended == [False]


async def test_what_must_go_goes_as_soon_as_nobody_reads_it(database, monkeypatch):
    monkeypatch.setattr(scratch, "PATIENCE", "50ms")
    await happen(database, (lamp("1"), Switched()))
    async with asking(database, TOYS) as ask, owned(database) as reader:
        await lamps(ask, 1)
        ((tables,),) = await fetch(database, "SELECT tables FROM asof.folds")
        async with reader.transaction():
            await reader.execute(f"SELECT FROM asof.{tables[0]}")
            going = asyncio.create_task(drop_all(database, "A"))
            await asyncio.wait({going}, timeout=0.3)
        assert await going == 1
        there = await fetch(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'asof'")
        assert there == [("folds",)]


async def test_what_was_finished_just_now_is_not_taken_for_what_a_killed_process_left(database):
    await happen(database, (lamp("1"), Switched()))
    async with asking(database, TOYS) as ask:
        await lamps(ask, 1)
        async with connected(database, "tidying", ASOF) as db:
            ids = [id for (id,) in await fetch(database, "SELECT id FROM asof.folds")]
            assert await registry.abandon(db, ids) == []
        assert await folds(database) == [(1, 1)]
