"""An invented marketplace, imported: every figure is what the files say."""

import asyncio

import pytest

from adapters.log.log import PostgresLog
from entrypoints.olist import Progress, Unreadable, import_olist
from entrypoints.olist.names import checkout_id
from entrypoints.settings import Settings
from tests.olist import plain
from tests.olist.invented import Shop, every_kind

ONE = [("lamp", "ana", "10.00", "1.50")]
STEPS = """SELECT split_part(tag, '.', 2), to_char(occurred_at AT TIME ZONE 'UTC', 'DD')
    FROM log.events WHERE stream LIKE '%%/orders/%%' AND correlation = %s ORDER BY position"""


async def steps(souk, order):
    return await souk.rows(STEPS, checkout_id(order))


async def count(souk, sql="SELECT count(*) FROM log.events"):
    ((found,),) = await souk.rows(sql)
    return found


@pytest.mark.parametrize("zipped", [False, True])
async def test_every_figure_is_what_a_plain_script_counts(souk, tmp_path, zipped):
    directory = every_kind().write(tmp_path, zipped)
    summary = await souk.run(directory)
    assert (summary.refused, summary.problems) == ([], [])
    assert (summary.orders, summary.without_items, summary.checkouts) == (24, 1, 23)
    assert await souk.report() == plain.report(directory)


async def test_running_again_changes_nothing(souk, tmp_path):
    directory = every_kind().write(tmp_path)
    first = await souk.run(directory)
    events, report = await count(souk), await souk.report()
    again = await souk.run(directory)
    assert (again.facts_done, again.facts_already) == (0, first.facts_done)
    assert (await count(souk), await souk.report()) == (events, report)


async def test_it_has_more_patience_with_a_slow_log_than_who_waits_for_an_answer(
    database, tmp_path, monkeypatch
):
    monkeypatch.setitem(PostgresLog.__init__.__kwdefaults__, "patience", 0.0001)
    settings = Settings(database, "", "", "", bytes(32), "", b"")
    summary = await import_olist(settings, every_kind().write(tmp_path), "olist")
    assert (summary.refused, summary.facts_already) == ([], 0)


class Stop(Progress):
    """Stops the import after so many facts."""

    def __init__(self, after):
        self._left, self._task = after, asyncio.current_task()

    def advance(self, facts):
        self._left -= facts
        if self._left <= 0:
            self._task.cancel()


@pytest.mark.parametrize("after", [1, 9, 30])
async def test_stopped_and_run_again_it_ends_up_the_same(souk, tmp_path, after):
    directory = every_kind().write(tmp_path)
    stopped = asyncio.create_task(stop_after(souk, directory, after))
    assert await stopped
    summary = await souk.run(directory)
    assert summary.refused == []
    assert summary.facts_already > 0
    assert await souk.report() == plain.report(directory)
    keys, streams = await souk.rows(
        "SELECT count(*) FROM log.answers UNION ALL"
        " SELECT count(DISTINCT stream) FROM log.events WHERE tag = 'checkouts.checkout_placed'"
    )
    assert keys == (summary.facts_done + summary.facts_already,)
    assert streams == (23,)


async def stop_after(souk, directory, facts):
    try:
        await souk.run(directory, Stop(facts))
    except asyncio.CancelledError:
        asyncio.current_task().uncancel()
        return True
    return False


async def test_two_imports_at_once_make_no_duplicate(souk, tmp_path):
    directory = every_kind().write(tmp_path)
    await asyncio.gather(souk.run(directory), souk.run(directory))
    assert await souk.report() == plain.report(directory)


async def test_a_step_happens_no_earlier_than_those_before_it(souk, tmp_path):
    await souk.run(every_kind().write(tmp_path))
    assert await steps(souk, "early-carrier") == [
        ("order_placed", "01"),
        ("order_confirmed", "06"),
        ("processing_started", "06"),
        ("order_shipped", "06"),
        ("order_delivered", "06"),
    ]
    assert {day for _, day in await steps(souk, "no-dates")} == {"01"}
    assert len(await steps(souk, "no-dates")) == 5


async def test_a_cancelled_order_with_a_carrier_is_cancelled_unshipped_at_its_last_date(
    souk, tmp_path
):
    await souk.run(every_kind().write(tmp_path))
    assert await steps(souk, "unshipped") == [
        ("order_placed", "01"),
        ("order_confirmed", "02"),
        ("order_cancelled", "04"),
    ]


async def test_the_log_is_in_the_order_in_which_things_happened(souk, tmp_path):
    await souk.run(every_kind().write(tmp_path))
    times = await souk.rows("SELECT occurred_at FROM log.events ORDER BY position")
    assert times == sorted(times)


async def test_prices_change_when_a_sale_shows_it(souk, tmp_path):
    await souk.run(every_kind().write(tmp_path))
    changed = await souk.rows(
        "SELECT convert_from(data, 'UTF8')::json->'new'->>'minor' FROM log.events"
        " WHERE tag = 'catalog.price_changed' ORDER BY position"
    )
    assert changed == [("2500",), ("2000",)]


async def test_one_olist_product_of_two_sellers_is_two_products_here(souk, tmp_path):
    Shop().order("both", [*ONE, ("lamp", "bia", "9.00", "1.00")]).write(tmp_path)
    await souk.run(tmp_path)
    assert (
        await count(souk, "SELECT count(*) FROM log.events WHERE tag = 'catalog.product_created'")
        == 2
    )
    assert (await souk.report())["distinct_products"] == 1


async def test_a_longer_history_of_the_same_tenant_goes_on_from_the_shorter_one(souk, tmp_path):
    shop = Shop().order("first", ONE, "shipped", ("02", "03", None))
    await souk.run(shop.write(tmp_path))
    shop.rows["orders"].clear()
    shop.rows["order_items"].clear()
    shop.rows["payments"].clear()
    shop.order("first", ONE).order("second", [("lamp", "ana", "12.00", "1.50")], day="06")
    summary = await souk.run(shop.write(tmp_path))
    assert summary.refused == []
    assert await souk.report() == plain.report(tmp_path)


async def test_an_empty_history_is_no_error(souk, tmp_path):
    summary = await souk.run(Shop().write(tmp_path))
    assert (summary.orders, summary.facts_done) == (0, 0)
    assert await souk.report() == plain.report(tmp_path)


async def test_without_its_orders_a_directory_is_refused(souk, tmp_path):
    with pytest.raises(Unreadable, match=r"orders\.csv"):
        await souk.run(tmp_path)


async def test_a_damaged_directory_gives_the_figures_of_its_whole_rows(souk, tmp_path):
    sound = Shop().order("a", ONE).order("b", ONE, day="02")
    (tmp_path / "sound").mkdir()
    (tmp_path / "damaged").mkdir()
    expected = plain.report(sound.write(tmp_path / "sound"))
    sound.rows["orders"].append(("c", "x", "lost", "2017-05-01 10:00:00", "", "", "", ""))
    sound.rows["order_items"].append(("c", 1, "lamp", "ana", "", "10.00", "1.00"))
    sound.rows["order_items"].append(("a", 2, "lamp", "ana", "", "ten", "1.00"))
    sound.rows["payments"].append(("a", 2))
    directory = sound.write(tmp_path / "damaged")
    summary = await souk.run(directory)
    assert [str(problem) for problem in summary.problems] == [
        "orders.csv:4: order_status is none of Olist's: 'lost', skipped",
        "order_items.csv:4: order_id is not in orders: 'c', skipped",
        "order_items.csv:5: price is no amount: 'ten', skipped",
        "payments.csv:4: 2 cells, the header has 5, skipped",
    ]
    assert summary.damaged == 4
    assert await souk.report() == expected


async def test_a_gzip_that_ends_in_the_middle_is_reported_and_what_is_whole_is_read(souk, tmp_path):
    shop = Shop()
    for number in range(300):
        shop.order(f"order-{number}", ONE, "created", (None, None, None))
    shop.write(tmp_path, zipped=True)
    path = tmp_path / "payments.csv.gz"
    path.write_bytes(path.read_bytes()[:700])
    summary = await souk.run(tmp_path)
    assert summary.problems[-1].file == "payments.csv.gz"
    assert "cannot be read from here on" in summary.problems[-1].what
    assert summary.checkouts == 300
