"""Stock follows the money and the seller."""

from datetime import UTC, datetime, timedelta

import pytest

from application.checkouts import Paying
from application.policies.stock import STOCK
from application.ports import Receipt
from domain import inventory, orders, payments
from domain.inventory import AdjustStock, ReceiveStock, StockCommitted, StockReleased, StockReserved
from domain.kernel import Rejected
from domain.money import Money
from tests.policies.market import call

LONG_AGO = datetime(2017, 3, 4, 5, 6, 7, tzinfo=UTC)


async def test_a_paid_order_takes_its_stock(market):
    checkout, (order,) = await market.buy(("rug", 2))
    await market.pay(checkout)
    await market.settle()
    rugs = await market.stock("rug")
    assert (rugs.on_hand, rugs.reserved) == (3, 0)
    assert await market.taken("rug") == {order: 2}


async def test_every_order_of_a_paid_checkout_takes_its_stock(market):
    checkout, (rugs, tea) = await market.buy(("rug", 1), ("lamp", 1), ("tea", 4))
    await market.pay(checkout)
    await market.settle()
    assert await market.taken("rug") == {rugs: 1}
    assert await market.taken("lamp") == {rugs: 1}
    assert await market.taken("tea") == {tea: 4}


async def test_an_unpaid_order_only_reserves(market):
    _checkout, _ = await market.buy(("rug", 2), by=("card",))
    await market.settle()
    rugs = await market.stock("rug")
    assert (rugs.on_hand, rugs.reserved) == (5, 2)
    assert await market.taken("rug") == {}


async def test_a_cash_order_takes_its_stock_when_the_seller_confirms_it(market):
    _, (order,) = await market.buy(("rug", 2), by="cod")
    await market.settle()
    assert await market.taken("rug") == {}
    await market.orders.confirm(call(), order, None)
    await market.settle()
    assert await market.taken("rug") == {order: 2}


async def test_confirming_an_order_to_be_paid_by_card_takes_nothing(market):
    _, (order,) = await market.buy(("rug", 2))
    await market.orders.confirm(call(), order, None)
    await market.settle()
    assert await market.taken("rug") == {}


async def test_what_is_shipped_is_taken_paid_or_not(market):
    _, (order,) = await market.buy(("rug", 2))
    for step in (market.orders.confirm, market.orders.start_processing, market.orders.ship):
        await step(call(), order, None)
    await market.settle()
    assert await market.taken("rug") == {order: 2}


@pytest.mark.parametrize("by", ["card", "cod"])
async def test_what_came_back_before_anybody_heard_that_it_had_left_is_taken_all_the_same(
    market, by
):
    _, (order,) = await market.buy(("rug", 2), by=by)
    for step in (market.orders.confirm, market.orders.start_processing, market.orders.ship):
        await step(call(), order, None)
    await market.orders.deliver(call(), order, None)
    await market.orders.return_(call(), order, None, "damaged")
    await market.settle()
    rugs = await market.stock("rug")
    assert (rugs.on_hand, rugs.reserved) == (3, 0)
    assert await market.taken("rug") == {order: 2}


async def test_a_line_that_is_short_keeps_no_other_of_a_shipped_order_from_being_taken(market):
    _, (order,) = await market.buy(("lamp", 2), ("rug", 2))
    await market.expire(order)
    await market.expire(order, timedelta(minutes=32))
    await market.do(inventory, "lamp", AdjustStock(-1, "broken"))
    for step in (market.orders.confirm, market.orders.start_processing, market.orders.ship):
        await step(call(), order, None)
    await market.settle()
    assert await market.taken("rug") == {order: 2}
    assert await market.taken("lamp") == {}
    assert await market.outcomes() == [("stock", "rejected", "inventory.insufficient")]

    await market.do(inventory, "lamp", ReceiveStock(1))
    for step in (market.orders.deliver, market.orders.complete):
        await step(call(), order, None)
    await market.settle()
    assert await market.taken("lamp") == {order: 2}, "looked for once more"


async def test_a_cancelled_order_gives_back_what_it_reserved(market):
    _, (order,) = await market.buy(("rug", 2))
    await market.cancel(order)
    await market.settle()
    rugs = await market.stock("rug")
    assert (rugs.on_hand, rugs.reserved) == (5, 0)


async def test_cancelling_a_paid_order_restocks_it(market):
    checkout, (order,) = await market.buy(("rug", 2))
    await market.pay(checkout)
    await market.settle()
    await market.cancel(order)
    await market.settle()
    rugs = await market.stock("rug")
    assert (rugs.on_hand, rugs.reserved) == (5, 0)
    assert await market.taken("rug") == {}


async def took_unnoted(market, order):
    """As before orders noted it: two rugs, which their stock itself remembers."""

    async def attempt(work):
        item = await work.load(inventory, "rug")
        event = StockCommitted(order, 2)
        work.record(inventory, "rug", [event], inventory.evolve(item, event))
        return work.receipt(inventory, "rug")

    await market.commands.run(call(), Receipt, attempt)


async def test_what_was_taken_before_orders_noted_it_is_taken_and_given_back_once(market):
    checkout, (order,) = await market.buy(("rug", 2), ("lamp", 1))
    await took_unnoted(market, order)
    await market.pay(checkout)
    await market.settle()
    rugs, lamps = await market.stock("rug"), await market.stock("lamp")
    assert (rugs.on_hand, rugs.reserved, lamps.on_hand, lamps.reserved) == (3, 0, 1, 0)
    assert (await market.order(order)).taken == ("lamp",)
    await market.cancel(order)
    await market.settle()
    rugs, lamps = await market.stock("rug"), await market.stock("lamp")
    assert (rugs.on_hand, rugs.committed, lamps.on_hand) == (5, {}, 2)
    assert (await market.order(order)).taken == ()


async def test_what_was_taken_before_orders_noted_it_is_not_missed_when_it_leaves(market):
    _, (order,) = await market.buy(("rug", 2))
    await took_unnoted(market, order)
    for step in (market.orders.confirm, market.orders.start_processing, market.orders.ship):
        await step(call(), order, None)
    await market.settle()
    assert (await market.stock("rug")).on_hand == 3
    assert await market.outcomes() == []


async def test_a_failed_payment_gives_the_stock_back(market):
    checkout, (order,) = await market.buy(("rug", 2))
    await market.fail(checkout)
    await market.settle()
    assert (await market.stock("rug")).available == 5
    (released,) = await market.happened(StockReleased)
    assert released.event.reason == "payment_failed"
    assert (await market.order(order)).status == "pending"


async def test_a_failed_payment_keeps_the_stock_while_another_may_come_in(market):
    half = Money(1000, "DZD")
    checkout, _ = await market.buy(("rug", 2), by=(Paying("card", half), Paying("voucher", half)))
    await market.fail(checkout, 1)
    await market.settle()
    assert (await market.stock("rug")).reserved == 2
    await market.fail(checkout, 2)
    await market.settle()
    assert (await market.stock("rug")).reserved == 0


async def test_a_card_that_was_tried_for_a_cash_order_takes_nothing_from_it_when_it_fails(market):
    checkout, (order,) = await market.buy(("rug", 5), by="cod")
    await market.do(payments, checkout, payments.Intend("c1", "card", Money(5000, "DZD")))
    await market.do(payments, checkout, payments.Fail("c1", "declined"))
    await market.settle()
    assert (await market.stock("rug")).reserved == 5, "the cash may still come in"
    await market.orders.confirm(call(), order, None)
    await market.settle()
    assert await market.taken("rug") == {order: 5}


async def test_a_cash_order_whose_cash_will_not_come_gives_its_stock_back(market):
    checkout, _ = await market.buy(("rug", 2), by="cod")
    await market.fail(checkout)
    await market.settle()
    assert (await market.stock("rug")).available == 5


async def test_a_failed_payment_takes_nothing_from_what_has_left_the_shop(market):
    checkout, (order,) = await market.buy(("rug", 2))
    for step in (market.orders.confirm, market.orders.start_processing, market.orders.ship):
        await step(call(), order, None)
    await market.settle()
    await market.fail(checkout)
    await market.settle()
    assert await market.taken("rug") == {order: 2}


async def test_a_payment_that_fails_as_the_goods_leave_takes_nothing_either(market):
    checkout, (order,) = await market.buy(("lamp", 2))
    for step in (market.orders.confirm, market.orders.start_processing, market.orders.ship):
        await step(call(), order, None)
    await market.fail(checkout)
    (failed,) = await market.happened(payments.PaymentFailed)
    await STOCK.on[payments.PaymentFailed](market.commands, STOCK.call(failed), failed)
    assert (await market.stock("lamp")).reserved == 2, "heard before the shipping"
    await market.settle()
    assert await market.taken("lamp") == {order: 2}


async def test_reservations_wait_once_more_for_a_card_under_way_then_end(market):
    _checkout, (order,) = await market.buy(("rug", 2))
    await market.expire(order)
    rugs = await market.stock("rug")
    assert rugs.reserved == 2
    assert rugs.reservations[order].extended
    await market.expire(order)
    assert (await market.stock("rug")).reserved == 2, "the longer time has not run out"
    await market.expire(order, timedelta(minutes=32))
    assert (await market.stock("rug")).reserved == 0
    (released,) = await market.happened(StockReleased)
    assert released.event.reason == "expired"


async def test_reservations_without_a_payment_under_way_end_at_once(market):
    checkout, (order,) = await market.buy(("rug", 2))
    await market.do(payments, checkout, payments.Fail(market.payment(checkout), "declined"))
    await market.expire(order)
    assert (await market.stock("rug")).reserved == 0


async def test_a_timer_lets_nothing_go_that_is_paid_for(market):
    checkout, (order,) = await market.buy(("rug", 2))
    await market.pay(checkout)
    with pytest.raises(Rejected):
        await market.expire(order)
    await market.settle()
    assert await market.taken("rug") == {order: 2}
    await market.expire(order, timedelta(minutes=17))
    assert await market.taken("rug") == {order: 2}


async def test_a_capture_after_expiry_takes_the_stock_anew(market):
    checkout, (order,) = await market.buy(("rug", 2))
    await market.expire(order)
    await market.expire(order, timedelta(minutes=32))
    await market.pay(checkout)
    await market.settle()
    rugs = await market.stock("rug")
    assert (rugs.on_hand, await market.taken("rug")) == (3, {order: 2})
    assert len(await market.happened(StockReserved)) == 2


async def test_a_capture_when_the_stock_is_gone_cancels_the_order_and_asks_the_money_back(market):
    checkout, (order,) = await market.buy(("lamp", 2))
    await market.expire(order)
    await market.expire(order, timedelta(minutes=32))
    other, (faster,) = await market.buy(("lamp", 1), buyer="bilal")
    await market.pay(other)
    await market.pay(checkout)
    await market.settle()
    assert (await market.order(order)).status == "cancelled"
    (cancelled,) = await market.happened(orders.OrderCancelled)
    assert cancelled.event.reason == "out_of_stock"
    (refund,) = await market.happened(payments.RefundRequested)
    assert (refund.event.order, refund.event.amount.minor) == (order, 5000)
    assert await market.taken("lamp") == {faster: 1}


async def test_only_the_order_that_lacks_stock_is_cancelled(market):
    checkout, (lamps, tea) = await market.buy(("rug", 1), ("lamp", 2), ("tea", 3))
    for order in (lamps, tea):
        await market.expire(order)
        await market.expire(order, timedelta(minutes=32))
    await market.do(inventory, "lamp", AdjustStock(-1, "broken"))
    await market.pay(checkout)
    await market.settle()
    assert (await market.order(lamps)).status == "cancelled"
    assert (await market.order(tea)).status == "pending"
    assert (await market.stock("rug")).available == 5, "all lines of an order or none"
    assert await market.taken("tea") == {tea: 3}
    assert (await market.ledger(checkout)).held == 900


async def test_reactions_are_signed_and_follow_from_their_event(market):
    checkout, (_order,) = await market.buy(("rug", 2))
    await market.pay(checkout, occurred_at=LONG_AGO)
    await market.settle()
    (paid,) = await market.happened(payments.CheckoutPaid)
    (taken,) = await market.happened(StockCommitted)
    assert taken.actor == "policy:stock"
    assert (taken.causation, taken.correlation) == (paid.event_id, paid.correlation)


async def test_a_reaction_happened_when_its_cause_did(market):
    checkout, _ = await market.buy(("rug", 2))
    await market.pay(checkout, occurred_at=LONG_AGO)
    await market.settle()
    (taken,) = await market.happened(StockCommitted)
    assert taken.occurred_at == LONG_AGO
    assert taken.recorded_at > LONG_AGO
