"""A workshop without its API: materials are bought, products are made of them, costs roll up."""

from contextlib import asynccontextmanager
from fractions import Fraction
from math import floor
from uuid import uuid4

from adapters.log.tail import head, read_after
from adapters.postgres.pools import borrow
from application.costing import Costing
from application.policies.costing import COSTING
from domain import costing, materials, tenants
from domain.costing import Component, CostRolledUp, DefineProduct, SetComponents
from domain.materials import AddMaterial, Describing, Measuring, RecordPurchase
from domain.money import Money
from domain.quantities import Amount
from domain.tenants import CreateTenant
from tests.policies.market import call, market_at


class Workshop:
    """A tenant of its own; amina's, unless it is said whose."""

    def __init__(self, market, since):
        self.market, self.since, self.tenant = market, since, f"t{uuid4().hex[:12]}"
        self.costing = Costing(market.commands)
        self.products, self.materials, self.settled = [], [], 0

    def call(self):
        return call(tenant=self.tenant, actor="amina")

    async def do(self, decider, id, *commands):
        return await self.market.do(decider, id, *commands, tenant=self.tenant)

    async def opened(self):
        await self.do(tenants, self.tenant, CreateTenant("Workshop", "DZD"))
        return self

    async def material(self, price=None, scrap=0, owner="amina"):
        id = str(uuid4())
        text = Describing("Wool", "yarn")
        await self.do(materials, id, AddMaterial(owner, text, "g", "DZD", Measuring((), scrap)))
        self.materials.append(id)
        if price is not None:
            await self.buy(id, price)
        return id

    async def buy(self, material, price, grams=1000):
        """``price``: centimes for all of it."""
        bought = RecordPurchase(Amount(grams * 10**9), Money(price, "DZD"), Money(0, "DZD"))
        await self.do(materials, material, bought)

    async def product(self, *components, makes=1, owner="amina"):
        id = str(uuid4())
        await self.costing.define(self.call(), id, DefineProduct(owner, "Scarf", ""))
        self.products.append(id)
        if components:
            await self.compose(id, *components, makes=makes)
        return id

    async def compose(self, id, *components, makes=1):
        """``components``: (id, thousandths)."""
        parts = [
            Component("material" if part in self.materials else "product", part, quantity)
            for part, quantity in components
        ]
        command = SetComponents(tuple(parts), makes)
        return await self.costing.set_components(self.call(), id, None, command)

    async def change(self, id, command):
        return await self.costing.change(self.call(), id, None, command)

    async def react(self, recorded):
        reaction = COSTING.on[type(recorded.event)]
        await reaction(self.market.commands, COSTING.call(recorded), recorded)

    async def settle(self, again=False):
        """All that the policy has not heard yet, in order. ``again``: all that there ever was."""
        for recorded in await self.heard():
            if again or recorded.position > self.settled:
                await self.react(recorded)
                self.settled = max(self.settled, recorded.position)

    async def heard(self):
        return [r for r in await self.events() if type(r.event) in COSTING.on]

    async def rolled(self):
        return [r for r in await self.events() if isinstance(r.event, CostRolledUp)]

    async def events(self):
        async with borrow(self.market.pool) as db:
            found = await read_after(db, self.since, 100_000)
        return [r for r in found if r.tenant == self.tenant]

    async def state(self, decider, id):
        return (await self.states(decider, [id]))[id]

    async def states(self, decider, ids):
        return await self.market.commands.look(
            self.call(), lambda work: work.load_all(decider, ids)
        )

    async def costs(self):
        """In millionths, by product, as they stand."""
        found = await self.states(costing, self.products)
        return {id: state.cost and state.cost.micros for id, state in found.items()}

    async def scratch(self):
        """The same, computed anew by an accountant with fractions."""
        products = await self.states(costing, self.products)
        known = await self.states(materials, self.materials)
        basis = (await self.state(tenants, self.tenant)).cost_basis
        units = {id: unit(material, basis) for id, material in known.items()}
        return {id: piece(id, products, units) for id in self.products}


def unit(material, basis):
    cost = getattr(material, basis)
    if cost is None:
        return None
    return half_up(Fraction(cost.micros) / (1 - Fraction(material.measuring.scrap, 10_000)))


def piece(id, products, units):
    """Recursively, from the leaves up, whatever was rolled up."""
    product = products[id]
    used = Fraction(0)
    for component in product.components:
        if component.kind == "material":
            one = units[component.id]
        else:
            one = piece(component.id, products, units)
        if one is None:
            return None
        used += Fraction(one) * Fraction(component.quantity, 1000)
    hours = [Fraction(w.minutes, 60_000) * w.rate.minor for w in product.labour]
    worked = sum(hours, Fraction(0)) * 10**6
    over = Fraction(0)
    for rule in product.overheads:
        base = {"materials": used, "labour": worked, "all": used + worked, "fixed": Fraction(0)}
        over += base[rule.on] * Fraction(rule.basis_points, 10_000)
        over += (rule.amount.minor if rule.amount else 0) * 10**6
    if not (product.components or product.labour or product.overheads):
        return None
    return half_up((used + worked + over) / product.makes)


def half_up(exact):
    return floor(exact + Fraction(1, 2))


@asynccontextmanager
async def workshops(url):
    """Opens a workshop whenever it is awaited."""
    async with market_at(url, {"costing": COSTING}) as market:

        async def opened():
            async with borrow(market.pool) as db:
                since = await head(db)
            return await Workshop(market, since).opened()

        yield opened
