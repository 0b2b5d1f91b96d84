"""Changes of more than a day ago go, by slices, and what is left is told right after each."""

import pytest

from adapters.projector import changes
from tests.live.ground import ledger, row
from tests.projector.toys import eventually, fetch, running

AGED = "UPDATE read.changes SET changed_at = now() - interval '25 hours' RETURNING 1"
LEFT = "SELECT position FROM read.changes ORDER BY seq"


async def written(ledger, positions):
    """Changes that are sent."""
    await ledger.write([row("A", "toys.1", position) for position in positions])
    _, last = await ledger.window()
    await ledger.sent(last)


async def test_a_slice_goes_at_once_and_is_told_as_gone(database, monkeypatch):
    monkeypatch.setattr(changes, "SLICE", 2)
    told = (
        "SELECT purged::int, purged_seq = (SELECT min(seq) - 1 FROM read.changes) FROM read.relays"
    )
    async with ledger(database) as kept:
        await written(kept, range(1, 6))
        await fetch(database, AGED)
        await written(kept, [6])
        for left in ([3, 4, 5, 6], [5, 6]):
            assert await changes.purge(kept.db)
            assert await fetch(database, LEFT) == [(position,) for position in left]
            assert await fetch(database, told) == [(left[0] - 1, True)]
        for _ in range(2):
            assert not await changes.purge(kept.db)
            assert await fetch(database, LEFT) == [(6,)]
            assert await fetch(database, told) == [(5, True)]


async def test_a_position_that_a_slice_cuts_through_is_told_as_gone(database, monkeypatch):
    monkeypatch.setattr(changes, "SLICE", 2)
    async with ledger(database) as kept:
        await written(kept, [1, 2, 2, 3])
        await fetch(database, AGED)
        assert await changes.purge(kept.db)
        assert await fetch(database, LEFT) == [(2,), (3,)]
        assert await fetch(database, "SELECT purged FROM read.relays") == [(2,)]


async def test_what_is_not_sent_stays_however_old(database):
    async with ledger(database) as kept:
        await written(kept, [1])
        await kept.write([row("A", "toys.1", 2)])
        await fetch(database, AGED)
        assert not await changes.purge(kept.db)
        assert await fetch(database, LEFT) == [(2,)]


@pytest.mark.parametrize("size", [1, 3])
async def test_the_relay_goes_on_until_nothing_is_left(database, stack, monkeypatch, size):
    monkeypatch.setattr(changes, "SLICE", size)
    async with ledger(database) as kept:
        await written(kept, range(1, 8))
        await fetch(database, AGED)
    async with running(database, stack.nats_url):
        await eventually(lambda: fetch(database, LEFT), [])
