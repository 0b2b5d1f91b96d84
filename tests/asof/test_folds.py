"""The folds themselves: made once, continued, and never served half made."""

import asyncio
from datetime import timedelta

import pytest

from adapters.asof import scratch
from adapters.asof.folds import Folding
from adapters.projector import leader
from domain.kernel import but
from tests.asof.conftest import asking
from tests.asof.toys import LAMPS, begun, folds, lamps, shown
from tests.projector.toys import (
    TOYS,
    Ignored,
    Renamed,
    Switched,
    broken,
    caught_up,
    fetch,
    happen,
    lamp,
)
from tests.projector.toys import connected as owned
from tests.support.rows import START, record, recorded


@pytest.fixture
def database(toy_database):
    return toy_database


async def test_a_later_position_is_folded_on_from_the_one_below(database):
    await happen(database, *[(lamp("1"), Switched())] * 7)
    async with asking(database, TOYS) as ask:
        found, cost = await lamps(ask, 3)
        assert (found, cost.events, cost.cached) == (shown("1", 3), 3, False)
        found, cost = await lamps(ask, 7)
        assert (found, cost.events) == (shown("1", 7), 4)
        found, cost = await lamps(ask, 5)
        assert (found, cost.events) == (shown("1", 5), 2)
        found, cost = await lamps(ask, 3)
        assert (found, cost.cached) == (shown("1", 3), True)


async def test_where_nothing_happened_the_fold_is_the_same(database):
    await happen(database, (lamp("1"), Switched()), *[(lamp("2"), Ignored())] * 4)
    await happen(database, (lamp("1", "B"), Switched()), (lamp("1"), Switched()))
    async with asking(database, TOYS) as ask:
        for position in (1, 4, 6, 5):
            assert (await lamps(ask, position))[0] == shown("1", 1)
        assert await folds(database) == [(1, 6)]
        assert (await lamps(ask, 7))[0] == shown("1", 2)
        assert (await lamps(ask, 6))[0] == shown("1", 1)
        assert await folds(database) == [(1, 6), (7, 7)]


async def occurred(url, *seconds):
    """A lamp switched once for each, at so many seconds, in rooms numbered by position."""
    events = [(lamp("1"), Switched(str(n))) for n in range(1, len(seconds) + 1)]
    rows = [
        but(row, occurred_at=START + timedelta(seconds=at))
        for row, at in zip(recorded(events), seconds, strict=True)
    ]
    async with owned(url) as owner:
        await record(owner, rows)


async def by(ask, second):
    past = await ask.occurred("A", START + timedelta(seconds=second))
    return dict(await past.rows(LAMPS, ("A",))), past.cost.events


async def test_a_later_time_is_folded_on_when_what_it_adds_came_after(database):
    await occurred(database, 1, 3, 2, 7, 9, 8)
    async with asking(database, TOYS) as ask:
        assert await by(ask, 5) == (shown("1", 3, "3"), 3)
        assert await by(ask, 8) == (shown("1", 5, "6"), 2)


async def test_a_later_time_is_folded_anew_when_what_it_adds_came_in_between(database):
    await occurred(database, 1, 9, 2)
    async with asking(database, TOYS) as ask:
        assert await by(ask, 5) == (shown("1", 2, "3"), 2)
        assert await by(ask, 20) == (shown("1", 3, "3"), 3)
        assert await by(ask, 5) == (shown("1", 2, "3"), 2)


async def test_the_clock_of_a_question_is_that_of_its_position(database):
    await happen(database, (lamp("1"), Switched()))
    ((recorded_at,),) = await fetch(database, "SELECT recorded_at FROM log.events")
    async with asking(database, TOYS) as ask:
        past = await ask.past("A", 1)
        assert await past.rows("SELECT now() FROM read.toys_lamps") == [(recorded_at,)]


async def test_a_fold_is_of_one_tenant_and_seen_by_it_alone(database):
    await happen(database, (lamp("1"), Switched("hall")), (lamp("2", "B"), Switched("attic")))
    async with asking(database, TOYS) as ask:
        found, _ = await lamps(ask, 2)
        assert found == shown("1", 1, "hall")
        ((id, tables),) = await fetch(database, "SELECT id, tables FROM asof.folds")
        there = await fetch(database, f"SELECT tenant FROM asof.{tables[0]}")
        assert (there, tables) == ([("A",)], [scratch.named(id, "toys_lamps")])
        assert await ask.reader("B").rows(f"SELECT tenant FROM asof.{tables[0]}") == []
        assert await ask.reader("B").rows("SELECT id FROM asof.folds") == []


async def test_what_is_made_is_protected_and_belongs_to_none_of_our_roles(database):
    await happen(database, (lamp("1"), Switched()))
    async with asking(database, TOYS) as ask:
        await lamps(ask, 1)
    relations = await fetch(
        database,
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, c.relpersistence::text,"
        " pg_get_userbyid(c.relowner) LIKE 'souk%%' FROM pg_class c"
        " WHERE c.relnamespace = 'asof'::regnamespace AND c.relkind = 'r'",
    )
    assert len(relations) == 2
    assert {row[1:] for row in relations} == {(True, "u", False)}


async def test_who_goes_away_in_the_middle_leaves_a_fold_to_the_next(database):
    await happen(database, *[(lamp("1"), Switched())] * 2)
    async with asking(database, TOYS) as ask, owned(database) as owner:
        past = await ask.past("A", 2)
        async with owner.transaction():
            await owner.execute("LOCK TABLE log.events")  # nothing is read of it meanwhile
            gone = asyncio.create_task(past.rows(LAMPS, ("A",)))
            left = await begun(database)
            gone.cancel()
            await asyncio.wait({gone})
        assert (await lamps(ask, 2))[0] == shown("1", 2)
        assert await fetch(database, "SELECT id FROM asof.folds") == left


async def test_a_fold_takes_the_time_it_takes(database, monkeypatch):
    monkeypatch.setattr(leader, "STATEMENT", 0.1)  # of everybody else
    await happen(database, (lamp("1"), Switched()))
    async with asking(database, TOYS) as ask, owned(database) as owner:
        past = await ask.past("A", 1)
        async with owner.transaction():
            await owner.execute("LOCK TABLE log.events")  # as a long log would hold it up
            asked = asyncio.create_task(past.rows(LAMPS, ("A",)))
            await asyncio.wait({asked}, timeout=0.4)
        assert dict(await asked) == shown("1", 1)


async def test_two_processes_that_want_the_same_fold_it_once(database):
    await happen(database, *[(lamp(str(n % 50)), Switched()) for n in range(500)])
    async with asking(database, TOYS) as one, asking(database, TOYS) as other:
        asked = [lamps(ask, 500) for ask in (one, other, one, other)]
        first, *others = [found for found, _ in await asyncio.gather(*asked)]
        assert len(first) == 50
        assert all(found == first for found in others)
    assert await folds(database) == [(500, 500)]


async def test_a_stream_that_cannot_be_folded_is_parked_as_the_projector_parks_it(database):
    streams = [(lamp(id), event) for id in "12" for event in (Switched("hall"), Switched())]
    await happen(database, *streams, (lamp("hall"), Renamed("attic")), (lamp("1"), Switched()))
    broken.add("1")
    try:
        await caught_up(database)
        live = await fetch(database, LAMPS, "A")
        async with asking(database, TOYS) as ask:
            found, _ = await lamps(ask, 5)
            assert found == dict(live) == shown("2", 2, "attic")
            broken.clear()
            mended, _ = await lamps(ask, 6)  # from the first event: nothing is built on a gap
            assert mended == shown("1", 3, "attic") | shown("2", 2, "attic")
    finally:
        broken.clear()


async def test_who_waits_no_longer_is_told_how_far_it_is_and_finds_it_later(database):
    await happen(database, *[(lamp(str(n % 50)), Switched()) for n in range(300)])
    async with asking(database, TOYS) as ask:
        told = []
        while True:
            past = await ask.past("A", 300, seconds=0)
            try:
                found = await past.rows(LAMPS, ("A",))
                break
            except Folding as error:
                told.append((error.events, error.total))
                await asyncio.sleep(0.01)
        assert len(found) == 50
        assert told
        assert all(0 <= events <= total <= 300 for events, total in told)
