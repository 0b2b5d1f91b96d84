"""Who sees what, and when: row-level security, readers, and waiting for one's own write."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import psycopg
import pytest
from psycopg import AsyncConnection

from adapters.backup.jumping import jump
from adapters.postgres import pools
from adapters.postgres.pools import APPEND, READ, borrow, conninfo_of
from adapters.projector import positions as seeing
from adapters.projector.positions import Positions
from adapters.projector.reader import PostgresReader
from application.ports import Unavailable
from projections import PROJECTIONS
from projections.kernel import one, page
from tests.log.proxy import Proxy
from tests.projector.toys import (
    TOYS,
    Switched,
    caught_up,
    connected,
    fetch,
    happen,
    lamp,
    prepare,
    running,
)
from tests.support.patience import PATIENCE

open_pool = partial(pools.open_pool, timeout=PATIENCE)
VISIBLE = ("read.toys_lamps", "read.changes", "read.dead_letters")
LETTER = "INSERT INTO read.dead_letters VALUES (%s, 'toys', 's', 1, 't', 'e') RETURNING 1"


@pytest.fixture
async def two_tenants(database):
    await prepare(database)
    await happen(database, (lamp("1"), Switched("hall")), (lamp("1", "B"), Switched("hall")))
    await caught_up(database)
    for tenant in "AB":
        await fetch(database, LETTER, tenant)
    return database


async def seen(database, table, tenant=None):
    conninfo = conninfo_of(database, READ, "test", PATIENCE)
    async with await AsyncConnection.connect(conninfo) as db:
        if tenant is not None:
            await db.execute("SELECT set_config('souk.tenant', %s, true)", (tenant,))
        return await (await db.execute(f"SELECT DISTINCT tenant FROM {table}")).fetchall()


@pytest.mark.parametrize("table", VISIBLE)
async def test_a_reader_sees_its_tenant_and_nothing_else(two_tenants, table):
    assert await seen(two_tenants, table, "A") == [("A",)]
    assert await seen(two_tenants, table, "B") == [("B",)]
    assert await seen(two_tenants, table, "") == []
    assert await seen(two_tenants, table) == []


@pytest.mark.parametrize("table", [*VISIBLE, "read.projections"])
async def test_a_reader_cannot_write(two_tenants, table):
    conninfo = conninfo_of(two_tenants, READ, "test", PATIENCE)
    async with await AsyncConnection.connect(conninfo, autocommit=True) as db:
        for statement in (f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await db.execute(statement)


async def test_every_table_and_view_is_protected(database):
    """Of every schema of ours, and of every projection that is registered."""
    await prepare(database, {**PROJECTIONS, **TOYS})
    relations = await fetch(
        database,
        "SELECT n.nspname || '.' || c.relname, c.relkind::text,"
        " c.relrowsecurity AND c.relforcerowsecurity,"
        " coalesce(c.reloptions @> '{security_invoker=true}', false)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname IN ('log', 'keys', 'read', 'policies', 'asof')"
        " AND c.relkind = ANY('{r,p,v,m,f}')",
    )
    assert len(relations) > 12
    bare = [
        name
        for name, kind, forced, invoker in relations
        if not (invoker if kind == "v" else forced)
    ]
    assert bare == []


async def test_no_role_of_ours_can_pass_row_level_security(database):
    roles = await fetch(
        database,
        "SELECT rolname FROM pg_roles r WHERE rolname LIKE 'souk%%' AND (rolsuper OR rolbypassrls"
        " OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid))",
    )
    assert roles == []


async def test_rows_of_one_tenant_are_read_in_one_round_trip(two_tenants):
    pool = await open_pool(two_tenants, READ, size=2, name="test")
    reader = PostgresReader(pool)
    assert (await one(reader("A"), "toys_lamps", "1")).body == b'{"id":"1","times":1,"room":"hall"}'
    assert await one(reader("C"), "toys_lamps", "1") is None
    found = await page(reader("B"), "toys_lamps", "room = %s", ("hall",), "id", 1, 10)
    assert (found.total, [row.position for row in found.items]) == (1, [2])
    with pytest.raises(Unavailable):  # a table that no projector has made yet
        await reader("A").rows("SELECT 1 FROM read.nothing")
    assert await reader("A").rows("SELECT tenant FROM read.toys_lamps") == [("A",)]
    await pool.close()


async def test_what_many_ask_in_the_same_words_is_each_ones_own_answer(database):
    await prepare(database)
    rooms = ["hall", "attic", "loft", "hall", "cellar"]
    lamps = [(lamp(str(n)), Switched(room)) for n, room in enumerate(rooms)]
    await happen(database, *lamps, (lamp("1", "B"), Switched("hall")))
    await caught_up(database)
    pool = await open_pool(database, READ, size=2, name="test")
    db = PostgresReader(pool)("A")
    of_room = "SELECT id, tenant FROM read.toys_lamps WHERE room = %s ORDER BY id DESC"
    of_moment = "SELECT %s::date + 1"  # which no list of texts is

    async def ask(sql, *params):
        return await db.rows(sql, params)

    for _ in range(2):  # also once it is known what cannot be asked for several at once
        asked = [ask(of_room, room) for room in ("hall", "attic", "nowhere", "cellar", "hall")]
        ids = [one(db, "toys_lamps", str(n)) for n in range(7)]
        days = [ask(of_moment, f"2026-11-0{n}") for n in range(1, 6)]
        by_room, lamps_found, by_day = await asyncio.gather(
            *(asyncio.gather(*every) for every in (asked, ids, days))
        )
        assert by_room == [
            [("3", "A"), ("0", "A")], [("1", "A")], [], [("4", "A")], [("3", "A"), ("0", "A")],
        ]  # fmt: skip
        assert [found and found.id for found in lamps_found] == [*"01234", None, None]
        assert [day.day for ((day,),) in by_day] == [2, 3, 4, 5, 6]
        missing = [ask("SELECT 1 FROM read.nothing WHERE 'a' = %s", str(n)) for n in range(4)]
        rooms_found = [ask(of_room, room) for room in ("hall", "attic", "loft")]
        *failed, hall, attic, loft = await asyncio.gather(
            *missing, *rooms_found, return_exceptions=True
        )
        assert [type(each) for each in failed] == [Unavailable] * 4
        assert (len(hall), attic, loft) == (2, [("1", "A")], [("2", "A")])
    await pool.close()


async def test_a_reader_that_hangs_up_leaves_no_reply_to_another_tenant(two_tenants):
    pool = await open_pool(two_tenants, READ, size=2, name="test")
    reader = PostgresReader(pool)

    async def ask(tenant):
        return await reader(tenant).rows(
            "SELECT tenant, pg_sleep(0.002)::text FROM read.toys_lamps"
        )

    for number in range(60):
        asked = [asyncio.create_task(ask(tenant)) for tenant in "ABAB"]
        await asyncio.sleep(0.0005 * (number % 12))
        asked[number % 4].cancel()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for tenant, answer in zip("ABAB", answers, strict=True):
            assert isinstance(answer, asyncio.CancelledError) or answer == [(tenant, "")]
    await pool.close()


async def test_a_lost_server_is_unavailable(database):
    pool = await open_pool("postgresql://127.0.0.1:1/none", READ, size=1, name="test", timeout=0.2)
    with pytest.raises(Unavailable):
        await PostgresReader(pool)("A").rows("SELECT 1")
    await pool.close()


async def test_everyone_who_waits_sees_their_write(database):
    await prepare(database)
    pool = await open_pool(database, READ, size=2, name="test")
    positions = Positions(pool)
    async with running(database):
        for position in range(1, 6):
            await happen(database, (lamp("1"), Switched()))
            waiting = (positions.wait("toys", position, PATIENCE) for _ in range(50))
            await asyncio.gather(*waiting)
            (row,) = await PostgresReader(pool)("A").rows("SELECT position FROM read.toys_lamps")
            assert row == (position,)
    await pool.close()


async def test_waiting_ends_at_the_deadline(database):
    await prepare(database)
    pool = await open_pool(database, READ, size=1, name="test")
    positions = Positions(pool)
    await positions.wait("toys", 0)
    for projection in ("toys", "unheard_of"):
        with pytest.raises(Unavailable):
            await positions.wait(projection, 1, timeout=0.1)
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    await positions.wait("toys", 1, PATIENCE)
    await pool.close()


async def test_a_position_seen_before_the_server_crashed_is_not_gone_by(database, monkeypatch):
    """Simulated: every connection ends, and what was not yet on the disk is gone."""
    monkeypatch.setattr(seeing, "FRESH", PATIENCE)
    await prepare(database)
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    pool = await open_pool(database, READ, size=2, name="crashing")
    positions = Positions(pool)
    await positions.wait("toys", 1, PATIENCE)
    await fetch(database, "UPDATE read.projections SET position = 0 RETURNING 1")
    await positions.wait("toys", 1, PATIENCE)  # from memory, while the connection lasts
    await fetch(
        database,
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'crashing'",
    )
    with pytest.raises(Unavailable):
        await positions.wait("toys", 1, timeout=0.5)
    await fetch(database, "UPDATE read.projections SET position = 1 RETURNING 1")
    await positions.wait("toys", 1, PATIENCE)
    await pool.close()


async def test_the_first_query_after_a_crash_meets_none_of_the_connections_that_it_ended(database):
    pool = await open_pool(database, READ, size=8, name="crashed")
    async with AsyncExitStack() as taken:
        for _ in range(8):
            await taken.enter_async_context(borrow(pool))
    await fetch(
        database,
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'crashed'",
    )
    assert await PostgresReader(pool)("A").rows("SELECT 1") == [(1,)]
    await pool.close()


async def test_who_waits_while_the_server_is_away_is_served_once_it_is_back(database):
    """For longer than the library tries to reach it, and for less than one waits."""
    async with Proxy(database) as proxy:
        proxy.refuse = True
        pool = await open_pool(proxy.url, READ, size=4, name="waiting")
        pool.timeout = PATIENCE
        asked = asyncio.create_task(PostgresReader(pool)("A").rows("SELECT 1"))
        await asyncio.sleep(3)
        proxy.refuse = False
        assert await asked == [(1,)]
        await pool.close()


async def test_lag_is_told_in_events_and_seconds(database):
    await prepare(database)
    await happen(database, (lamp("1"), Switched()), (lamp("1"), Switched()))
    pool = await open_pool(database, READ, size=1, name="test")
    log = await open_pool(database, APPEND, size=1, name="test")
    positions = Positions(pool, log)
    behind = (await positions.lags())["toys"]
    assert (behind.position, behind.events) == (0, 2)
    assert behind.seconds > 0
    await caught_up(database)
    caught = (await positions.lags())["toys"]
    assert (caught.position, caught.events, caught.seconds) == (2, 0, 0)
    await jump(database)  # what stands before the gap that a restore leaves comes to it by itself
    await fetch(database, "UPDATE read.projections SET position = 2 RETURNING 1")
    assert (await positions.lags())["toys"].seconds == 0
    await happen(database, (lamp("1"), Switched()))
    assert (await positions.lags())["toys"].seconds > 0
    await pool.close()
    await log.close()


async def test_what_a_projection_makes_needs_no_superuser(database):
    async with connected(database) as db:
        await db.execute("DROP ROLE IF EXISTS plain_owner_of_tables")
        await db.execute("CREATE ROLE plain_owner_of_tables NOBYPASSRLS")
        try:
            await db.execute("GRANT ALL ON SCHEMA read TO plain_owner_of_tables")
            await db.execute("SET ROLE plain_owner_of_tables")
            from adapters.projector.tables import definition

            for statement in definition(TOYS["toys"].TABLES[0]):
                await db.execute(statement)
        finally:
            await db.execute("RESET ROLE")
            await db.execute("DROP OWNED BY plain_owner_of_tables")
            await db.execute("DROP ROLE plain_owner_of_tables")
