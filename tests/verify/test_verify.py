"""`souk verify`: what is as the log says passes, and whatever is not is found and named."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from adapters.projector.leader import connected
from adapters.projector.rebuild import rebuild
from adapters.projector.verify import Verification, counters, scratch
from adapters.projector.verify.verification import GONE
from projections import PROJECTIONS
from tests.verify.shop import Quiet


async def test_a_clean_system_has_no_differences(shop):
    differences, done = await shop.look()
    assert differences == []
    assert done.tables == sum(len(projection.TABLES) for projection in PROJECTIONS.values())
    assert (done.rows > 20, done.counters > 3) == (True, True)
    assert shop.progress.total == shop.progress.done == done.position


async def test_it_is_clean_too_while_the_market_goes_on(shop):
    stop = asyncio.Event()

    async def go_on():
        seller = shop.api.of("seller", "sara")
        while not stop.is_set():
            done = await seller.post(f"/inventory/{shop.product}/receive", {"quantity": 1})
            assert done.status_code == 200
            await asyncio.sleep(0.1)  # or verifying runs after a log that grows as fast

    busy = [asyncio.create_task(go_on()) for _ in range(4)]
    try:
        for _ in range(3):
            assert (await shop.look())[0] == []
    finally:
        stop.set()
        await asyncio.gather(*busy)


async def test_what_does_not_fit_into_memory_is_folded_all_the_same(shop, monkeypatch):
    monkeypatch.setattr(scratch, "KEPT", 0)
    assert (await shop.look())[0] == []


@pytest.mark.parametrize(
    ("sql", "what", "fields"),
    [
        ("DELETE FROM read.orders_orders WHERE id = %s", "missing", ()),
        (
            "UPDATE read.orders_orders SET body = convert_to(replace(convert_from(body, 'UTF8'),"
            ' \'"status":"confirmed"\', \'"status":"shipped"\'), \'UTF8\') WHERE id = %s',
            "changed",
            ("status",),
        ),
        (
            "UPDATE read.orders_orders SET status = 'shipped' WHERE id = %s",
            "changed",
            ("status (column)",),
        ),
        ("UPDATE read.orders_orders SET personal = NULL WHERE id = %s", "changed", ("personal",)),
        (
            "UPDATE read.orders_orders SET position = position + 1000000 WHERE id = %s",
            "changed",
            ("position",),
        ),
        ("UPDATE read.orders_orders SET body = '{' WHERE id = %s", "changed", None),
    ],
)
async def test_a_row_that_is_changed_or_gone_is_named_with_its_fields(shop, sql, what, fields):
    assert shop.change(sql, shop.order) == 1
    ((table, id, found, differing),) = (await shop.look())[0]
    assert (table, id, found) == ("read.orders_orders", shop.order, what)
    assert fields is None or differing == fields


async def test_a_position_beyond_the_end_of_the_log_is_named(shop):
    sql = "UPDATE read.projections SET position = position + 1000000 WHERE name = %s"
    assert shop.change(sql, "carts") == 1
    ((name, _, what, _),) = (await shop.look())[0]
    assert (name, "is beyond the log's end" in what) == ("carts", True)


async def test_a_row_too_many_is_named(shop):
    shop.copy("catalog_products", shop.product, "ghost")
    assert (await shop.look())[0] == [("read.catalog_products", "ghost", "extra", ())]


async def test_a_counter_that_is_changed_missing_or_too_many_is_named(shop, monkeypatch):
    assert (await shop.look())[0] == []  # which waits for Valkey to be up to date
    monkeypatch.setattr(counters, "SETTLING", 0.5)
    stock = [shop.counter("inventory_items", id) for id in (shop.product, "ghost")]
    sales = shop.counter("analytics_sales", "sales")
    good = shop.valkey.hgetall(stock[0])
    wrong = good[b"document"].replace(b'"on_hand":5', b'"on_hand":7')
    shop.valkey.hset(stock[0], "document", wrong)
    owned = {b"owner": stock[1].encode()}
    shop.valkey.hset(stock[1], mapping=good | owned)
    assert shop.valkey.delete(sales) == 1
    assert sorted((await shop.look())[0]) == [
        ("valkey.analytics_sales", "sales", "missing", ()),
        ("valkey.inventory_items", shop.product, "changed", ("on_hand",)),
        ("valkey.inventory_items", "ghost", "extra", ()),
    ]


async def test_a_counter_that_moves_after_a_first_look_that_took_long_is_looked_at_again(
    shop, monkeypatch
):
    assert (await shop.look())[0] == []  # which waits for Valkey to be up to date
    stock = shop.counter("inventory_items", shop.product)
    good = shop.valkey.hget(stock, "document")
    shop.valkey.hset(stock, "document", good.replace(b'"on_hand":5', b'"on_hand":7'))
    late, looks, unequal = [0.0], [], counters.Counters._unequal

    async def slow(self, counted, places):
        left = await unequal(self, counted, places)
        looks.append(len(left))
        if left:
            late[0] += 2 * counters.SETTLING
            shop.valkey.hset(stock, "document", good)
        return left

    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + late[0])
    monkeypatch.setattr(counters, "time", clock)
    monkeypatch.setattr(counters.Counters, "_unequal", slow)
    assert (await shop.look())[0] == []
    assert 1 in looks


async def test_few_suspects_are_looked_at_at_once(shop, monkeypatch):
    """What is read of Postgres and of Valkey belongs together."""
    assert (await shop.look())[0] == []
    stock = [shop.counter("inventory_items", f"ghost-{number}") for number in range(5)]
    good = shop.valkey.hgetall(shop.counter("inventory_items", shop.product))
    for ghost in stock:
        shop.valkey.hset(ghost, mapping=good | {b"owner": ghost.encode()})
    held, most = counters.Counters._held, []

    async def note(self, counted, places):
        most.append(len(places := list(places)))
        return await held(self, counted, places)

    monkeypatch.setattr(counters.Counters, "_held", note)
    monkeypatch.setattr(counters, "AT_ONCE", 2)
    monkeypatch.setattr(counters, "SETTLING", 0.5)
    assert len((await shop.look())[0]) == len(stock)
    assert max(most) == 2


async def test_an_event_that_is_altered_breaks_its_chain(shop):
    shop.change("UPDATE log.events SET actor = 'mallory' WHERE position = 3")
    assert (await shop.look())[0] == [("log.events", "3", "does not fit the hash chain", ())]


async def test_events_cut_off_the_end_are_missed(shop):
    position = (await shop.look())[1].position
    shop.change("DELETE FROM log.events WHERE position = %s", position)
    found = {(table, what) for table, _, what, _ in (await shop.look())[0]}
    assert ("log.events", "is not where the chain ends") in found
    assert ("log.events", "is not where the log ends") in found


async def test_tables_of_another_version_are_told_and_the_rest_compared(shop):
    shop.change("UPDATE read.projections SET shape = 'other' WHERE name = 'tenants'")
    differences, done = await shop.look()
    assert differences == [("tenants", "", "its tables are not of this version; migrate", ())]
    assert done.tables > 5


@pytest.mark.parametrize("times", [1, 2])
async def test_what_is_built_again_meanwhile_is_compared_where_it_went(shop, times):
    """Once: the replaced tables are still there. Twice: they are not, which is said."""
    shop.change("DELETE FROM read.carts_carts WHERE id = %s", shop.cart)
    found = []
    async with connected(shop.database, "test") as db, db.transaction():
        await db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        verification = Verification(db, PROJECTIONS, found.append)
        await verification.fold(Quiet())
        for _ in range(times):
            await rebuild(shop.database, "carts", PROJECTIONS["carts"])
        await verification.compare()
    told = {1: f"read.carts_carts bazaar {shop.cart}: missing", 2: f"read.carts_carts: {GONE}"}
    assert [str(difference) for difference in found] == [told[times]]


async def test_it_is_clean_after_a_rebuild(shop):
    for name in ("catalog", "analytics"):
        await rebuild(shop.database, name, PROJECTIONS[name])
    assert (await shop.look())[0] == []
