"""What is parked is in no row, and `souk verify` does not ask for it."""

from adapters.projector.verify import verify
from tests.projector import toys
from tests.projector.toys import TOYS, Switched, caught_up, happen, lamp, lamps, prepare
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
