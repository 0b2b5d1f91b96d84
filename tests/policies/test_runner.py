"""One runner leads; what it did is done once, and what went wrong is kept."""

import asyncio
from contextlib import asynccontextmanager

import psycopg
import pytest

from adapters.policies import settling
from adapters.policies.outcomes import parked, positions, register
from adapters.policies.reading import Reading
from adapters.policies.runner import PolicyRunner
from adapters.postgres.pools import borrow
from application.policies import POLICIES
from application.policies.kernel import Policy
from domain import inventory, payments
from domain.inventory import Release, StockCommitted
from tests.policies.market import call, until


@asynccontextmanager
async def running(market, **options):
    stop = asyncio.Event()
    runner = PolicyRunner(market.url, market.log, **({"tick": 0.05} | options))
    task = asyncio.create_task(runner.run(stop))
    try:
        yield runner
    finally:
        stop.set()
        await task


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(settling, "FIRST_PAUSE", 0.001)


async def test_a_runner_reacts_to_what_happens_while_it_runs(market):
    async with running(market):
        checkout, (order,) = await market.buy(("rug", 2))
        await market.pay(checkout)
        await market.settled()
        assert await market.taken("rug") == {order: 2}


async def test_a_runner_reacts_to_what_happened_before_it_ran(market):
    checkout, (order,) = await market.buy(("rug", 2))
    await market.pay(checkout)
    async with running(market):
        await market.settled()
    assert await market.taken("rug") == {order: 2}


async def test_a_place_that_was_not_kept_costs_hearing_again_and_no_more(market):
    checkout, _ = await market.buy(("rug", 2))
    await market.pay(checkout)
    for _ in range(2):
        async with borrow(market.pool) as db:
            await register(db, POLICIES)
            stock = market.follower(POLICIES["stock"])
            await stock.step(db, Reading())
            assert stock.moved
    assert set((await positions(market.pool)).values()) == {0}
    assert len(await market.happened(StockCommitted)) == 1
    await market.settle()
    assert set((await positions(market.pool)).values()) == {(await market.events())[-1].position}


async def test_of_two_runners_one_works_and_the_other_takes_over(market):
    async with running(market) as first:
        await until(lambda: first.leads)
        second = PolicyRunner(market.url, market.log)
        stop = asyncio.Event()
        standby = asyncio.create_task(second.run(stop))
        checkout, (order,) = await market.buy(("rug", 2))
        await market.pay(checkout)
        await market.settled()
        assert not second.leads
    await until(lambda: second.leads)
    other, (later,) = await market.buy(("rug", 1))
    await market.pay(other)
    await market.settled()
    stop.set()
    await standby
    assert await market.taken("rug") == {order: 2, later: 1}
    assert len(await market.happened(StockCommitted)) == 2


async def test_a_runner_whose_connection_dies_takes_the_lead_again(market):
    async with running(market) as runner:
        await until(lambda: runner.leads)
        _end_leader(market.url)
        checkout, (order,) = await market.buy(("rug", 2))
        await market.pay(checkout)
        await market.settled()
        await until(lambda: runner.leads)
    assert await market.taken("rug") == {order: 2}


def _end_leader(url):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l USING (pid)"
            " WHERE application_name = 'souk-policies' AND l.locktype = 'advisory'"
            " AND l.granted AND datname = current_database()"
        )


async def test_a_crash_between_command_and_position_has_no_second_effect(market):
    checkout, (order,) = await market.buy(("rug", 2))
    await market.pay(checkout)
    await market.settle()
    before = await market.events()
    _start_over(market.url)
    await market.settle()
    assert await market.events() == before
    assert await market.taken("rug") == {order: 2}


def _start_over(url):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE policies.positions SET position = 0")


async def test_a_rejection_is_kept_and_the_rest_goes_on(market):
    _, (order,) = await market.buy(("rug", 5))
    await market.orders.confirm(call(), order, None)
    await market.orders.start_processing(call(), order, None)
    await market.do(inventory, "rug", Release(order, "expired"))
    checkout, (other,) = await market.buy(("rug", 1))
    await market.pay(checkout)
    await market.orders.ship(call(), order, None)
    await market.settle()
    assert await market.outcomes() == [("stock", "rejected", "inventory.insufficient")]
    assert await market.taken("rug") == {other: 1}


class Broken:
    """A reaction that fails until it is mended."""

    def __init__(self):
        self.mended, self.calls = False, 0

    async def __call__(self, commands, call, recorded):
        self.calls += 1
        if not self.mended:
            raise RuntimeError("amina@example.org cannot be read")


async def test_a_poison_reaction_is_parked_without_its_words_and_the_rest_goes_on(
    market, impatient
):
    broken = Broken()
    market.policies = {**POLICIES, "poison": Policy("poison", {payments.CheckoutPaid: broken})}
    checkout, (order,) = await market.buy(("rug", 2))
    await market.pay(checkout)
    async with running(market, policies=market.policies):
        await market.settled()
    (found,) = await parked(market.pool)
    assert (found.policy, found.count, found.code) == ("poison", 1, "RuntimeError")
    assert broken.calls == settling.TRIES
    assert await market.taken("rug") == {order: 2}
    assert await _details(market) == [False]


async def _details(market):
    async with borrow(market.pool) as db:
        cursor = await db.execute("SELECT detail LIKE '%%amina%%' FROM policies.outcomes")
        return [told for (told,) in await cursor.fetchall()]


async def test_what_is_parked_is_tried_again_by_the_next_leader(market, impatient):
    broken = Broken()
    policies = {"poison": Policy("poison", {payments.CheckoutPaid: broken})}
    market.policies = policies
    checkout, _ = await market.buy(("rug", 2))
    await market.pay(checkout)
    async with running(market, policies=policies):
        await market.settled()
    broken.mended = True

    async def nothing_parked():
        return await parked(market.pool) == []

    async with running(market, policies=policies):
        await until(nothing_parked)
    assert broken.calls > settling.TRIES


async def test_a_policy_added_later_starts_at_the_head(market):
    heard = []

    async def hear(commands, call, recorded):
        heard.append(recorded.id)

    first, _ = await market.buy(("rug", 1))
    await market.pay(first)
    await market.settle()
    late = Policy("late", {payments.CheckoutPaid: hear})
    async with borrow(market.pool) as db:
        start = (await register(db, ["late"]))["late"]
    second, _ = await market.buy(("rug", 1))
    await market.pay(second)
    async with borrow(market.pool) as db:
        await market.follower(late, start).step(db, Reading())
    assert heard == [second]
    assert (await positions(market.pool)).keys() == {"late", *POLICIES}


async def test_the_events_of_a_stream_are_heard_in_order_and_streams_at_once(market):
    heard = []

    async def hear(commands, call, recorded):
        await asyncio.sleep(0.001 if recorded.version % 2 else 0.003)
        heard.append((recorded.stream, recorded.version))

    kinds = (payments.PaymentsOpened, payments.PaymentIntended, payments.PaymentCaptured)
    for _ in range(5):
        checkout, _ = await market.buy(("tea", 1))
        await market.pay(checkout)
    async with borrow(market.pool) as db:
        await market.follower(Policy("ear", dict.fromkeys(kinds, hear))).step(db, Reading())
    for stream in {stream for stream, _ in heard}:
        versions = [version for each, version in heard if each == stream]
        assert versions == sorted(versions)
    assert [s for s, _ in heard] != sorted((s for s, _ in heard), key=[s for s, _ in heard].index)
