"""What is parked is in no row, and `souk verify` does not ask for it; nor does it end there."""

from adapters.projector.verify import verify
from tests.projector import toys
from tests.projector.toys import (
    TOYS,
    Switched,
    caught_up,
    fetch,
    happen,
    lamp,
    lamps,
    prepare,
)
from tests.support.poison import Poison
from tests.verify.shop import Quiet


async def found_in_rows(database):
    """The toys' events are written past the log's rules, so that their chain is not whole."""
    found = []
    await verify(database, None, TOYS, Quiet(), found.append)
    return [str(difference) for difference in found if difference.table != "log.events"]


async def test_parked_events_are_left_out_of_the_fold(database):
    await prepare(database)
    toys.broken.add("1")
    try:
        await happen(database, *[(lamp(id), Switched()) for id in "12121"])
        await caught_up(database)
    finally:
        toys.broken.clear()  # cured, but not yet retried
    assert await lamps(database) == {"A/2": 2}
    assert await found_in_rows(database) == []


async def test_an_event_that_cannot_be_read_is_left_out_like_any_that_is_parked(database):
    await prepare(database)
    await happen(database, *[(lamp(id), Switched()) for id in "1212"])
    Poison(database, "toys.switched")
    await caught_up(database)
    assert await lamps(database) == {"A/2": 2}
    assert await found_in_rows(database) == []
    await fetch(database, "DELETE FROM read.toys_lamps RETURNING 1")
    assert await found_in_rows(database) == ["read.toys_lamps A 2: missing"]


async def test_an_event_that_was_spoilt_after_it_was_folded_is_told_and_the_rest_compared(database):
    await prepare(database)
    await happen(database, *[(lamp(id), Switched()) for id in "12"])
    await caught_up(database)
    Poison(database, "toys.switched")
    told, row = await found_in_rows(database)
    assert told.startswith("toys A A/toys/1: position 1 cannot be folded: Undecodable: ")
    assert row == "read.toys_lamps A 1: extra"
