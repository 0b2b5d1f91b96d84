"""That a key was destroyed is heard by all who keep keys, before it is said to be done."""

import asyncio
from contextlib import asynccontextmanager

import psycopg
import pytest

from adapters.log import hearing
from adapters.log.keyring import Keyring
from adapters.postgres.pools import APPEND, open_pool
from tests.log.notes import MASTER, opened, rows
from tests.support.patience import PATIENCE

BLANK = "UPDATE keys.subjects SET sealed_key = NULL WHERE subject = %s RETURNING 1"


@asynccontextmanager
async def process(url):
    """Another one, with a keyring of its own that keeps keys."""
    pool = await open_pool(url, APPEND, size=2, name="another", timeout=PATIENCE)
    pool.timeout = PATIENCE  # also for a connection, of which a crowd has but two
    keyring = Keyring(pool, MASTER, url)
    try:
        await heard(keyring)
        yield keyring
    finally:
        await keyring.close()
        await pool.close()


async def heard(keyring):
    await keyring.for_sealing("acme", ["ana", "bob"])
    await until(lambda: keyring.turn is not None)
    assert await living(keyring) == ["ana", "bob"]


async def until(true):
    async with asyncio.timeout(PATIENCE):
        while True:
            if true():
                return
            await asyncio.sleep(0.01)


async def living(keyring):
    return await keyring.living("acme", ["ana", "bob"])


async def test_when_a_key_is_destroyed_every_other_process_has_dropped_what_it_kept(database):
    async with process(database) as one, process(database) as two, opened(database) as log:
        await rows(database, BLANK, ("bob",))  # told to nobody: the proof that they keep
        assert (await living(one), await living(two)) == (["ana", "bob"],) * 2
        turns = one.turn, two.turn
        await log.keyring.destroy("acme", "ana")
        assert (await living(one), await living(two)) == ([], [])
        assert turns[0] != one.turn
        await log.keyring.destroy("acme", "carl")  # and they hear again
        assert (await living(one), await living(two)) == ([], [])


async def test_many_at_once_are_told_of_each(database):
    async with process(database) as one, process(database) as two:
        people = [f"p{number}" for number in range(12)]
        await one.for_sealing("acme", people)

        async def destroy(keyring, other, person):
            await other.for_opening("acme", people)  # keeps it, if it can
            await keyring.destroy("acme", person)
            return await other.living("acme", [person])

        pairs = [(one, two), (two, one)]
        left = [destroy(*pairs[n % 2], person) for n, person in enumerate(people)]
        assert await asyncio.gather(*left) == [[]] * 12


async def test_nothing_is_said_to_be_done_before_the_last_has_dropped_it(database):
    async with slow(database) as other, opened(database) as log:
        destroying = asyncio.create_task(log.keyring.destroy("acme", "ana"))
        async with asyncio.timeout(PATIENCE):
            while await rows(database, "SELECT 1 FROM keys.subjects") != [(1,)]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await asyncio.wait([destroying], timeout=0.3)
        assert not destroying.done()
        await other.execute(hearing._LEAVE, (7,))
        await destroying


async def test_one_that_hangs_is_waited_for_until_what_it_kept_is_too_old(database, monkeypatch):
    monkeypatch.setattr(hearing, "FRESH", 0.1)
    async with slow(database), opened(database) as log:
        await log.keyring.destroy("acme", "ana")
        assert await log.keyring.living("acme", ["ana"]) == []


@pytest.mark.parametrize("back", [False, True])
async def test_a_process_that_does_not_hear_keeps_nothing(database, back):
    async with process(database) as keyring:
        await rows(database, BLANK, ("bob",))
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as db:
            if not back:
                await db.execute(f"SELECT pg_advisory_lock({hearing.GATE})")  # nobody gets in
            turn = keyring.turn
            await db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = %s AND datname = current_database()",
                (hearing.NAME,),
            )
            await until(lambda: keyring.turn != turn and bool(keyring.turn) is back)
            assert await living(keyring) == ["ana"]
            await rows(database, BLANK, ("ana",))
            assert await living(keyring) == (["ana"] if back else [])


@asynccontextmanager
async def slow(url):
    """A process that keeps keys and does not hear."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
        await db.execute(hearing._ENTER, (7,))
        yield db
