"""Many rows of one person are written over in slices, each for itself."""

import asyncio

import msgspec
import pytest

from adapters.erasing import rows
from adapters.postgres.pools import PROJECT
from adapters.projector import leader
from tests.erasures.test_rules import box
from tests.projector.toys import connected, fetch

ROW = """INSERT INTO read.{} (tenant, id, position, body, personal, buyer, customer_phone)
VALUES (%s, %s, 1, '{{}}', %s, 'ana', %s) RETURNING 1"""
LEFT = """SELECT id, convert_from(personal, 'UTF8')::jsonb->'phone'->>'sealed', customer_phone,
position FROM read.{} ORDER BY tenant, id"""
ORDERS, BESIDE = "orders_orders", "orders_orders__beside"
ERASED = ("erased", None, 7)


@pytest.fixture
async def orders(database, monkeypatch):
    """Five orders of ana's, one of bob's with her number, and one of another tenant's ana."""
    monkeypatch.setattr(rows, "SLICE", 2)
    await order(database, ORDERS, *(("A", f"o{n}", "ana", "h1") for n in range(5)))
    await order(database, ORDERS, ("A", "o5", "bob", "h1"), ("B", "o6", "ana", "h1"))
    set = "UPDATE read.projections SET position = 7 WHERE name = 'orders' RETURNING 1"
    await fetch(database, set)
    return database


async def order(database, table, *orders):
    for tenant, id, whose, hash in orders:
        phone = msgspec.json.encode({"phone": box(whose, hash)})
        await fetch(database, ROW.format(table), tenant, id, phone, hash)


async def purged(database):
    async with leader.connected(database, "tests", PROJECT) as db:
        return await rows.purge_rows(db, "A", "ana")


async def left(database, table=ORDERS):
    return {id: tuple(rest) for id, *rest in await fetch(database, LEFT.format(table))}


async def test_every_slice_is_written_over_and_nobody_elses_row_is(orders):
    assert await purged(orders) == {"rows": 5, "changes": 0}
    found = await left(orders)
    assert [found[f"o{n}"] for n in range(5)] == [ERASED] * 5
    assert [found[id][1:] for id in ("o5", "o6")] == [("h1", 1)] * 2
    assert "erased" not in (found["o5"][0], found["o6"][0])
    assert await purged(orders) == {"rows": 0, "changes": 0}


async def test_a_slice_is_done_while_the_next_waits_and_what_was_built_meanwhile_is_found(orders):
    async with connected(orders) as owner:
        async with owner.transaction():
            await owner.execute(f"SELECT FROM read.{ORDERS} WHERE id = 'o3' FOR UPDATE")
            purging = asyncio.create_task(purged(orders))
            while (await left(orders))["o1"] != ERASED:  # committed, so the projection was free
                assert not purging.done()
                await asyncio.sleep(0.01)
            assert (await left(orders))["o2"] != ERASED
            await owner.execute(
                f"CREATE TABLE read.{BESIDE} AS SELECT * FROM read.{ORDERS} WHERE id = 'o4';"
                f" GRANT SELECT, UPDATE ON read.{BESIDE} TO souk_project;"
                " INSERT INTO read.projections (name, version, shape, position, tables)"
                f" SELECT 'orders__beside', version, shape, 7, ARRAY['{BESIDE}']"
                " FROM read.projections WHERE name = 'orders'"
            )
        assert await purging == {"rows": 6, "changes": 0}
    assert await left(orders, BESIDE) == {"o4": ERASED}
    assert [(await left(orders))[f"o{n}"] for n in range(5)] == [ERASED] * 5
