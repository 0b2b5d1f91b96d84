"""What was paid for a cancelled order goes back; what a returned one lacks is not due."""

import pytest

from application.checkouts import Paying
from domain import payments
from domain.kernel import Rejected
from domain.money import Money
from domain.payments import CheckoutPaid, Collect, RefundRequested
from tests.policies.market import call


async def test_cancelling_a_paid_order_asks_for_its_share_back(market):
    checkout, (rugs, tea) = await market.buy(("rug", 1), ("tea", 2))
    await market.pay(checkout)
    await market.settle()
    await market.cancel(tea)
    await market.settle()
    (refund,) = await market.happened(RefundRequested)
    assert (refund.event.order, refund.event.seller) == (tea, "leila")
    assert refund.event.amount.minor == 600
    assert (await market.order(rugs)).status == "pending"


async def test_cancelling_an_unpaid_order_makes_the_checkout_cheaper(market):
    checkout, (_rugs, tea) = await market.buy(("rug", 1), ("tea", 2))
    await market.cancel(tea)
    await market.settle()
    assert (await market.ledger(checkout)).due == 1000
    assert await market.happened(RefundRequested) == []


async def test_a_payment_that_comes_in_for_a_cancelled_checkout_goes_back(market):
    checkout, (order,) = await market.buy(("rug", 1))
    await market.cancel(order)
    await market.settle()
    await market.pay(checkout)
    await market.settle()
    (refund,) = await market.happened(RefundRequested)
    assert refund.event.amount.minor == 1000
    assert await market.happened(CheckoutPaid) == []


async def test_cancelling_and_paying_at_the_same_moment_comes_to_the_same(market):
    checkout, (order,) = await market.buy(("rug", 1))
    await market.cancel(order)
    await market.pay(checkout)
    await market.settle()
    ledger = await market.ledger(checkout)
    assert ledger.held == 0
    assert (await market.stock("rug")).available == 5


async def bring_back(market, order):
    """Delivered, and returned."""
    for step in ("confirm", "start_processing", "ship", "deliver"):
        await getattr(market.orders, step)(call(), order, None)
    await market.orders.return_(call(), order, None, "refused")
    await market.settle()


async def test_a_parcel_refused_at_the_door_leaves_the_checkout_paid_by_the_others_cash(market):
    checkout, (rugs, tea) = await market.buy(("rug", 1), ("tea", 2), by="cod")
    await market.do(payments, checkout, Collect(rugs))
    await bring_back(market, tea)
    (paid,) = await market.happened(CheckoutPaid)
    assert [share.order for share in paid.event.shares] == [rugs]
    assert await market.happened(RefundRequested) == []
    with pytest.raises(Rejected) as refusal:
        await market.do(payments, checkout, Collect(tea))
    assert refusal.value.code == "payments.share_cancelled"


async def test_what_came_in_for_an_order_that_was_never_paid_goes_back_once_it_is_returned(market):
    checkout, (order,) = await market.buy(("rug", 1))
    part = payments.Capture(market.payment(checkout), Money(999, "DZD"))
    await market.do(payments, checkout, part)
    await bring_back(market, order)
    (refund,) = await market.happened(RefundRequested)
    assert (refund.event.seller, refund.event.amount.minor) == (None, 999)
    assert (await market.ledger(checkout)).held == 0


async def test_what_was_paid_for_a_returned_order_is_left_to_staff(market):
    by_card, (rug,) = await market.buy(("rug", 1))
    await market.pay(by_card)
    await bring_back(market, rug)
    in_cash, (lamp, _tea) = await market.buy(("lamp", 1), ("tea", 2), by="cod")
    await market.do(payments, in_cash, Collect(lamp))
    await bring_back(market, lamp)
    assert await market.happened(RefundRequested) == []
    assert (await market.ledger(in_cash)).due == 3100, "what its seller holds pays no other's order"


async def split(market):
    """10.00 by card, which came in, and 6.00 in cash at the door of who sells the tea."""
    by = (Paying("card", Money(1000, "DZD")), Paying("cod", Money(600, "DZD")))
    checkout, (rug, tea) = await market.buy(("rug", 1), ("tea", 2), by=by)
    await market.pay(checkout)
    await market.settle()
    return checkout, rug, tea


async def test_what_came_in_for_a_returned_order_is_left_to_staff_while_the_others_lack_theirs(
    market,
):
    checkout, rug, tea = await split(market)
    await bring_back(market, rug)
    assert await market.happened(RefundRequested) == []
    await market.do(payments, checkout, Collect(tea))
    (paid,) = await market.happened(CheckoutPaid)
    assert [share.order for share in paid.event.shares] == [rug, tea]


async def test_a_parcel_refused_at_the_door_leaves_the_checkout_paid_by_the_others_card(market):
    _checkout, rug, tea = await split(market)
    await bring_back(market, tea)
    (paid,) = await market.happened(CheckoutPaid)
    assert [share.order for share in paid.event.shares] == [rug]
    assert await market.happened(RefundRequested) == []
