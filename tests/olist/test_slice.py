"""The real slice: every figure to the cent, against a plain script and the slice's own facts."""

import json

import pytest

from tests.olist import plain

pytestmark = pytest.mark.timeout(600)


async def test_every_figure_is_what_a_plain_script_counts(imported, real):
    souk, summary = imported
    assert (summary.refused, summary.problems) == ([], [])
    assert await souk.report() == plain.report(real)


async def test_the_log_is_in_the_order_in_which_things_happened(imported):
    souk, _ = imported
    backwards = await souk.rows(
        "SELECT count(*) FROM (SELECT occurred_at < lag(occurred_at) OVER (ORDER BY position)"
        " AS back FROM log.events) AS found WHERE back"
    )
    assert backwards == [(0,)]


async def test_nothing_was_sold_that_was_not_there(imported):
    souk, _ = imported
    sums = await souk.rows(
        "SELECT tag, sum((convert_from(data, 'UTF8')::json->>'quantity')::int) FROM log.events"
        " WHERE tag IN ('inventory.stock_received', 'inventory.stock_reserved') GROUP BY tag"
    )
    sold = dict(sums)
    assert sold["inventory.stock_received"] >= sold["inventory.stock_reserved"]


async def test_the_figures_agree_with_the_facts_that_come_with_the_slice(imported, real):
    told = real / "facts.json"
    if not told.exists():
        pytest.skip("this slice has no facts.json")
    known, (souk, summary) = json.loads(told.read_text()), imported
    report = await souk.report()
    assert summary.orders == known["orders"]
    assert summary.without_items == known["orders_without_items"]
    for ours, theirs in (
        ("items", "items"),
        ("distinct_sellers", "distinct_sellers"),
        ("distinct_products", "distinct_products"),
        ("checkouts_with_2plus_sellers", "orders_with_items_from_2plus_sellers"),
        ("price_total_cents", "price_total_cents"),
        ("freight_total_cents", "freight_total_cents"),
        ("revenue_cents", "revenue_price_plus_freight_cents"),
    ):
        assert report[ours] == known[theirs], ours
