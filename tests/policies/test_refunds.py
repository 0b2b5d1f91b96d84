"""What was paid for a cancelled order goes back."""

from domain.payments import CheckoutPaid, RefundRequested


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
