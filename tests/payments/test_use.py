"""Who may do what with a checkout's money, on a real log."""

import asyncio

import pytest

from application.checkouts import Paying
from application.payments import Cashier
from application.ports import Forbidden, Missing
from domain.kernel import Rejected
from domain.money import Money
from domain.payments import CheckoutPaid, PaymentCaptured, RefundRequested
from tests.policies.market import call


def dzd(minor):
    return Money(minor, "DZD")


@pytest.fixture
def use(market):
    return Cashier(market.commands)


async def test_a_buyer_says_how_they_will_pay_the_rest(market, use):
    checkout, _ = await market.buy(("tea", 1), ("cup", 1))
    receipt = await use.intend(call(), checkout, "p1", "amina", "boleto")
    assert receipt.id == "p1"
    assert (await market.ledger(checkout)).payments["p1"].amount == 1000


async def test_another_buyer_knows_nothing_of_it(market, use):
    checkout, _ = await market.buy(("tea", 1))
    with pytest.raises(Missing) as refusal:
        await use.intend(call(), checkout, "p1", "mallory", "card")
    assert refusal.value.code == "payments.unknown_checkout"


async def test_another_tenants_checkout_does_not_exist(market, use):
    checkout, _ = await market.buy(("tea", 1))
    with pytest.raises(Missing):
        await use.capture(call(tenant="elsewhere"), checkout, market.payment(checkout))


async def test_staff_record_an_authorisation_and_a_capture(market, use):
    checkout, _ = await market.buy(("tea", 1), ("cup", 1))
    await use.authorise(call(), checkout, market.payment(checkout))
    await use.capture(call(), checkout, market.payment(checkout))
    assert (await market.ledger(checkout)).paid


async def test_staff_record_a_failure(market, use):
    checkout, _ = await market.buy(("tea", 1))
    await use.fail(call(), checkout, market.payment(checkout), "declined")
    with pytest.raises(Rejected) as refusal:
        await use.capture(call(), checkout, market.payment(checkout))
    assert refusal.value.code == "payments.already_failed"


async def test_a_payment_that_was_never_meant_is_missing(market, use):
    checkout, _ = await market.buy(("tea", 1))
    with pytest.raises(Missing) as refusal:
        await use.capture(call(), checkout, "p9")
    assert refusal.value.code == "payments.unknown_payment"


async def test_each_seller_collects_the_cash_of_their_order(market, use):
    checkout, orders = await market.buy(("tea", 1), ("cup", 1), by="cod")
    sold = {(await market.order(order)).seller: order for order in orders}
    await use.collect(call(), checkout, sold["tom"], "tom")
    assert not (await market.ledger(checkout)).paid
    await use.collect(call(), checkout, sold["eve"], "eve")
    assert (await market.ledger(checkout)).paid


async def test_a_seller_collects_for_nobody_else(market, use):
    checkout, orders = await market.buy(("tea", 1), ("cup", 1), by="cod")
    sold = {(await market.order(order)).seller: order for order in orders}
    with pytest.raises(Forbidden) as refusal:
        await use.collect(call(), checkout, sold["eve"], "tom")
    assert refusal.value.code == "payments.not_yours"


async def test_who_sells_nothing_in_a_checkout_knows_nothing_of_it(market, use):
    checkout, (order,) = await market.buy(("tea", 1), by="cod")
    with pytest.raises(Missing):
        await use.collect(call(), checkout, order, "eve")


async def test_a_deposit_is_captured_applied_and_pays(market, use):
    deposit = Paying("cod", purpose="deposit")
    checkout, _ = await market.buy(("tea", 1), by=(deposit,))
    payment = market.payment(checkout)
    await use.capture(call(), checkout, payment)
    assert not (await market.ledger(checkout)).paid
    await use.apply_deposit(call(), checkout, payment)
    assert (await market.ledger(checkout)).paid


async def test_a_deposit_goes_back(market, use):
    deposit = Paying("cod", purpose="deposit")
    checkout, _ = await market.buy(("tea", 1), by=(deposit,))
    await use.capture(call(), checkout, market.payment(checkout))
    await use.return_deposit(call(), checkout, market.payment(checkout))
    assert (await market.ledger(checkout)).captured == 0


async def test_a_requested_refund_is_paid_out(market, use):
    checkout, (order,) = await market.buy(("tea", 1))
    await market.pay(checkout)
    await market.cancel(order)
    await market.settle()
    await use.refund(call(), checkout, "1")
    assert (await market.ledger(checkout)).refunds["1"].refunded
    with pytest.raises(Missing):
        await use.refund(call(), checkout, "2")


async def test_staff_ask_money_back_for_an_order_and_the_buyer_is_not_asked_for_it_again(
    market, use
):
    checkout, orders = await market.buy(("tea", 1), ("cup", 1))
    await market.pay(checkout)
    sold = {(await market.order(order)).seller: order for order in orders}
    asked = await use.request_refund(call(), checkout, sold["tom"], "faulty", dzd(150))
    assert asked.id == "1"
    await use.intend(call(), checkout, "p1", "amina", "card")
    ledger = await market.ledger(checkout)
    assert (ledger.due, ledger.held, ledger.payments["p1"].amount) == (850, 850, 0)
    await use.request_refund(call(), checkout, sold["tom"], "returned")
    await use.refund(call(), checkout, "2")
    ledger = await market.ledger(checkout)
    assert (ledger.due, ledger.refunds["2"].amount.minor) == (400, 450)


async def test_an_order_that_is_cancelled_after_some_was_asked_back_gets_only_the_rest(market, use):
    checkout, (order,) = await market.buy(("tea", 1))
    await market.pay(checkout)
    await use.request_refund(call(), checkout, order, "faulty", dzd(150))
    await market.cancel(order)
    await market.settle()
    back = [refund.event.amount.minor for refund in await market.happened(RefundRequested)]
    assert back == [150, 450]


async def test_staff_record_what_came_in_after_all_when_every_order_is_cancelled(market, use):
    checkout, (order,) = await market.buy(("tea", 1))
    await market.fail(checkout)
    await market.cancel(order)
    await market.settle()
    with pytest.raises(Rejected) as refusal:
        await use.intend(call(), checkout, "p1", "amina", "card")
    assert refusal.value.code == "payments.nothing_due"
    await use.intend(call(), checkout, "p1", None, "card", dzd(600))
    await use.capture(call(), checkout, "p1")
    (refund,) = await market.happened(RefundRequested)
    assert (refund.event.seller, refund.event.amount.minor) == (None, 600)


async def test_nothing_is_asked_back_for_an_order_of_another_checkout(market, use):
    checkout, _ = await market.buy(("tea", 1))
    with pytest.raises(Missing) as refusal:
        await use.request_refund(call(), checkout, "elsewhere", "faulty")
    assert refusal.value.code == "payments.unknown_share"


async def test_captures_that_arrive_at_once_pay_the_checkout_once(market, use):
    checkout, _ = await market.buy(("tea", 1))
    payment = market.payment(checkout)
    await asyncio.gather(*(use.capture(call(), checkout, payment) for _ in range(10)))
    assert len(await market.happened(PaymentCaptured)) == 1
    assert len(await market.happened(CheckoutPaid)) == 1


async def test_the_money_of_another_currency_is_refused(market, use):
    checkout, _ = await market.buy(("tea", 1))
    with pytest.raises(Rejected) as refusal:
        await use.intend(call(), checkout, "p1", "amina", "card", Money(1, "BRL"))
    assert refusal.value.code == "money.currency_mixed"
