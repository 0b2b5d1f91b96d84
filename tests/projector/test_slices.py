"""What is too much for one statement is written by several, and comes to the same."""

import pytest

from adapters.postgres import packed
from adapters.projector import changes, roundtrip, rows
from adapters.projector.changes import Change
from tests.projector.toys import (
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

FIVE = [str(number) for number in range(5)]


@pytest.fixture(autouse=True)
def two_at_most(monkeypatch):
    monkeypatch.setattr(roundtrip, "MOST", 2)


@pytest.fixture
def sizes(monkeypatch):
    """How many rows each statement takes."""
    found = []

    def noted(function):
        def note(values):
            found.append(len(values))
            return function(values)

        return note

    monkeypatch.setattr(rows, "_columns_of", noted(rows._columns_of))  # loaded, written, deleted
    monkeypatch.setattr(packed, "blobs", noted(packed.blobs))  # written, and told
    return found


async def test_an_event_that_touches_very_many_rows_takes_them_by_slices(database, sizes):
    await prepare(database)
    await happen(database, *((lamp(id), Switched("hall")) for id in reversed(FIVE)))
    await caught_up(database)
    await happen(database, (lamp("hall"), Renamed("lobby")))
    await caught_up(database)
    found = await fetch(database, "SELECT id, room, position FROM read.toys_lamps ORDER BY id")
    assert found == [(id, "lobby", 6) for id in FIVE]
    await happen(database, *((lamp(id), Removed()) for id in FIVE))
    await caught_up(database)
    assert await lamps(database) == {}
    told = await fetch(database, "SELECT position FROM read.changes ORDER BY seq")
    assert [position for (position,) in told] == [*range(1, 6), *[6] * 5, *range(7, 12)]
    assert max(sizes) == 2


@pytest.mark.parametrize("late", [False, True])
async def test_changes_of_several_slices_are_in_one_order(database, sizes, late):
    topics = [("toys.a", 3), ("toys.b", 1), ("", 3), ("toys.c", 2), ("toys.d", 3)]
    news = [
        Change("A", topic, at, "toys_lamps", f"{topic}{at}", None, True) for topic, at in topics
    ]
    await prepare(database)
    async with projecting(database) as db:
        await changes.write(db, "toys", news, late)
    told = await fetch(database, "SELECT position, topic FROM read.changes ORDER BY seq")
    assert [position for position, _ in told] == [1, 2, 3, 3, 3]
    assert [topic for _, topic in told][:3] == ["toys.b", "toys.c", ""]
    assert max(sizes) == 2
