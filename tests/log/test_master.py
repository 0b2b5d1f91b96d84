"""A database keeps to the master key and the secret that it was begun with."""

import asyncio

import pytest
from psycopg.errors import InsufficientPrivilege

from adapters.log.keyring import Keyring
from adapters.log.master import Foreign, Master, prove_secret, renew_secret
from adapters.postgres.pools import APPEND
from adapters.projector.leader import connected
from tests.log.notes import MASTER, rows

OTHER = bytes(32)


@pytest.fixture
async def db(database):
    async with connected(database, "test", APPEND) as db:
        yield db


async def people(database):
    return [one for (one,) in await rows(database, "SELECT subject FROM keys.subjects ORDER BY 1")]


async def test_who_has_another_master_key_makes_nobody_a_key(log, database):
    await log.keyring.for_sealing("acme", ["ana"])
    other = Keyring(log.pool, OTHER)
    for _ in range(2):
        with pytest.raises(Foreign, match="SOUK_MASTER_KEY is not the one"):
            await other.for_sealing("acme", ["bia"])
    assert await people(database) == ["ana"]
    await log.keyring.for_sealing("acme", ["bia"])
    assert await people(database) == ["ana", "bia"]


async def test_of_two_who_begin_at_once_with_different_keys_one_is_refused(log, database):
    rings = [Keyring(log.pool, key) for key in (MASTER, OTHER)]
    making = [ring.for_sealing("acme", [str(at)]) for at, ring in enumerate(rings)]
    done = await asyncio.gather(*making, return_exceptions=True)
    assert [isinstance(each, Foreign) for each in done].count(True) == 1
    assert len(await people(database)) == 1


async def test_a_database_of_before_marks_is_whose_keys_it_has(log, db, database):
    await log.keyring.for_sealing("acme", ["ana", "bia", "carl"])
    await rows(database, "DELETE FROM keys.marks RETURNING 1")
    spoil = "UPDATE keys.subjects SET sealed_key = %s WHERE subject = 'ana' RETURNING 1"
    await rows(database, spoil, (Master(OTHER).lock("acme", "ana"),))
    with pytest.raises(Foreign):
        await Master(OTHER).prove(db)
    await Master(MASTER).prove(db)
    with pytest.raises(Foreign):
        await Master(OTHER).prove(db)


async def test_whose_database_of_before_has_one_of_its_two_keys_spoilt_is_not_locked_out(
    log, db, database
):
    await log.keyring.for_sealing("acme", ["ana", "bia"])
    await rows(database, "DELETE FROM keys.marks RETURNING 1")
    spoil = "UPDATE keys.subjects SET sealed_key = %s WHERE subject = 'ana' RETURNING 1"
    await rows(database, spoil, (bytes(60),))
    with pytest.raises(Foreign):
        await Master(OTHER).prove(db)
    await Master(MASTER).prove(db)


async def test_the_secret_is_the_first_that_came_until_another_is_said_to_be(db, database):
    await prove_secret(db, b"first", lays=True)
    with pytest.raises(Foreign, match="SOUK_SECRET is not the one"):
        await prove_secret(db, b"second", lays=True)
    await renew_secret(database, b"second")
    await prove_secret(db, b"second", lays=True)
    with pytest.raises(Foreign):
        await prove_secret(db, b"first", lays=True)


@pytest.mark.parametrize("change", ["UPDATE keys.marks SET mark = ''", "DELETE FROM keys.marks"])
async def test_whoever_gets_in_as_a_role_changes_no_mark(db, change):
    await prove_secret(db, b"first", lays=True)
    with pytest.raises(InsufficientPrivilege):
        await db.execute(change)
