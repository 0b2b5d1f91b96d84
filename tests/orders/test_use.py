"""Running an order, on a real log: who may take which step."""

from datetime import date

import pytest

from application.ports import Forbidden, Missing
from domain.kernel import Personal, Rejected
from tests.policies.market import call, market_at


@pytest.fixture
async def market(database):
    async with market_at(database, {}) as market:
        await market.seller("karim")
        await market.product("rug", "karim", 5)
        market.checkout, (market.id,) = await market.buy(("rug", 1), by="cod")
        yield market


async def status(market):
    return (await market.order(market.id)).status


async def test_a_seller_runs_their_order_to_its_end(market):
    run, id = market.orders, market.id
    await run.promise_delivery(call(), id, "karim", date(2026, 5, 1))
    await run.confirm(call(), id, "karim")
    await run.start_processing(call(), id, "karim")
    await run.ship(call(), id, "karim", "DZ0")
    await run.assign_tracking(call(), id, "karim", "DZ1")
    await run.deliver(call(), id, "karim")
    await run.complete(call(), id, "karim")
    receipt = await run.return_(call(), id, "karim", "damaged")

    order = await market.order(id)
    assert (order.status, order.tracking) == ("returned", "DZ1")
    assert order.expected_delivery == date(2026, 5, 1)
    assert (receipt.id, receipt.version) == (id, 9)


async def test_an_order_may_be_fetched(market):
    for step in (market.orders.confirm, market.orders.start_processing, market.orders.ready):
        await step(call(), market.id, "karim")
    await market.orders.complete(call(), market.id, "karim")
    assert await status(market) == "completed"


async def test_a_repeated_step_is_no_news_and_answers_where_it_was_read(market):
    first = await market.orders.confirm(call(), market.id, "karim")
    assert await market.orders.confirm(call(), market.id, "karim") == first


async def test_a_buyer_cancels_in_time_with_words_of_their_own(market):
    await market.orders.confirm(call(), market.id, "karim")
    await market.orders.cancel(call(), market.id, "amina", "changed_mind", "Sorry!")
    stream = f"bazaar/orders/{market.id}"
    *_, last = (await market.log.read("bazaar", [stream]))[stream]
    assert (last.event.reason, last.event.note) == ("changed_mind", Personal("amina", "Sorry!"))


async def test_a_buyer_is_too_late_once_the_seller_started_who_is_not(market):
    await market.orders.confirm(call(), market.id, "karim")
    await market.orders.start_processing(call(), market.id, "karim")
    with pytest.raises(Rejected, match=r"orders\.too_late_to_cancel"):
        await market.orders.cancel(call(), market.id, "amina", "changed_mind")
    await market.orders.cancel(call(), market.id, "karim", "out_of_stock")
    assert await status(market) == "cancelled"


async def test_a_buyer_takes_no_other_step(market):
    with pytest.raises(Forbidden):
        await market.orders.confirm(call(), market.id, "amina")
    with pytest.raises(Forbidden):
        await market.orders.assign_tracking(call(), market.id, "amina", "DZ1")


async def test_to_others_an_order_is_not_there(market):
    with pytest.raises(Missing):
        await market.orders.confirm(call(), market.id, "leila")
    with pytest.raises(Missing):
        await market.orders.cancel(call(), market.id, "eve", "changed_mind")
    with pytest.raises(Missing):
        await market.orders.confirm(call(tenant="souk"), market.id, "karim")


async def test_staff_may_take_every_step(market):
    await market.orders.confirm(call(), market.id, None)
    await market.orders.cancel(call(), market.id, None, "fraud")
    assert await status(market) == "cancelled"
