"""A round trip is one transaction, also when its last statement fails."""

import psycopg
import pytest

from adapters.projector.leader import connected
from adapters.projector.roundtrip import at_once


async def inserted(db, rows, last=""):
    async with at_once(db):
        for number in range(rows):
            await db.execute("INSERT INTO pairs VALUES (%s, %s)", (number, "x" * 10_000))
        if last:
            await db.execute(last)


async def forgotten(db):
    async with at_once(db):
        await db.execute("INSERT INTO pairs VALUES (1, 'x')")
        raise KeyError


async def counted(db):
    return (await (await db.execute("SELECT count(*) FROM pairs")).fetchone())[0]


@pytest.mark.parametrize("rows", [3, 300])
async def test_what_fails_at_its_end_leaves_nothing(database, rows):
    async with connected(database, "test") as db:
        await db.execute("CREATE TEMPORARY TABLE pairs (a int, b text)")
        with pytest.raises(psycopg.errors.DivisionByZero):
            await inserted(db, rows, "SELECT 1 / 0")
        assert await counted(db) == 0
        await inserted(db, rows)
        assert await counted(db) == rows


async def test_what_is_left_by_its_own_code_s_failure_is_nothing(database):
    async with connected(database, "test") as db:
        await db.execute("CREATE TEMPORARY TABLE pairs (a int, b text)")
        with pytest.raises(KeyError):
            await forgotten(db)
        assert await counted(db) == 0
