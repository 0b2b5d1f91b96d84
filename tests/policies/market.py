"""A marketplace without its API: commands in, policies run to the end, states out."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4, uuid5

from adapters.log.log import PostgresLog
from adapters.log.tail import head, read_after
from adapters.policies.following import Follower, keep_places
from adapters.policies.outcomes import register
from adapters.policies.reading import Reading
from adapters.postgres.pools import PROJECT, borrow, open_pool
from application.checkouts import Checkouts, Item, Paying, Terms
from application.commands import Commands
from application.orders import Orders
from application.policies import POLICIES, TIMERS
from application.policies.kernel import Due
from application.ports import Call, Receipt
from domain import catalog, identity, inventory, orders, payments
from domain.catalog import CreateProduct, Describing
from domain.identity import AddMember, AppointSeller
from domain.inventory import ReceiveStock, StockCommitted, StockRestocked
from domain.money import Money
from tests.support.patience import PATIENCE

TENANT = "bazaar"


def call(**changes):
    id = uuid4()
    made = {"tenant": TENANT, "actor": "someone", "command_id": id, "correlation": id}
    return Call(**(made | changes))


async def until(condition):
    """Wait for it to come true; ``condition`` may be a coroutine function."""
    async with asyncio.timeout(PATIENCE):
        while True:
            true = condition()
            if await true if asyncio.iscoroutine(true) else true:
                return
            await asyncio.sleep(0.02)


class Market:
    """``buy`` answers (checkout id, [order ids])."""

    def __init__(self, url, log, pool, policies=POLICIES):
        self.url, self.log, self.pool = url, log, pool
        self.commands = Commands(log, patience=PATIENCE)
        self.orders, self.checkouts = Orders(self.commands), Checkouts(self.commands)
        self.policies = policies

    async def do(self, decider, id, *commands, **changes):
        async def attempt(work):
            for command in commands:
                await work.decide(decider, id, command)
            return work.receipt(decider, id)

        return await self.commands.run(call(**changes), Receipt, attempt)

    async def state(self, decider, id):
        return await Commands(self.log).peek(call(), decider, id)  # read, not remembered

    async def seller(self, id):
        await self.do(identity, id, AddMember("seller"), AppointSeller(f"Shop {id}"))

    async def product(self, id, seller, quantity, price=1000):
        new = CreateProduct(seller, Describing(id, id), Money(price, "DZD"))
        await self.do(catalog, id, new)
        if quantity:
            await self.do(inventory, id, ReceiveStock(quantity))

    async def buy(self, *items, by="card", buyer="amina", **changes):
        methods = (by,) if isinstance(by, str) else by
        paying = tuple(m if isinstance(m, Paying) else Paying(m) for m in methods)
        placed = await self.checkouts.buy(
            call(**changes),
            str(uuid4()),
            buyer,
            [Item(product, quantity) for product, quantity in items],
            Terms(payments=paying),
        )
        return placed.id, [order.id for order in placed.orders]

    def payment(self, checkout, number=1):
        return str(uuid5(UUID(checkout), f"payment/{number}"))

    async def pay(self, checkout, number=1, **changes):
        command = payments.Capture(self.payment(checkout, number))
        await self.do(payments, checkout, command, **changes)

    async def fail(self, checkout, number=1):
        await self.do(payments, checkout, payments.Fail(self.payment(checkout, number), "declined"))

    async def cancel(self, order, **changes):
        await self.orders.cancel(call(**changes), order, None, "changed_mind")

    async def expire(self, order, after=timedelta(minutes=16)):
        """The timer runs out, seen from ``after`` from now."""
        now = datetime.now(UTC) + after
        due = Due(TENANT, order, now, now, 0)
        await TIMERS["expiry"].reaction(self.commands, TIMERS["expiry"].call(due), due)

    async def settle(self):
        """Run the policies until there is nothing left to react to."""
        async with borrow(self.pool) as db:
            positions = await register(db, self.policies)
            followers = [self.follower(self.policies[name], at) for name, at in positions.items()]
            while any([await follower.step(db, Reading()) for follower in followers]):
                pass
            await keep_places(db, followers)

    def follower(self, policy, position=0):
        return Follower(policy, position, self.commands, asyncio.Event())

    async def settled(self):
        """Wait for a runner to have reacted to everything."""
        await until(self._caught_up)

    async def _caught_up(self):
        async with borrow(self.pool) as db:
            cursor = await db.execute("SELECT min(position), count(*) FROM policies.positions")
            position, count = await cursor.fetchone()
            return count >= len(self.policies) and position == await head(db)

    async def events(self):
        async with borrow(self.pool) as db:
            return await read_after(db, 0, 100_000)

    async def happened(self, kind):
        return [r for r in await self.events() if isinstance(r.event, kind)]

    async def outcomes(self):
        async with borrow(self.pool) as db:
            cursor = await db.execute(
                "SELECT policy, outcome, code FROM policies.outcomes ORDER BY position"
            )
            return await cursor.fetchall()

    async def order(self, id):
        return await self.state(orders, id)

    async def stock(self, product):
        return await self.state(inventory, product)

    async def taken(self, product):
        """How much of it which order has, as the orders note it and as its stock has told."""
        noted, told = {}, {}
        for placed in await self.happened(orders.OrderPlaced):
            if product in (order := await self.order(placed.id)).taken:
                line = next(line for line in order.lines if line.product == product)
                noted[placed.id] = line.quantity
        for event in await self.told_of(product):
            if isinstance(event, StockCommitted):
                assert event.order not in told, "taken twice"
                told[event.order] = event.quantity
            if isinstance(event, StockRestocked):
                assert told.pop(event.order) == event.quantity
        assert noted == told
        return told

    async def told_of(self, product):
        return [r.event for r in await self.events() if r.stream == f"{TENANT}/inventory/{product}"]

    async def ledger(self, checkout):
        return await self.state(payments, checkout)


@asynccontextmanager
async def market_at(url, policies=POLICIES) -> AsyncIterator[Market]:
    """Whose log is not away because the machine is slow."""
    pool = await open_pool(url, PROJECT, size=4, name="test-policies", timeout=PATIENCE)
    async with PostgresLog(url, os.urandom(32), patience=PATIENCE) as log:
        try:
            yield Market(url, log, pool, policies)
        finally:
            await pool.close()
