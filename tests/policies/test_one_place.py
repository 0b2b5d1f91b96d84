"""What one event has moved at once has one place, where it is parked and from where it goes on."""

import psycopg
import pytest

from adapters.policies import following, settling
from adapters.policies.outcomes import positions, register
from adapters.policies.reading import Reading
from adapters.policies.retrying import Retrying
from adapters.policies.timers import due
from adapters.postgres.pools import borrow
from application.policies import TIMERS
from application.policies.kernel import Policy, Timer
from domain import catalog, payments
from domain.catalog import RetireProduct
from domain.kernel import Rejected
from tests.policies.market import until
from tests.policies.test_offers import DAY, MINUTE, floor, project, publish  # noqa: F401
from tests.policies.test_runner import running


@pytest.fixture
def breaks(monkeypatch):
    monkeypatch.setattr(settling, "FIRST_PAUSE", 0.001)

    async def reaction(commands, call, due):
        raise RuntimeError("what cannot be read, say")

    return reaction


async def test_timers_that_are_parked_at_one_place_are_parked_once_and_stop_nobody(
    floor,  # noqa: F811
    breaks,
):
    for _ in range(2):
        await publish(floor)
    await floor.do(catalog, "tea", RetireProduct())
    await project(floor)
    late = floor.start + DAY + MINUTE
    async with borrow(floor.pool) as db:
        first, second = await due(db, "offers", late)
    assert first.position == second.position

    async def parked():
        return await floor.outcomes() == [("offers", "parked", "RuntimeError")]

    timers = TIMERS | {"offers": Timer("offers", breaks)}
    async with running(floor, timers=timers, now=lambda: late) as runner:
        await until(parked)
        await floor.settled()
        assert runner.leads
    fired = []

    async def fires(commands, call, due):
        fired.append(due.id)

    async with borrow(floor.pool) as db:
        retrying = Retrying(db, floor.log, now=lambda: late)
        await retrying.timers({"offers": Timer("offers", fires)})
    assert sorted(fired) == sorted([first.id, second.id])
    assert await floor.outcomes() == []


async def test_the_place_of_a_batch_is_nobodys_to_keep_before_what_was_refused_of_it_is(
    market, monkeypatch
):
    checkout, _ = await market.buy(("rug", 1))
    await market.pay(checkout)

    async def refuses(commands, call, recorded):
        raise Rejected("no.more", "")

    async def cannot(db, places, outcomes=()):
        raise psycopg.errors.QueryCanceled

    stern = market.follower(Policy("stern", {payments.CheckoutPaid: refuses}))
    async with borrow(market.pool) as db:
        await register(db, ["stern"])
        with monkeypatch.context() as patched:
            patched.setattr(following, "settle", cannot)
            with pytest.raises(psycopg.errors.QueryCanceled):
                await stern.step(db, Reading())
        assert not stern.moved
        await stern.step(db, Reading())
    assert await market.outcomes() == [("stern", "rejected", "no.more")]
    assert (await positions(market.pool))["stern"] == stern.position
