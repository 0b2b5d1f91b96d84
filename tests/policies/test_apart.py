"""Policies and timers go each at their own pace, and read the log once for all."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from msgspec.structs import replace

from adapters.log.tail import head, rows_after
from adapters.policies import following
from adapters.policies import reading as readings
from adapters.policies.following import keep_places
from adapters.policies.outcomes import PARKED, Outcome, keep, parked, positions, register, settle
from adapters.policies.reading import Reading
from adapters.postgres.pools import borrow
from application.policies import POLICIES
from application.policies.kernel import Policy
from domain import inventory, payments
from tests.policies.market import TENANT, until
from tests.policies.test_runner import running
from tests.policies.test_timers import project
from tests.support.patience import PATIENCE


class Hanging:
    """A reaction that goes on once it is let."""

    def __init__(self):
        self.begun, self.let = asyncio.Event(), asyncio.Event()

    async def __call__(self, commands, call, recorded):
        self.begun.set()
        await self.let.wait()


@asynccontextmanager
async def slow(market, **options):
    """A runner with a policy before all others that hangs."""
    hanging = Hanging()
    policy = Policy("slow", {payments.CheckoutPaid: hanging})
    market.policies = {"slow": policy, **POLICIES}
    async with running(market, policies=market.policies, **options):
        try:
            yield hanging
        finally:
            hanging.let.set()


async def committed(market, product):
    return any(isinstance(e, inventory.StockCommitted) for e in await market.told_of(product))


async def test_a_reaction_that_hangs_holds_up_no_timer_and_no_other_policy(market):
    _, (waiting,) = await market.buy(("tea", 2))
    await project(market)
    ahead = timedelta(0)

    async def extended():
        return (await market.stock("tea")).reservations[waiting].extended

    async with slow(market, now=lambda: datetime.now(UTC) + ahead) as hanging:
        checkout, (order,) = await market.buy(("rug", 1))
        await market.pay(checkout)
        await hanging.begun.wait()
        await until(partial(committed, market, "rug"))
        ahead = timedelta(minutes=16)
        await until(extended)
        assert (await positions(market.pool))["slow"] < (await market.events())[-1].position
        hanging.let.set()
        await market.settled()
    assert await market.taken("rug") == {order: 1}


async def test_what_was_parked_and_hangs_when_it_is_tried_again_holds_up_nobody(market):
    checkout, _ = await market.buy(("rug", 1))
    await market.pay(checkout)
    (paid,) = await market.happened(payments.CheckoutPaid)
    async with borrow(market.pool) as db:
        await register(db, ["slow"])
        await keep(db, [Outcome(TENANT, "slow", paid.position, PARKED, "RuntimeError", "")])

    async def nothing_parked():
        return await parked(market.pool) == []

    async with slow(market) as hanging:
        await hanging.begun.wait()
        other, _ = await market.buy(("tea", 1))
        await market.pay(other)
        await until(partial(committed, market, "tea"))
        assert not await nothing_parked()
        hanging.let.set()
        await until(nothing_parked)


async def test_of_a_place_that_is_kept_while_the_policy_moves_on_the_rest_is_kept_later(
    market, monkeypatch
):
    stock = market.follower(POLICIES["stock"])

    async def meanwhile(db, places):
        await settle(db, places)
        await market.buy(("rug", 1))
        await stock.step(db, Reading())

    async with borrow(market.pool) as db:
        await register(db, POLICIES)
        await stock.step(db, Reading())
        with monkeypatch.context() as patched:
            patched.setattr(following, "settle", meanwhile)
            await keep_places(db, [stock])
        assert stock.moved
        await keep_places(db, [stock])
        assert (await positions(market.pool))["stock"] == await head(db)
        assert not stock.moved


async def test_what_one_policy_has_read_the_others_need_not(market, monkeypatch):
    asked = noted(monkeypatch)
    await market.buy(("rug", 1))
    reading = Reading()
    policies = [market.follower(policy) for policy in POLICIES.values()]
    async with borrow(market.pool) as db:
        assert await asyncio.gather(*(each.step(db, reading) for each in policies)) == [True] * 3
        (reached,) = {each.position for each in policies}
        assert await market.follower(POLICIES["stock"], 2).step(db, reading)
        assert asked == [0], "nor what of it comes after their own place"
        assert await asyncio.gather(*(each.step(db, reading) for each in policies)) == [False] * 3
        assert asked == [0, reached], "nor that there is no more"
        await market.buy(("rug", 1))
        reading.again()
        assert await asyncio.gather(*(each.step(db, reading) for each in policies)) == [True] * 3
    assert asked == [0, reached, reached]


@pytest.mark.parametrize("gap", [0, 3])
async def test_from_whatever_place_all_that_comes_after_it_is_read(market, monkeypatch, gap):
    """Also where the log goes on behind a gap, as a restored one does."""
    await market.buy(("rug", 1))
    async with borrow(market.pool) as db:
        first, *later = await rows_after(db, 0, 100)
        rows = [first, *(replace(row, position=row.position + gap) for row in later)]

        async def found(db, position, limit):
            return [row for row in rows if row.position > position]

        asked, reading = noted(monkeypatch, found), Reading()
        for place in [0, *(row.position for row in rows[:-1])]:
            after = [row.position for row in await reading.after(db, place)]
            assert after == [row.position for row in rows if row.position > place]
    assert asked == [0]


async def test_what_comes_while_nothing_is_found_is_found_at_the_next_look(market, monkeypatch):
    reading = Reading()

    async def just_before(db, position, limit):
        found = await rows_after(db, position, limit)
        reading.again()
        return found

    asked = noted(monkeypatch, just_before)
    async with borrow(market.pool) as db:
        end, look = await head(db), reading.look
        for _ in range(2):
            assert not await reading.after(db, end)
        assert look.is_set()
    assert asked == [end, end]


def noted(monkeypatch, read=rows_after):
    asked = []

    async def after(db, position, limit):
        asked.append(position)
        return await read(db, position, limit)

    monkeypatch.setattr(readings, "rows_after", after)
    return asked


async def test_of_a_policy_in_turn_a_tenant_waits_for_itself_and_for_no_other(market):
    running, most, both = set(), [], asyncio.Barrier(2)

    async def hear(commands, call, recorded):
        running.add(recorded.stream)
        await both.wait()  # for the other tenant's
        most.append(sorted(stream.partition("/")[0] for stream in running))
        await both.wait()
        running.remove(recorded.stream)

    kind = inventory.StockReceived
    for tenant in ("here", "there"):
        for product in ("tea", "rug", "lamp"):
            await market.do(inventory, product, inventory.ReceiveStock(1), tenant=tenant)
    first = next(r.position for r in await market.events() if r.tenant == "here") - 1
    async with borrow(market.pool) as db, asyncio.timeout(PATIENCE):
        ear = market.follower(Policy("ear", {kind: hear}, in_turn=True), first)
        await ear.step(db, Reading())
    assert most == [["here", "there"]] * 6
