"""Bulks without their API: operations in, states and refusals out."""

import os
from contextlib import asynccontextmanager
from uuid import uuid4

from adapters.log.log import PostgresLog
from adapters.log.tail import read_after
from adapters.postgres.pools import borrow
from application.bulking import KINDS
from application.bulks import Batch, Bulks, Item
from application.commands import Commands
from application.ports import Call, Receipt
from domain import bulks, catalog, identity, materials, tenants
from domain.catalog import CreateProduct
from domain.catalog import Describing as Page
from domain.identity import AddMember, AppointSeller
from domain.kernel import fold
from domain.materials import AddMaterial, Describing
from domain.money import Money
from domain.tenants import CreateTenant
from tests.support.patience import PATIENCE

DECIDERS = {kind: each.decider for kind, each in KINDS.items()}


class Shop:
    """A tenant, in which amina and basma sell. ``at_once``: items in a chunk."""

    def __init__(self, log, tenant=None, at_once=3):
        self.log, self.tenant, self.at_once = log, tenant or f"t{uuid4().hex[:12]}", at_once

    def bulks(self, log=None, ledger=None):
        """As another process would have them: it remembers nothing."""
        log = log or self.log
        return Bulks(Commands(log), ledger or self.log, KINDS, self.at_once)

    def call(self, actor="amina"):
        id = uuid4()
        return Call(self.tenant, actor, id, id)

    async def opened(self):
        await self.do(tenants, self.tenant, CreateTenant("Shop", "DZD"))
        for seller in ("amina", "basma"):
            await self.do(identity, seller, AddMember("seller"), AppointSeller(f"{seller}'s"))
        return self

    async def do(self, decider, id, *commands):
        async def attempt(work):
            for command in commands:
                await work.decide(decider, id, command)
            return work.receipt(decider, id)

        return await Commands(self.log).run(self.call(), Receipt, attempt)

    async def material(self, id=None, owner="amina", sku=None):
        """Its SKU, if it has one, is taken as over HTTP."""
        id = id or str(uuid4())

        async def attempt(work):
            new = AddMaterial(owner, Describing("Wool", "yarn"), "g", "DZD", sku=sku)
            await work.decide(materials, id, new)
            if sku:
                work.claim("materials.sku", sku, id)
            return work.receipt(materials, id)

        await Commands(self.log).run(self.call(), Receipt, attempt)
        return id

    async def product(self, id, category=None):
        page = Page("Tea", f"p{id[:8]}", category_id=category)
        await self.do(catalog, id, CreateProduct("amina", page, Money(5, "DZD")))

    def batch(self, *items, kind="materials", owner="amina"):
        return Batch(kind, owner, tuple(items), "d")

    async def run(self, *items, kind="materials", owner="amina", id=None, bulks=None):
        return await (bulks or self.bulks()).run(
            self.call(), id or str(uuid4()), self.batch(*items, kind=kind, owner=owner)
        )

    async def undo(self, id, by=None):
        """Previewed, then done: both."""
        cases = self.bulks()
        _, batch = await cases.undoing(self.call(), id, "amina")
        previewed = await cases.preview(self.call(), batch)
        return previewed, await cases.run(self.call(), by or str(uuid4()), batch)

    async def states(self, ids, kind="materials"):
        found = await Commands(self.log).past(self.call(), DECIDERS[kind], ids)
        return {id: fold(DECIDERS[kind], (r.event for r in past)) for id, past in found.items()}

    async def events(self, since=0):
        async with borrow(self.log.pool) as db:
            found = await read_after(db, since, 100_000)
        return [recorded for recorded in found if recorded.tenant == self.tenant]

    async def bulk(self, id):
        return fold(bulks, [r.event for r in await self.past(id)])

    async def past(self, id):
        return (await Commands(self.log).past(self.call(), bulks, [id]))[id]


def updates(ids, what):
    return [Item(id, "update", what) for id in ids]


@asynccontextmanager
async def shops(url):
    """Opens a shop whenever it is awaited."""
    async with PostgresLog(url, os.urandom(32), patience=PATIENCE) as log:

        async def opened(**more):
            return await Shop(log, **more).opened()

        yield opened


class Crash(Exception):
    pass


class Crashing:
    """A log whose process dies at its ``last`` append; ``after``: once it is written."""

    def __init__(self, log, last, after):
        self._log, self._left, self._after = log, last, after

    def __getattr__(self, name):
        return getattr(self._log, name)

    async def append(self, append):
        self._left -= 1
        if self._left < 0 or (self._left == 0 and not self._after):
            raise Crash
        done = await self._log.append(append)
        if self._left == 0:
            raise Crash
        return done
