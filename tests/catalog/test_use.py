"""Offering products, on a real log: names are unique, and one's own are one's own."""

import asyncio
from uuid import uuid4

import pytest

from application.catalog import Catalog
from application.ports import Forbidden, Missing, Taken
from domain import catalog
from domain.catalog import AssignSku, ChangePrice, CreateProduct, DescribeProduct, Describing
from domain.money import Money
from tests.policies.market import call, market_at


def product(slug, seller="karim", sku=None):
    return CreateProduct(seller, Describing(slug.title(), slug), Money(1000, "DZD"), sku=sku)


@pytest.fixture
async def market(database):
    async with market_at(database, {}) as market:
        for seller in ("karim", "amina"):
            await market.seller(seller)
        market.catalog = Catalog(market.commands)
        yield market


async def offered(market, new):
    id = str(uuid4())
    await market.catalog.create(call(), id, new)
    return id


async def test_of_many_who_want_one_slug_exactly_one_has_it(market):
    wanted = [offered(market, product("rug", seller)) for seller in ("karim", "amina") * 10]
    results = await asyncio.gather(*wanted, return_exceptions=True)
    assert len([r for r in results if isinstance(r, str)]) == 1
    assert {r.kind for r in results if not isinstance(r, str)} == {"catalog.slug"}


async def test_a_slug_that_was_left_is_free(market):
    rug = await offered(market, product("rug"))
    described = DescribeProduct(Describing("Carpet", "carpet"))
    await market.catalog.describe(call(), rug, "karim", described)
    await offered(market, product("rug", "amina"))
    with pytest.raises(Taken):
        await offered(market, product("carpet", "amina"))


async def test_a_sku_is_unique_for_its_seller_only(market):
    rug = await offered(market, product("rug", sku="R1"))
    await offered(market, product("mat", "amina", sku="R1"))
    with pytest.raises(Taken):
        await offered(market, product("kilim", sku="R1"))
    await market.catalog.change(call(), rug, "karim", AssignSku(None))
    await offered(market, product("kilim", sku="R1"))


async def test_another_sellers_product_is_theirs_and_staff_may_act_on_anyones(market):
    rug = await offered(market, product("rug"))
    price = ChangePrice(Money(900, "DZD"))
    with pytest.raises(Forbidden):
        await market.catalog.change(call(), rug, "amina", price)
    await market.catalog.change(call(), rug, None, price)
    assert (await market.state(catalog, rug)).price == Money(900, "DZD")


async def test_who_does_not_sell_offers_nothing_and_what_is_not_there_is_missing(market):
    with pytest.raises(Forbidden):
        await offered(market, product("rug", "somebody"))
    with pytest.raises(Missing):
        await market.catalog.change(call(), str(uuid4()), None, ChangePrice(Money(1, "DZD")))
