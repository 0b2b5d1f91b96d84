"""Batches that fail, are repeated, or start over."""

import pytest

from adapters.projector.engine import Engine
from adapters.projector.leader import Superseded
from adapters.projector.projector import retry_dead_letters
from tests.projector import toys
from tests.projector.toys import (
    LAMPS,
    TOYS,
    Ignored,
    Removed,
    Renamed,
    Switched,
    caught_up,
    fetch,
    happen,
    lamp,
    lamps,
    prepare,
    projecting,
)
from tests.support.rows import rows_equal_the_fold, toy

CHANGES = "SELECT tenant, id, position, document IS NULL FROM read.changes ORDER BY seq"


@pytest.fixture(autouse=True)
def mended():
    yield
    toys.broken.clear()


async def test_one_change_tells_of_all_that_a_transaction_did_to_a_row(database):
    await prepare(database)
    await happen(
        database, (lamp("1"), Switched()), (lamp("2"), Switched()), (lamp("1"), Switched())
    )
    await caught_up(database)
    assert await lamps(database) == {"A/1": 2, "A/2": 1}
    assert await fetch(database, CHANGES) == [("A", "2", 2, False), ("A", "1", 3, False)]


async def test_a_row_that_is_gone_is_a_change_without_a_document(database):
    await prepare(database)
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    await happen(database, (lamp("1"), Removed()), (lamp("2"), Switched()), (lamp("2"), Removed()))
    await caught_up(database)
    assert await lamps(database) == {}
    assert await fetch(database, CHANGES) == [("A", "1", 1, False), ("A", "1", 2, True)]


async def test_what_changes_nothing_writes_nothing(database):
    await prepare(database)
    await happen(database, (lamp("1"), Switched("hall")))
    await caught_up(database)
    await happen(database, (lamp("hall"), Renamed("hall")))
    await caught_up(database)
    assert await fetch(database, "SELECT position FROM read.toys_lamps") == [(1,)]
    assert len(await fetch(database, CHANGES)) == 1


async def test_the_position_passes_events_that_nothing_folds(database):
    await prepare(database)
    await happen(database, *[(lamp("1"), Ignored())] * 3)
    await caught_up(database)
    assert await fetch(database, "SELECT position FROM read.projections") == [(3,)]


async def test_rows_found_by_content_see_what_came_just_before(database):
    await prepare(database)
    await happen(
        database,
        (lamp("1"), Switched("hall")),
        (lamp("2", "B"), Switched("hall")),
        (lamp("hall"), Renamed("lobby")),
        (lamp("lobby"), Renamed("foyer")),
        (lamp("3"), Switched("lobby")),
    )
    await caught_up(database)
    rows = await fetch(database, "SELECT tenant, id, room FROM read.toys_lamps ORDER BY id")
    assert rows == [("A", "1", "foyer"), ("B", "2", "hall"), ("A", "3", "lobby")]


def test_rows_found_by_content_equal_the_fold(database):
    from hypothesis import strategies as st

    rooms = st.sampled_from(["hall", "lobby"])
    events = st.one_of(
        st.builds(Switched, rooms),
        st.builds(Renamed, rooms),
        st.builds(Removed),
        st.builds(Ignored),
    )
    places = st.builds(lamp, st.sampled_from(["1", "hall", "lobby"]), st.sampled_from("AB"))
    histories = st.lists(
        st.tuples(places, st.lists(events, max_size=6)), max_size=5, unique_by=lambda pair: pair[0]
    )
    rows_equal_the_fold(database, TOYS["toys"], histories)


async def test_a_leader_that_was_overtaken_writes_nothing(database):
    await prepare(database)
    async with projecting(database) as db:
        slow = Engine("toys", TOYS["toys"])
        await slow.load(db)
        await happen(database, (lamp("1"), Switched()))
        await caught_up(database)
        with pytest.raises(Superseded):
            await slow.step(db)
        await slow.load(db)
        assert await slow.step(db) == 0
    assert await lamps(database) == {"A/1": 1}


async def test_a_poison_event_parks_its_stream_and_nothing_else(database):
    await prepare(database)
    toys.broken.add("1")
    good, bad = (lamp("2"), Switched()), (lamp("1"), Switched())
    await happen(database, good, bad, good, bad)
    await caught_up(database)
    await happen(database, bad, good)
    await caught_up(database)
    assert await lamps(database) == {"A/2": 3}
    letters = await fetch(
        database, "SELECT position, stream, error FROM read.dead_letters ORDER BY position"
    )
    assert [position for position, *_ in letters] == [2, 4, 5]
    assert letters[0][1:] == ("A/toys/1", "ValueError: the bulb of 1 burst")


async def test_a_parked_stream_is_retried_in_order_and_told_to_followers(database):
    await prepare(database)
    toys.broken |= {"1", "3"}
    await happen(database, *[(lamp(id), Switched()) for id in "1312"])
    await caught_up(database)
    assert await retry_dead_letters(database, "toys", TOYS["toys"]) == 0
    toys.broken.remove("1")
    assert await retry_dead_letters(database, "toys", TOYS["toys"]) == 2
    assert await lamps(database) == {"A/1": 2, "A/2": 1}
    assert await fetch(database, "SELECT position FROM read.dead_letters") == [(2,)]
    changes = await fetch(database, CHANGES)
    assert changes == [("A", "2", 4, False), ("A", "1", 4, False)]
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    assert await lamps(database) == {"A/1": 3, "A/2": 1}


FLAGS = "SELECT id, first, late FROM read.changes ORDER BY seq"


async def test_a_change_tells_whether_its_row_is_new(database):
    await prepare(database)
    for event in (Switched(), Switched(), Removed(), Switched()):
        await happen(database, (lamp("1"), event))
        await caught_up(database)
    await happen(database, (lamp("2"), Switched()), (lamp("2"), Switched()))
    await caught_up(database)
    first = [True, False, False, True, True]
    assert [flag for _, flag, _ in await fetch(database, FLAGS)] == first


async def test_what_a_retry_changes_is_late_and_what_comes_then_is_not(database):
    await prepare(database)
    toys.broken |= {"1"}
    await happen(database, *[(lamp(id), Switched()) for id in "112"])
    await caught_up(database)
    toys.broken.clear()
    await retry_dead_letters(database, "toys", TOYS["toys"])
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    changes = [("2", True, False), ("1", True, True), ("1", False, False)]
    assert await fetch(database, FLAGS) == changes


INCOMPRESSIBLE = "".join(map(chr, range(0x4E00, 0x9FFF)))  # too long for an index


@pytest.mark.parametrize("text", ["nul \0", INCOMPRESSIBLE])
async def test_text_that_a_column_cannot_hold_parks_its_stream(database, text):
    await prepare(database)
    await happen(database, (lamp("1"), Switched(text)), (lamp("2"), Switched()))
    await caught_up(database)
    assert await lamps(database) == {"A/2": 1}


async def test_code_of_another_version_leaves_the_tables_alone(database):
    assert await prepare(database) == ["toys"]
    assert await prepare(database) == []
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    newer = {"toys": toy(LAMPS, version=2)}
    assert await prepare(database, newer) == ["toys"]
    assert await lamps(database) == {"A/1": 1}
    with pytest.raises(Superseded):
        await caught_up(database, newer)


async def test_another_version_of_tables_that_nobody_read_yet_takes_their_place(database):
    await prepare(database)
    await happen(database, (lamp("1"), Switched()))
    newer = {"toys": toy(LAMPS, version=2)}
    assert await prepare(database, newer) == ["toys"]
    await caught_up(database, newer)
    assert await lamps(database) == {"A/1": 1}
