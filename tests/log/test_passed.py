"""How far the log had come, also one that was restored and so has a gap."""

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from msgspec.structs import replace

from adapters.asof.points import Beyond, at_position, at_time
from adapters.audit.moments import position_before
from adapters.backup.jumping import GAP
from adapters.log import clock as clocks
from adapters.log.passed import passed
from adapters.log.throughput import throughput
from adapters.postgres.pools import ASOF, AUDIT, PROJECT, READ, borrow, open_pool
from tests.audit.world import made
from tests.log.notes import append, note, opened, rows
from tests.support.rows import record

SIZE = 40


@pytest.fixture(params=[None, 0, 1, 17, SIZE], ids=lambda after: f"a gap after {after}")
async def log(request, database):
    """``rows`` by position, with a gap after some of them."""
    after, rows = request.param, sorted(made(3, SIZE), key=lambda row: row.position)
    began = datetime.now(UTC) - timedelta(hours=3)
    times = [began + timedelta(seconds=n // 3) for n in range(SIZE)]  # some at once
    skipped = [GAP if after is not None and n >= after else 0 for n in range(SIZE)]
    rows = [
        replace(row, recorded_at=at, position=row.position + gap)
        for row, at, gap in zip(rows, times, skipped, strict=True)
    ]
    head = max(rows[-1].position, GAP + after if after is not None else 0)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as db:
        await record(db, rows)
        if after is not None:
            jump = "INSERT INTO log.jumps (origin, target) VALUES (%s, %s)"
            await db.execute(jump, (after, after + GAP))
        await db.execute("UPDATE log.head SET position = %s", (head,))
    pool = await open_pool(database, PROJECT, size=1, name="test")
    yield pool, rows
    await pool.close()


async def test_it_is_the_last_event_before_a_moment_or_at_it(log):
    pool, rows = log
    times = [row.recorded_at for row in rows]
    little = timedelta(microseconds=1)
    moments = [at + off for at in times for off in (-little, timedelta(), little)]
    places = [0, *(row.position for row in rows)]
    async with borrow(pool) as db:
        assert await passed(db, moments) == [places[bisect_left(times, at)] for at in moments]
        then_too = [places[bisect_right(times, at)] for at in moments]
        assert await passed(db, moments, then_too=True) == then_too


async def test_a_question_about_the_past_finds_its_place(log):
    pool, rows = log
    for row in rows:
        assert (await at_position(pool, row.position)).moment == row.recorded_at
        assert (await at_time(pool, row.recorded_at)).position >= row.position
    assert (await at_time(pool, rows[-1].recorded_at)).position == rows[-1].position


async def by_auditors(pool, when):
    return await position_before(pool, when, then_too=True)


async def by_time(pool, when):
    return (await at_time(pool, when)).position


@pytest.mark.parametrize("asked", [by_time, by_auditors])
async def test_what_was_recorded_by_then_never_grows_however_a_writers_clock_lags(
    database, monkeypatch, asked
):
    behind = [0.0]

    def lagging(real=clocks.steady):
        return real() - behind[0]

    monkeypatch.setattr(clocks, "steady", lagging)
    pool = await open_pool(database, PROJECT, size=1, name="test")
    async with opened(database) as log:
        await log.append(append(note(1, "a")))
        behind[0] = 30.0
        ((now,),) = await rows(database, "SELECT clock_timestamp()")
        assert await asked(pool, now) == 1
        await log.append(append(note(2, "a")))
        assert await asked(pool, now) == 1
        with pytest.raises(Beyond):
            await at_time(pool, now + timedelta(hours=1))
        ((later,),) = await rows(database, "SELECT recorded_at FROM log.head")
        assert now < later < now + timedelta(minutes=5)
    await pool.close()


async def test_what_nobody_may_ask_of_the_log_nobody_can_move_its_time_by(database):
    for role in (READ, ASOF, AUDIT):
        pool = await open_pool(database, role, size=1, name="test")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with pool.connection() as db:
                await db.execute("SELECT log.is_past(now())")
        await pool.close()


async def test_positions_that_no_event_has_are_no_throughput(log):
    pool, rows = log
    assert sum((await throughput(pool, 3600)).events) == len(rows)
