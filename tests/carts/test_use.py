"""Filling carts, on a real log."""

from uuid import uuid4

import pytest

from application.carts import Carts
from application.ports import Missing
from domain import carts, catalog, identity
from domain.catalog import ChangePrice, RetireProduct, SetMinimum
from domain.identity import DismissSeller, RemoveMember
from domain.kernel import Rejected
from domain.money import Money
from tests.policies.market import call, market_at


def dzd(minor):
    return Money(minor, "DZD")


@pytest.fixture
async def market(database):
    async with market_at(database, {}) as market:
        await market.seller("karim")
        await market.product("rug", "karim", 5)
        market.carts = Carts(market.commands)
        market.cart = str(uuid4())
        await market.carts.open(call(), market.cart, "amina")
        yield market


async def line(market):
    return (await market.state(carts, market.cart)).lines["rug"]


async def test_an_item_is_added_as_the_catalogue_has_it(market):
    receipt = await market.carts.add_item(call(), market.cart, "amina", "rug", 2)
    rug = await line(market)
    assert (rug.seller, rug.name, rug.unit_price, rug.quantity) == ("karim", "rug", dzd(1000), 2)
    assert (receipt.id, receipt.version) == (market.cart, 2)


async def test_the_price_held_stays_when_the_live_one_moves(market):
    await market.carts.add_item(call(), market.cart, "amina", "rug", 2)
    await market.do(catalog, "rug", ChangePrice(dzd(1100)))
    await market.carts.add_item(call(), market.cart, "amina", "rug", 1)
    rug = await line(market)
    assert (rug.unit_price, rug.quantity) == (dzd(1000), 3)


async def test_the_minimum_of_this_moment_holds(market):
    await market.do(catalog, "rug", SetMinimum(3))
    with pytest.raises(Rejected, match=r"carts\.below_minimum"):
        await market.carts.add_item(call(), market.cart, "amina", "rug", 2)


async def test_a_change_goes_by_the_minimum_as_it_is_now(market):
    await market.do(catalog, "rug", SetMinimum(5))
    await market.carts.add_item(call(), market.cart, "amina", "rug", 5)
    await market.do(catalog, "rug", SetMinimum(2))
    await market.carts.change_quantity(call(), market.cart, "amina", "rug", 3)
    assert (await line(market)).quantity == 3
    await market.do(catalog, "rug", SetMinimum(20))
    with pytest.raises(Rejected, match=r"carts\.below_minimum"):
        await market.carts.change_quantity(call(), market.cart, "amina", "rug", 10)


async def test_what_is_no_longer_sold_can_still_be_made_less_of(market):
    await market.carts.add_item(call(), market.cart, "amina", "rug", 3)
    await market.do(catalog, "rug", RetireProduct())
    await market.carts.change_quantity(call(), market.cart, "amina", "rug", 1)
    assert (await line(market)).quantity == 1


async def test_what_is_unknown_or_retired_cannot_be_added(market):
    with pytest.raises(Rejected, match=r"carts\.unknown_product"):
        await market.carts.add_item(call(), market.cart, "amina", "ghost", 1)
    await market.do(catalog, "rug", RetireProduct())
    with pytest.raises(Rejected, match=r"carts\.product_retired"):
        await market.carts.add_item(call(), market.cart, "amina", "rug", 1)


async def test_of_who_was_dismissed_or_removed_nothing_more_is_added(market):
    await market.carts.add_item(call(), market.cart, "amina", "rug", 2)
    for gone in (DismissSeller(), RemoveMember()):
        await market.do(identity, "karim", gone)
        with pytest.raises(Rejected, match=r"carts\.seller_gone"):
            await market.carts.add_item(call(), market.cart, "amina", "rug", 1)
    await market.carts.change_quantity(call(), market.cart, "amina", "rug", 1)
    assert (await line(market)).quantity == 1


async def test_lines_are_changed_removed_and_cleared(market):
    await market.carts.add_item(call(), market.cart, "amina", "rug", 2)
    await market.carts.change_quantity(call(), market.cart, "amina", "rug", 4)
    assert (await line(market)).quantity == 4
    await market.carts.remove(call(), market.cart, "amina", "rug")
    receipt = await market.carts.clear(call(), market.cart, "amina")
    assert receipt.version == 4  # clearing an empty cart is no news
    assert (await market.state(carts, market.cart)).lines == {}


async def test_only_the_owner_and_staff_know_of_a_cart(market):
    with pytest.raises(Missing):
        await market.carts.add_item(call(), market.cart, "eve", "rug", 1)
    with pytest.raises(Missing):
        await market.carts.clear(call(), str(uuid4()), "amina")
    await market.carts.add_item(call(), market.cart, None, "rug", 1)


async def test_another_tenants_cart_is_not_there(market):
    with pytest.raises(Missing):
        await market.carts.clear(call(tenant="souk"), market.cart, "amina")
