"""Analytics over HTTP: sellers see their own, staff everybody's."""

import asyncio

import pytest
import redis.asyncio as redis
from psycopg import AsyncConnection


@pytest.fixture
def api(town):
    return town.apart()


@pytest.fixture
async def market(api):
    await api.market("ada", "bob")
    return api


async def test_a_seller_sees_their_own_dashboard(market):
    got = await market.of("seller", "ada").get("/analytics/dashboard", after=await head(market))
    assert got.status_code == 200, got.text
    assert (got.json()["shop"], got.json()["open_orders"]) == ("ada's shop", 0)


async def test_staff_name_the_seller_and_others_may_not(market):
    after = await head(market)
    for role in ("admin", "auditor"):
        got = await market.of(role, "root").get("/analytics/dashboard", seller="bob", after=after)
        assert got.json()["id"] == "bob"
    refused = await market.of("seller", "ada").get("/analytics/dashboard", seller="bob")
    assert refused.status_code == 403


async def test_who_never_sold_anything_has_no_dashboard(market):
    got = await market.of("admin", "root").get("/analytics/dashboard")
    assert (got.status_code, got.json()["code"]) == (404, "analytics.unknown_seller")


async def test_a_buyer_sees_no_analytics(market):
    for path in ("dashboard", "sales", "top-products"):
        got = await market.of("buyer", "mia").get(f"/analytics/{path}")
        assert got.status_code == 403


async def test_tenant_totals_are_for_staff(market):
    refused = await market.of("seller", "ada").get("/analytics/sales")
    assert refused.status_code == 403
    got = await market.of("admin", "root").get("/analytics/sales")
    assert (got.status_code, got.json()["checkouts"]) == (200, 0)


async def test_revenue_and_top_products_are_lists(market):
    seller = market.of("seller", "ada")
    days = {"from": "2017-01-01", "to": "2017-06-30"}
    for got in (
        await seller.get("/analytics/revenue", **days),
        await seller.get("/analytics/top-products"),
    ):
        assert got.status_code == 200, got.text
        assert (got.json()["items"], got.json()["pagination"]["total"]) == ([], 0)
    assert (await seller.get("/analytics/revenue", **{"from": "x"})).status_code == 400


async def head(market):
    """The position of the last command."""
    made = await market.of("admin", "root").post(
        "/identity/members", {"user": "zoe", "role": "buyer"}
    )
    return made.json()["position"]


async def test_a_dashboard_is_read_from_valkey_and_from_the_table_without_it(market):
    seller, after = market.of("seller", "ada"), await head(market)
    shown = (await seller.get("/analytics/dashboard", after=after)).json()
    counters, table = market.souk.counters, "analytics_sellers"
    while not await counters.known(market.tenant, table, ["ada"], after):  # noqa: ASYNC110
        await asyncio.sleep(0.02)

    async with await AsyncConnection.connect(market.souk.settings.postgres_url) as owner:
        await owner.execute(
            f"DELETE FROM read.{table} WHERE id = 'ada' AND tenant = %s", (market.tenant,)
        )
    assert (await seller.get("/analytics/dashboard")).json() == shown

    valkey = redis.Redis.from_url(market.souk.settings.valkey_url)
    await valkey.flushdb()
    await valkey.aclose()
    assert (await seller.get("/analytics/dashboard")).status_code == 404
