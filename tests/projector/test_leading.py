"""Leaders, standbys, and servers that come and go."""

import asyncio

from tests.projector.toys import Switched, eventually, fetch, happen, lamp, lamps, prepare, running

KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
LEADERS = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


async def test_a_standby_takes_over_when_the_leader_dies(database):
    await prepare(database)
    async with running(database) as first, running(database):
        await happen(database, (lamp("1"), Switched()))
        await eventually(lambda: lamps(database), {"A/1": 1})
        assert await fetch(database, LEADERS) == [(1,)]
        first.cancel()
        await asyncio.wait([first])
        await happen(database, (lamp("1"), Switched()))
        await eventually(lambda: lamps(database), {"A/1": 2})


async def test_a_killed_listener_is_made_again_and_nothing_is_missed(database):
    await prepare(database)
    async with running(database):
        await eventually(lambda: fetch(database, LEADERS), [(1,)])
        for times in range(1, 4):
            await fetch(database, f"{KILL} AND application_name = 'souk-hints'")
            await happen(database, (lamp("1"), Switched()))
            expected = {"A/1": times}
            await eventually(lambda: lamps(database), expected)


async def test_every_connection_may_die_at_any_time(database):
    await prepare(database)
    async with running(database) as process:
        for _ in range(30):
            await happen(database, (lamp("1"), Switched()), (lamp("2"), Switched()))
            await fetch(database, f"{KILL} AND application_name LIKE 'souk-%%'")
        await eventually(lambda: lamps(database), {"A/1": 30, "A/2": 30})
        assert not process.done()
