"""Several writers, one order: who follows the log by position misses nothing."""

import asyncio
import sys

from adapters.log import tail
from adapters.postgres.pools import PROJECT, borrow, open_pool
from tests.log.notes import CODEC, append, note, opened
from tests.support.patience import PATIENCE

WRITER = """
import asyncio, sys, time
from tests.log.notes import append, note, opened
async def main(url, who):
    async with opened(url) as log:
        until = time.monotonic() + 2
        async def write(n):
            count = 0
            while time.monotonic() < until or count < 20:
                await log.append(append(note(f"{who}-{n}", "a", "b", expected=count)))
                count += 2
        await asyncio.gather(*(write(n) for n in range(8)))
asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_tailing_reader_misses_nothing_of_three_writing_processes(database):
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, database, who)
        for who in ("one", "two", "three")
    ]
    pool = await open_pool(database, PROJECT, size=1, name="tail", timeout=PATIENCE)
    seen = []
    async with borrow(pool) as connection:
        while True:
            over = all(writer.returncode is not None for writer in writers)
            batch = await tail.read_after(connection, seen[-1] if seen else 0, 500, CODEC)
            seen += [recorded.position for recorded in batch]
            if over and not batch:
                break
        assert seen == list(range(1, await tail.head(connection) + 1))
    await pool.close()
    assert [await writer.wait() for writer in writers] == [0, 0, 0]
    assert len(seen) > 300


async def test_two_logs_in_one_process_share_the_order(database):
    async with opened(database) as one, opened(database) as two:
        done = await asyncio.gather(
            *(
                log.append(append(note(f"{i}-{n}", "a")))
                for i, log in enumerate((one, two))
                for n in range(200)
            )
        )
    assert sorted(d.recorded[0].position for d in done) == list(range(1, 401))
