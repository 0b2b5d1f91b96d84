"""Whatever buyers, sellers, payments and clocks do in whatever order: once the policies have
settled, no paid order lacks its stock, no money is kept for nothing, nothing is oversold."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.log.tail import head
from adapters.postgres.pools import borrow
from domain import payments
from domain.kernel import Rejected, but
from tests.policies.market import call, market_at

STOCK = {"rug": 5, "lamp": 3, "tea": 8}
SELLERS = {"rug": "karim", "lamp": "karim", "tea": "leila"}

number = st.integers(0, 3)
basket = st.dictionaries(st.sampled_from(sorted(STOCK)), st.integers(1, 3), min_size=1, max_size=3)
bought = st.tuples(st.just("buy"), basket, st.sampled_from(["card", "card", "cod"]))
step = st.one_of(
    bought,
    st.tuples(st.sampled_from(["pay", "pay", "fail", "expire", "expire"]), number),
    st.tuples(st.sampled_from(["expire", "cancel", "confirm", "ship", "bring_back"]), number),
    st.tuples(st.sampled_from(["try_a_card", "promise_cash", "ask_back"]), number),
    st.just(("settle",)),
)
history = st.tuples(
    st.lists(bought, min_size=2, max_size=4), st.lists(step, min_size=6, max_size=16)
).map(lambda parts: parts[0] + parts[1])


class Story:
    """One history in a tenant's own products: their names carry its number."""

    def __init__(self, market, number):
        self.market, self.number = market, number
        self.checkouts, self.orders, self.clock = [], [], timedelta()
        self.given_up = set()  # checkouts all of whose payments had failed once

    def name(self, product):
        return f"{product}-{self.number}"

    async def open(self):
        for product, quantity in STOCK.items():
            await self.market.product(self.name(product), SELLERS[product], quantity)

    async def take(self, kind, *details):
        with suppress(Rejected):
            await getattr(self, kind)(*details)

    async def buy(self, items, by):
        lines = [(self.name(product), quantity) for product, quantity in items.items()]
        checkout, orders = await self.market.buy(*lines, by=by)
        self.checkouts.append(checkout)
        self.orders += orders

    async def pay(self, number):
        await self._on(self.checkouts, number, self.market.pay)

    async def fail(self, number):
        await self._on(self.checkouts, number, self._fail)

    async def cancel(self, number):
        await self._on(self.orders, number, self.market.cancel)

    async def confirm(self, number):
        await self._on(self.orders, number, self._confirm)

    async def ship(self, number):
        await self._on(self.orders, number, self._ship)

    async def bring_back(self, number):
        await self._on(self.orders, number, self._bring_back)

    async def try_a_card(self, number):
        """Which fails."""
        await self._on(self.checkouts, number, self._try_a_card)

    async def promise_cash(self, number):
        await self._on(self.checkouts, number, self._promise_cash)

    async def ask_back(self, number):
        """Some of what was paid for an order."""
        await self._on(self.orders, number, self._ask_back)

    async def expire(self, number):
        """Time goes on by more than a reservation lasts."""
        self.clock += timedelta(minutes=20)
        await self._on(self.orders, number, lambda id: self.market.expire(id, self.clock))

    async def settle(self):
        await self.market.settle()

    async def _confirm(self, order):
        await self.market.orders.confirm(call(), order, None)

    async def _ship(self, order):
        for step in ("confirm", "start_processing", "ship"):
            await getattr(self.market.orders, step)(call(), order, None)

    async def _bring_back(self, order):
        await self._ship(order)
        await self.market.orders.deliver(call(), order, None)
        await self.market.orders.return_(call(), order, None, "damaged")

    async def _fail(self, checkout):
        await self.market.fail(checkout)
        await self._note(checkout)

    async def _note(self, checkout):
        ledger = await self.market.ledger(checkout)
        if all(payment.status == "failed" for payment in ledger.payments.values()):
            self.given_up.add(checkout)

    async def _try_a_card(self, checkout):
        amount = (await self.market.ledger(checkout)).total
        await self.market.do(payments, checkout, payments.Intend("tried", "card", amount))
        await self.market.do(payments, checkout, payments.Fail("tried", "declined"))
        await self._note(checkout)

    async def _promise_cash(self, checkout):
        amount = (await self.market.ledger(checkout)).total
        await self.market.do(payments, checkout, payments.Intend("promised", "cod", amount))

    async def _ask_back(self, order):
        checkout = (await self.market.order(order)).checkout
        amount = but((await self.market.ledger(checkout)).total, minor=300)
        asked = payments.RequestRefund(order, amount, "faulty")
        await self.market.do(payments, checkout, asked)

    async def _on(self, things, number, act):
        if things:
            await act(things[number % len(things)])

    async def check(self):
        items = {name: await self.market.stock(self.name(name)) for name in STOCK}
        taken = Counter()
        for order in [await self.market.order(id) for id in self.orders]:
            for line in order.lines:
                taken[line.product] += line.quantity * (line.product in order.taken)
        for name, item in items.items():
            assert item.available >= 0
            assert item.on_hand + taken[self.name(name)] == STOCK[name]
            assert item.reserved == sum(r.quantity for r in item.reservations.values())
        for checkout in self.checkouts:
            await self._check_money(checkout)
        for id in self.orders:
            await self._check_stock(id)

    async def _check_stock(self, id):
        """What has left the shop is kept for nobody; a cash order is kept its pieces until its cash
        fails, and where cash is all that is lacking they are taken once it is confirmed, if there
        are any."""
        order = await self.market.order(id)
        kept = [id in (await self.market.stock(x.product)).reservations for x in order.lines]
        if order.status in ("shipped", "returned"):
            assert not any(kept)
        if order.status == "pending" and order.cash:
            ledger = await self.market.ledger(order.checkout)
            assert all(kept) or ledger.paid or order.checkout in self.given_up
        if order.status == "confirmed" and (await self.market.ledger(order.checkout)).cash_covers:
            assert not any(kept) or await self._short(order)

    async def _short(self, order):
        """Of a line that it has not reserved and not taken."""
        items = {x.product: await self.market.stock(x.product) for x in order.lines}
        return any(
            items[x.product].available < x.quantity
            for x in order.lines
            if x.product not in order.taken
        )

    async def _check_money(self, checkout):
        ledger = await self.market.ledger(checkout)
        statuses = {id: (await self.market.order(id)).status for id in ledger.shares}
        returned = {id for id, s in statuses.items() if s == "returned"}
        assert ledger.cancelled - returned == {i for i, s in statuses.items() if s == "cancelled"}
        assert ledger.paid or returned <= ledger.cancelled, "asked for, and brought back"
        assert ledger.held >= 0
        if not ledger.active:
            assert ledger.held == 0, "money kept for nothing"
        if ledger.paid:
            assert ledger.held == ledger.due
            for share in ledger.active:
                assert await self._has_its_stock(share.order, statuses[share.order])

    async def _has_its_stock(self, id, status):
        """Shipped goods are gone whether or not the shop had counted enough of them."""
        order = await self.market.order(id)
        taken = {line.product for line in order.lines} == set(order.taken)
        return taken or status in ("shipped", "returned")


@pytest.fixture(scope="session")
def bench(new_database):
    """One market for every history: a database each would take longer than the histories."""
    url = new_database()
    with asyncio.Runner() as runner:
        context = market_at(url)
        market = runner.run(context.__aenter__())
        for seller in ("karim", "leila"):
            runner.run(market.seller(seller))
        yield runner, market
        runner.run(context.__aexit__(None, None, None))


@settings(max_examples=50, suppress_health_check=list(HealthCheck), database=None)
@given(steps=history)
def test_once_settled_stock_and_money_are_right(bench, steps):
    runner, market = bench
    runner.run(_tell(market, steps))


async def _tell(market, steps):
    async with borrow(market.pool) as db:
        story = Story(market, await head(db))
    await story.open()
    for kind, *details in steps:
        await story.take(kind, *details)
    await market.settle()
    await story.check()
    await _nothing_parked(market)


async def _nothing_parked(market):
    assert [o for o in await market.outcomes() if o[1] == "parked"] == []
