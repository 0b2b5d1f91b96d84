"""Timers run out on real time, from the rows that a projection keeps."""

import asyncio
from datetime import UTC, datetime, timedelta

from adapters.policies.timers import Clockwork, due
from adapters.postgres.pools import borrow
from adapters.projector.engine import Engine
from adapters.projector.leader import connected
from application.checkouts import Item, Paying, Terms
from application.policies import TIMERS
from domain import payments
from projections import inventory
from tests.policies.market import TENANT, call, market_at, until
from tests.policies.test_runner import running
from tests.support.clocks import MINUTES, set_ahead


async def project(market):
    engine = Engine("inventory", inventory)
    async with borrow(market.pool) as db:
        await engine.load(db)
        while await engine.step(db):
            pass


async def test_a_reservation_is_due_once_its_time_has_come(market):
    _, (order,) = await market.buy(("rug", 2), ("lamp", 1))
    await project(market)
    now = datetime.now(UTC)
    async with borrow(market.pool) as db:
        assert await due(db, "expiry", now) == []
        (ran_out,) = await due(db, "expiry", now + timedelta(minutes=16))
    assert (ran_out.tenant, ran_out.id) == (TENANT, order)


async def test_it_is_postgres_that_says_what_time_it_is(market):
    _, (order,) = await market.buy(("tea", 1))
    await project(market)
    clock = Clockwork(TIMERS, market.commands, None, 0, asyncio.Event())
    async with borrow(market.pool) as db:
        await clock.tick(db)
    assert not (await market.stock("tea")).reservations[order].extended

    async with connected(set_ahead(market.url), "test") as db:
        await clock.tick(db)
    held = (await market.stock("tea")).reservations[order]
    assert held.extended
    assert held.expires_at > datetime.now(UTC) + timedelta(minutes=30)


async def test_it_is_postgres_by_whose_clock_a_reservation_is_made(database):
    async with market_at(set_ahead(database)) as market:
        await market.seller("leila")
        await market.product("tea", "leila", 100)
        _, (order,) = await market.buy(("tea", 1))
        held = (await market.stock("tea")).reservations[order]
    here = datetime.now(UTC) + timedelta(minutes=MINUTES)
    assert here + timedelta(minutes=10) < held.expires_at < here + timedelta(minutes=16)


async def test_what_is_due_is_read_on_from_where_one_has_come_to(market):
    bought = [(await market.buy(("tea", 1)))[1][0] for _ in range(3)]
    await project(market)
    later, found, last = datetime.now(UTC) + timedelta(minutes=16), [], None
    async with borrow(market.pool) as db:
        while page := await due(db, "expiry", later, last, limit=1):
            found += page
            last = page[-1]
    assert [each.id for each in found] == bought


async def test_those_that_cannot_be_settled_hide_no_other(market):
    stuck, (order,) = await market.buy(("tea", 1))
    await market.pay(stuck)
    for _ in range(3):
        _, (order,) = await market.buy(("tea", 1))
    await project(market)
    later = datetime.now(UTC) + timedelta(minutes=40)
    clock = Clockwork(TIMERS, market.commands, lambda: later, 0, asyncio.Event(), at_once=1)
    async with borrow(market.pool) as db:
        while await clock.tick(db):
            pass
    assert (await market.stock("tea")).reservations[order].extended


async def test_many_are_fired_by_batches_between_which_all_else_goes_on(market):
    for _ in range(3):
        await market.buy(("tea", 1))
    await project(market)
    later = datetime.now(UTC) + timedelta(minutes=40)
    clock = Clockwork(TIMERS, market.commands, lambda: later, 3600, asyncio.Event(), at_once=2)

    async def ticked(db):
        more, held = await clock.tick(db), (await market.stock("tea")).reservations
        return more, sum(each.extended for each in held.values())

    async with borrow(market.pool) as db:
        assert [await ticked(db) for _ in range(4)] == [
            (True, 2),
            (True, 3),
            (False, 3),
            (False, 3),
        ]


async def test_no_timer_is_set_for_cash_or_for_what_is_imported(market):
    await market.buy(("rug", 1), by="cod")
    await market.checkouts.buy(
        call(occurred_at=datetime(2017, 1, 1, tzinfo=UTC)),
        "an-old-cart",
        "amina",
        [Item("rug", 1)],
        Terms(payments=(Paying("card"),), timed=False),
    )
    await project(market)
    async with borrow(market.pool) as db:
        assert await due(db, "expiry", datetime.now(UTC) + timedelta(days=4000)) == []


async def test_what_is_kept_for_cash_is_due_no_more(market):
    checkout, (order,) = await market.buy(("rug", 1), ("lamp", 1))
    promised = payments.Intend("rest", "cod", (await market.ledger(checkout)).total)
    await market.do(payments, checkout, promised)
    await market.expire(order)
    await project(market)
    async with borrow(market.pool) as db:
        assert await due(db, "expiry", datetime.now(UTC) + timedelta(days=4000)) == []


async def test_without_the_rows_nothing_is_due(market):
    async with borrow(market.pool) as db:
        assert await due(db, "expiry", datetime.now(UTC)) == []


async def test_a_runner_fires_what_has_run_out(market):
    _, (order,) = await market.buy(("rug", 2))
    await project(market)
    ahead = timedelta(minutes=16)

    async def extended():
        return (await market.stock("rug")).reservations[order].extended

    async def released():
        return (await market.stock("rug")).reserved == 0

    async with running(market, now=lambda: datetime.now(UTC) + ahead):
        await until(extended)
        await project(market)
        ahead = timedelta(minutes=40)
        await until(released)
