"""The log is folded again into temporary tables, in which rows are found as fast as in the own."""

import re

import pytest

from adapters.projector.leader import connected
from adapters.projector.tables import definition
from adapters.projector.verify import Verification, scratch
from projections import PROJECTIONS
from tests.verify.shop import Quiet

INDEXES = (
    "SELECT t.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class t"
    " ON t.oid = i.indrelid WHERE t.relnamespace = {} AND t.relname LIKE %s"
)
REAL, FOLDS = INDEXES.format("'read'::regnamespace"), INDEXES.format("pg_my_temp_schema()")


@pytest.fixture
async def db(database):
    """The transaction of a verification."""
    async with connected(database, "test") as db, db.transaction():
        yield db


async def indexes(db, sql, like):
    """By table, without their names."""
    cursor = await db.execute(sql, (like,))
    return sorted(
        (table.removeprefix("fold_"), re.sub(r".* USING ", "", made))
        for table, made in await cursor.fetchall()
    )


async def test_the_temporary_tables_have_the_indexes_of_the_real_ones(db):
    tables = [table for projection in PROJECTIONS.values() for table in projection.TABLES]
    assert any("USING gin" in statement for table in tables for statement in definition(table))
    for table in tables:
        await scratch.Scratch(table).make(db)
        name = table.name.replace("_", r"\_")
        assert await indexes(db, FOLDS, rf"fold\_{name}") == await indexes(db, REAL, name)


async def test_rows_are_searched_by_what_the_table_has_come_to(shop, monkeypatch):
    """A plan from when it was empty, or that knows nothing of it, reads all rows of a tenant."""
    monkeypatch.setattr(scratch, "FEW", 0, raising=False)
    async with connected(shop.database, "test") as db, db.transaction():
        db.prepare_threshold, db.prepared_max = 0, 10_000
        verification = Verification(db, PROJECTIONS, lambda difference: None)
        await verification.fold(Quiet())
        await verification.compare()
        cursor = await db.execute(
            "SELECT reltuples > 0 FROM pg_class WHERE oid = 'pg_temp.fold_carts_carts'::regclass"
        )
        assert await cursor.fetchall() == [(True,)]
        cursor = await db.execute("SHOW gin_pending_list_limit")
        assert await cursor.fetchall() == [("64kB",)]
        cursor = await db.execute("SELECT statement FROM pg_prepared_statements")
        kept = [sql for (sql,) in await cursor.fetchall() if "pg_temp.fold_carts_carts" in sql]
        assert kept
        assert [sql for sql in kept if "products @>" in sql] == []
