"""What is left to be paid in cash keeps and takes its stock as a cash order does."""

from datetime import timedelta

import pytest

from application.checkouts import Paying
from domain import payments
from domain.inventory import StockReleased
from domain.money import Money
from tests.policies.market import call

TIPPED = (Paying("cod"), Paying("card", Money(100, "DZD"), "tip"))
PARTLY = (Paying("voucher", Money(1500, "DZD")), Paying("cod", Money(500, "DZD")))


async def with_a_tip_by_card(market):
    return await market.buy(("rug", 2), by=TIPPED)


async def with_the_rest_in_cash(market):
    checkout, orders = await market.buy(("rug", 2), by=PARTLY)
    await market.pay(checkout)
    return checkout, orders


async def with_cash_instead_of_a_card(market):
    checkout, orders = await market.buy(("rug", 2))
    await in_cash(market, checkout)
    await market.fail(checkout)
    return checkout, orders


async def in_cash(market, checkout):
    await market.do(payments, checkout, payments.Intend("rest", "cod", Money(2000, "DZD")))


WAYS = [with_a_tip_by_card, with_the_rest_in_cash, with_cash_instead_of_a_card]


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_left_in_cash_takes_its_stock_when_the_seller_confirms_it(market, way):
    _, (order,) = await way(market)
    await market.settle()
    assert await market.taken("rug") == {}
    await market.orders.confirm(call(), order, None)
    await market.settle()
    assert await market.taken("rug") == {order: 2}


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_left_in_cash_keeps_its_stock_for_ever(market, way):
    _, (order,) = await way(market)
    await market.settle()
    for minutes in (16, 32, 1_000_000):
        await market.expire(order, timedelta(minutes=minutes))
    (kept,) = (await market.stock("rug")).reservations.values()
    assert (kept.quantity, kept.expires_at) == (2, None)
    assert await market.happened(StockReleased) == []


@pytest.mark.parametrize("way", WAYS[1:])
async def test_it_gives_its_stock_back_when_that_cash_will_not_come(market, way):
    checkout, (order,) = await way(market)
    await market.settle()
    await market.expire(order)
    (cash,) = (await market.ledger(checkout)).cash()
    await market.do(payments, checkout, payments.Fail(cash, "declined"))
    await market.settle()
    assert (await market.stock("rug")).available == 5


async def test_cash_that_is_not_all_that_is_lacking_keeps_nothing(market):
    _, (order,) = await market.buy(("rug", 2), by=PARTLY)
    await market.orders.confirm(call(), order, None)
    await market.settle()
    assert await market.taken("rug") == {}
    for minutes in (16, 32):
        await market.expire(order, timedelta(minutes=minutes))
    assert (await market.stock("rug")).available == 5


async def test_what_was_confirmed_before_is_taken_once_cash_is_all_that_is_lacking(market):
    by_voucher, (first,) = await market.buy(("rug", 2), by=PARTLY)
    by_card, (second,) = await market.buy(("tea", 3))
    for order in (first, second):
        await market.orders.confirm(call(), order, None)
    await market.fail(by_card)
    await market.settle()
    assert await market.taken("rug") == await market.taken("tea") == {}
    await market.pay(by_voucher)
    await market.do(payments, by_card, payments.Intend("rest", "cod", Money(900, "DZD")))
    await market.settle()
    assert await market.taken("rug") == {first: 2}
    assert await market.taken("tea") == {second: 3}


async def test_an_order_that_nobody_confirmed_takes_nothing_for_the_cash_of_another(market):
    checkout, (rugs, tea) = await market.buy(("rug", 2), ("tea", 3))
    await market.orders.confirm(call(), tea, None)
    await market.do(payments, checkout, payments.Intend("rest", "cod", Money(2900, "DZD")))
    await market.settle()
    assert await market.taken("tea") == {tea: 3}
    assert await market.taken("rug") == {}
    assert (await market.stock("rug")).reservations[rugs].quantity == 2


def spied(market, monkeypatch):
    """The streams that are read from now on, by context and id."""
    seen, load = [], market.log.load

    async def spying(tenant, streams):
        seen.extend(stream.split("/", 1)[1] for stream in streams)
        return await load(tenant, streams)

    monkeypatch.setattr(market.log, "load", spying)
    return seen


async def test_placing_an_order_in_cash_has_nobody_read_what_was_confirmed(market, monkeypatch):
    checkout, (order,) = await market.buy(("rug", 2), by="cod")
    seen = spied(market, monkeypatch)
    await market.settle()
    assert not {f"payments/{checkout}", f"orders/{order}"} & set(seen)


async def test_confirming_an_order_has_its_ledger_read_and_no_other_order(market, monkeypatch):
    parts = (Paying("voucher", Money(1500, "DZD")), Paying("cod", Money(100, "DZD")))
    checkout, (rug, tea) = await market.buy(("rug", 1), ("tea", 2), by=parts)
    await market.pay(checkout)
    await market.settle()
    await market.orders.confirm(call(), rug, None)
    seen = spied(market, monkeypatch)
    await market.settle()
    assert f"payments/{checkout}" in seen
    assert f"orders/{tea}" not in seen
    assert await market.taken("rug") == {rug: 1}
