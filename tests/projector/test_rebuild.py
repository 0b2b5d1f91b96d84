"""Tables built again beside those that are served."""

import asyncio
import json
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest

from adapters import deadletters
from adapters.postgres.pools import PROJECT, READ, open_pool
from adapters.projector import projector
from adapters.projector import rebuild as building
from adapters.projector.reader import PostgresReader
from adapters.projector.rebuild import Refused, rebuild
from domain.kernel import but
from projections import tenants
from projections.kernel import one
from tests.projector import toys
from tests.projector.test_counters import held, valkey
from tests.projector.test_engine import mended
from tests.projector.test_relay import SENT, watching
from tests.projector.toys import (
    LAMPS,
    TOYS,
    Switched,
    caught_up,
    eventually,
    fetch,
    happen,
    lamp,
    lamps,
    prepare,
    running,
)
from tests.support.commands import souk
from tests.support.patience import PATIENCE
from tests.support.rows import toy

assert valkey
assert mended
CHANGES = "SELECT id, position FROM read.changes ORDER BY seq"
STANDS = "SELECT version, position, generation > 0 FROM read.projections WHERE name = 'toys'"


def tenfold(lamp, recorded, id):
    """Another fold of the same events."""
    after = toys.evolve(lamp, recorded, id)
    return after and but(after, times=after.times + 9)


NEWER = {"toys": toy(replace(LAMPS, evolve=tenfold), version=2)}


async def built(database, projections=TOYS, **options):
    return await rebuild(database, "toys", projections["toys"], **options)


@asynccontextmanager
async def reading(database):
    """Somebody who never stops reading one row; ends with how often it was there, or not."""
    pool = await open_pool(database, READ, size=2, name="test", timeout=PATIENCE)
    seen = {True: 0, False: 0}

    async def read():
        while True:
            seen[await one(PostgresReader(pool)("A"), "toys_lamps", "1") is not None] += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(read())
    try:
        yield seen
    finally:
        assert not task.done()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await pool.close()


async def test_rows_are_served_and_commands_land_while_tables_are_built_again(database):
    await prepare(database)
    await happen(database, *[(lamp(str(n % 40)), Switched()) for n in range(400)])
    async with running(database):
        await eventually(lambda: fetch(database, STANDS), [(1, 400, False)])

        async def busy():
            for n in range(60):
                await happen(database, (lamp(str(n % 40)), Switched()), (lamp("1"), Switched()))

        async with reading(database) as seen:
            done, _ = await asyncio.gather(built(database), busy())
            await eventually(lambda: fetch(database, STANDS), [(1, 520, True)])
        assert (seen[False], seen[True] > 0) == (0, True)
    assert [(t.table, t.live == t.built, t.differing) for t in done.tables] == [
        ("toys_lamps", True, 0)
    ]
    assert (await lamps(database))["A/1"] == 10 + 2 + 60
    told = await fetch(database, CHANGES)
    assert len(set(told)) == len(told)


async def test_a_rebuild_cures_a_position_beyond_the_end_of_the_log(database):
    await prepare(database)
    await happen(database, *[(lamp(id), Switched()) for id in "1223"])
    await caught_up(database)
    beyond = "UPDATE read.projections SET position = 1000, generation = generation + 1 RETURNING 1"
    await fetch(database, beyond)
    await happen(database, (lamp("4"), Switched()))
    assert (await built(database)).position == 5
    assert await lamps(database) == {"A/1": 1, "A/2": 2, "A/3": 1, "A/4": 1}
    await happen(database, (lamp("4"), Switched()))
    await caught_up(database)
    assert (await lamps(database))["A/4"] == 2


async def test_a_rebuild_mends_a_row_and_tells_how_many_differed(database):
    await prepare(database)
    await happen(database, *[(lamp(id), Switched()) for id in "1223"])
    await caught_up(database)
    await fetch(database, "UPDATE read.toys_lamps SET body = '{}' WHERE id = '2' RETURNING 1")
    await fetch(database, "DELETE FROM read.toys_lamps WHERE id = '3' RETURNING 1")
    (table,) = (await built(database)).tables
    assert (table.live, table.built, table.differing) == (2, 3, 2)
    assert await lamps(database) == {"A/1": 1, "A/2": 2, "A/3": 1}


KILLED = """
import asyncio, os, signal, sys
from adapters.projector.rebuild import rebuild
from tests.projector.toys import TOYS
asyncio.run(rebuild(sys.argv[1], "toys", TOYS["toys"],
    progress=lambda position, target: os.kill(os.getpid(), signal.SIGKILL)))
"""


async def test_a_rebuild_that_was_killed_goes_on_where_it_was(database):
    await prepare(database)
    await happen(database, *[(lamp("1"), Switched())] * 5)
    await caught_up(database)
    command = [sys.executable, "-c", KILLED, database]
    died = await asyncio.to_thread(subprocess.run, command, capture_output=True)
    assert died.returncode == -signal.SIGKILL
    await happen(database, *[(lamp("1"), Switched())] * 2)
    await caught_up(database)
    steps = []
    await built(database, progress=lambda *step: steps.append(step))
    assert steps == [(7, 7)]
    beside = await fetch(database, "SELECT name, position FROM read.projections ORDER BY name")
    assert beside == [("toys", 7), ("toys__previous", 7)]
    assert await lamps(database) == {"A/1": 7}


async def test_half_built_tables_of_another_version_are_not_gone_on_with(database):
    await prepare(database)
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    command = [sys.executable, "-c", KILLED, database]
    await asyncio.to_thread(subprocess.run, command, capture_output=True)
    (table,) = (await built(database, NEWER)).tables
    assert (table.built, table.differing) == (1, None)
    assert await lamps(database) == {"A/1": 10}


async def test_one_can_switch_back_and_nothing_is_lost_meanwhile(database):
    await prepare(database)
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    await built(database)
    await happen(database, (lamp("1"), Switched()), (lamp("2"), Switched()))
    await caught_up(database)
    (table,) = (await built(database, back=True)).tables
    assert (table.live, table.built, table.differing) == (2, 2, 0)
    await happen(database, (lamp("2"), Switched()))
    await caught_up(database)
    assert await lamps(database) == {"A/1": 2, "A/2": 2}
    assert [position for _, position in await fetch(database, CHANGES)] == [1, 2, 3, 4]


async def test_one_goes_back_to_another_version_with_its_own_code_only(database):
    await prepare(database)
    with pytest.raises(Refused, match="no previous"):
        await built(database, back=True)
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    await built(database, NEWER)
    with pytest.raises(Refused, match="of version 1, and this code is of version 2"):
        await built(database, NEWER, back=True)
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database, NEWER)
    assert await lamps(database) == {"A/1": 20}
    await built(database, back=True)
    assert await lamps(database) == {"A/1": 2}
    await caught_up(database)


async def test_two_rebuilds_of_one_projection_do_not_run_at_once(database):
    await prepare(database)
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    async with toys.connected(database) as slow:  # so that the first is not done by then
        await slow.execute("BEGIN")
        await slow.execute("SELECT FROM read.toys_lamps")
        both = [asyncio.create_task(built(database)) for _ in "ab"]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        await slow.execute("COMMIT")
    errors = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(error).__name__ for error in errors) == ["Rebuilt", "Refused"]


async def test_a_rebuild_pushes_nothing_twice(database, stack):
    await prepare(database)
    async with watching(stack.nats_url, "souk.rebuilt.>") as seen:
        async with running(database, stack.nats_url):
            await happen(database, *[(lamp(id, "rebuilt"), Switched()) for id in "123"])
            await eventually(lambda: fetch(database, SENT), [(True,)])
            await built(database)
            await happen(database, (lamp("1", "rebuilt"), Switched()))

            async def positions():
                return sorted(payload["position"] for _, payload in seen)

            await eventually(positions, [1, 2, 3, 4])
            await built(database, back=True)
            await happen(database, (lamp("2", "rebuilt"), Switched()))
            await eventually(positions, [1, 2, 3, 4, 5])
    assert [payload["document"]["times"] for _, payload in seen] == [1, 1, 1, 2, 2]


async def test_counters_are_those_of_the_tables_that_are_served(database, valkey):
    await prepare(database)
    await happen(database, *[(lamp(id), Switched()) for id in "112"])
    async with running(database, valkey=valkey.url):
        await eventually(lambda: held(valkey.url), {"1": 2, "2": 1})
    async with running(database, valkey=valkey.url, projections=NEWER):
        await eventually(lambda: held(valkey.url), {"1": 20, "2": 10})
        await happen(database, (lamp("2"), Switched()))
        await eventually(lambda: held(valkey.url), {"1": 20, "2": 20})


async def test_a_projector_of_a_newer_version_serves_the_old_rows_until_its_own_are_built(database):
    await prepare(database)
    await happen(database, (lamp("1"), Switched()), (lamp("1"), Switched()))
    await caught_up(database)
    assert await prepare(database, NEWER) == ["toys"]
    assert await lamps(database) == {"A/1": 2}
    await happen(database, (lamp("1"), Switched()))
    async with reading(database) as seen, running(database, projections=NEWER):
        await eventually(lambda: lamps(database), {"A/1": 30})
    assert seen[False] == 0
    assert [position for _, position in await fetch(database, CHANGES)] == [2, 3]
    assert await prepare(database, NEWER) == []


async def test_code_of_an_older_version_leaves_newer_tables_alone_and_says_so(
    database, monkeypatch
):
    told = []
    logger = SimpleNamespace(error=lambda event, **more: told.append(more))
    monkeypatch.setattr(projector, "logger", logger)
    await prepare(database, NEWER)
    assert await prepare(database) == []  # nor are empty ones taken back
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database, NEWER)
    async with running(database):

        async def said():
            return told

        await eventually(said, [{"projection": "toys", "version": 2, "of": 1}])
        await happen(database, (lamp("1"), Switched()))
        async with running(database, projections=NEWER):
            await eventually(lambda: lamps(database), {"A/1": 20})
        assert await fetch(database, STANDS) == [(2, 2, False)]
    await built(database)  # by hand it goes back
    assert await lamps(database) == {"A/1": 2}


async def test_it_is_a_command(api):
    for words in (["rebuild", "tenants"], ["rebuild", "tenants", "--back"]):
        answer = await souk(api, *words)
        *tables, switched = answer.output.splitlines()[-len(tenants.TABLES) - 1 :]
        assert answer.exit_code == 0
        for table, line in zip(tenants.TABLES, tables, strict=True):
            assert line.startswith(f"{table.name}: ")
            assert line.endswith("none differ")
        assert switched.startswith("tenants: switched at position ")
    refused = await souk(api, "rebuild", "orders", "--back")
    assert (refused.exit_code, "no previous tables" in refused.output) == (2, True)


async def test_dead_letters_go_with_their_tables(database):
    await prepare(database)
    toys.broken.add("1")
    await happen(database, (lamp("1"), Switched()), (lamp("2"), Switched()))
    await caught_up(database)
    letters = "SELECT position FROM read.dead_letters WHERE projection = 'toys'"
    toys.broken.clear()
    await built(database)
    assert await fetch(database, letters) == []
    assert await lamps(database) == {"A/1": 1, "A/2": 1}
    await built(database, back=True)
    assert await fetch(database, letters) == [(1,)]
    assert await lamps(database) == {"A/2": 1}


async def test_dead_letters_of_tables_that_are_not_served_are_out_of_view_until_they_are_again(
    database,
):
    await prepare(database)
    toys.broken.add("1")
    await happen(database, (lamp("1"), Switched()), (lamp("2"), Switched()))
    await caught_up(database)
    toys.broken.clear()
    assert await _in_view(database) == ({"toys": 1}, ["toys"], ["toys"])
    await built(database)
    assert await _in_view(database) == ({}, [], [])
    await built(database, back=True)
    assert await _in_view(database) == ({"toys": 1}, ["toys"], ["toys"])


async def _in_view(database):
    """On /health, in `souk deadletters list`, and on a tenant's console."""
    pool = await open_pool(database, PROJECT, size=1, name="test", timeout=PATIENCE)
    try:
        counted, told = await deadletters.counts(pool), await deadletters.waiting(pool, "A")
    finally:
        await pool.close()
    listed = await deadletters.parked(database)
    return counted, [letter.name for letter in listed], [letter.name for letter in told.items]


async def test_whoever_reads_for_long_is_waited_for_and_holds_nobody_up(database):
    await prepare(database)
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    async with toys.connected(database) as slow:
        await slow.execute("BEGIN")
        await slow.execute("SELECT FROM read.toys_lamps")
        switching = asyncio.create_task(built(database))
        for _ in range(3):
            await asyncio.sleep(0.6)
            assert await lamps(database) == {"A/1": 1}
        assert not switching.done()
        await slow.execute("COMMIT")
    await switching
    assert json.dumps(await lamps(database)) == '{"A/1": 1}'


FROZEN = """
import asyncio, os, signal, sys
from adapters.projector import beside, rebuild
from tests.projector.toys import TOYS
switch, rebuild.STILL = beside.switch, "1s"
async def switching(*given):
    await switch(*given)
    os.kill(os.getpid(), signal.SIGSTOP)
beside.switch = switching
asyncio.run(rebuild.rebuild(sys.argv[1], "toys", TOYS["toys"]))
"""


async def test_a_rebuild_that_is_frozen_in_its_switch_holds_nobody_up_and_is_run_again(database):
    await prepare(database)
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    command = [sys.executable, "-c", FROZEN, database]
    frozen = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
    try:
        await eventually(lambda: status_of(frozen.pid), psutil.STATUS_STOPPED)
        assert await lamps(database) == {"A/1": 1}
        await happen(database, (lamp("1"), Switched()))
        await caught_up(database)
    finally:
        frozen.send_signal(signal.SIGCONT)
        _, said = await frozen.communicate()
    assert b"stood still in the middle of the switch of toys" in said
    await built(database)
    assert await lamps(database) == {"A/1": 2}


async def status_of(pid):
    return psutil.Process(pid).status()


async def test_whoever_never_stops_reading_is_named_as_the_reason(database, monkeypatch):
    monkeypatch.setattr(building, "TRIES", 2)
    await prepare(database)
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    async with toys.connected(database) as slow:
        await slow.execute("BEGIN")
        await slow.execute("SELECT FROM read.toys_lamps")
        with pytest.raises(Refused, match="somebody reads the tables of toys all the time"):
            await built(database)
    await built(database)
    assert await lamps(database) == {"A/1": 1}
