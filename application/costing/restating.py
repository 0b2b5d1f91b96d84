"""What sold products would have cost, had a material's purchase been known when it happened."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

from application.commands import Commands
from application.costing.gathering import told
from application.ports import Call
from domain import costgraph, costing, costs, materials, tenants
from domain.costing import ComponentsSet, CostedProduct
from domain.costs import Cost
from domain.kernel import Decider, Recorded, Value
from domain.materials import Material, Movement, StockAdjusted, movements, refolded
from domain.tenants import Tenant


class Sold(Value):
    """A sale of a costed product at ``position``, at the cost that it had since ``costed``."""

    costing: str
    position: int
    costed: int | None


class Pasts:
    """All that happened to what the sold is made of, so that it can be folded up to any position.

    ``material``: the one that ``bought`` is of.
    """

    def __init__(self, call: Call, material: str, bought: Movement) -> None:
        self._call, self._material, self._bought = call, material, bought
        self._products: dict[str, list[Recorded]] = {}
        self._materials: dict[str, list[Recorded]] = {}
        self._tenant: list[Recorded] = []

    async def read(self, commands: Commands, products: Iterable[str]) -> None:
        """A level of the tree at a time, whatever was ever in it."""
        call, wanted = self._call, set(products)
        used: set[str] = {self._material}
        while wanted:
            self._products |= await commands.past(call, costing, wanted)
            parts = [part for id in wanted for part in _ever_in(self._products[id])]
            used |= {part.id for part in parts if part.kind == "material"}
            wanted = {part.id for part in parts if part.kind == "product"} - self._products.keys()
        self._materials = await commands.past(call, materials, used)
        self._tenant = (await commands.past(call, tenants, [call.tenant]))[call.tenant]

    def cost(self, sold: Sold) -> Cost | None:
        """What it would have cost; but for the purchase, all is as it was when it was costed."""
        at = sold.position if sold.costed is None else sold.costed
        tenant: Tenant = _fold(tenants, self._tenant, at)
        return self._product(sold.costing, at, sold.position, tenant.cost_basis, {})

    def _product(
        self, id: str, at: int, sold: int, basis: str, known: dict[str, Cost | None]
    ) -> Cost | None:
        """``known``: of the products in it, worked out so far."""
        if id not in known:
            product: CostedProduct = _fold(costing, self._products[id], at)
            known[id] = costing.cost_of(
                product,
                {
                    part.id: self._unit(part.id, at, sold, basis)
                    if part.kind == "material"
                    else self._product(part.id, at, sold, basis, known)
                    for part in product.components
                },
            ).cost
        return known[id]

    def _unit(self, id: str, at: int, sold: int, basis: str) -> Cost | None:
        material: Material = _fold(materials, self._materials[id], at)
        cost = told(material, basis)
        if id == self._material:
            # An adjustment moves no cost, but what a later purchase makes of the average.
            moves = movements(
                r
                for r in self._materials[id]
                if r.position <= (sold if isinstance(r.event, StockAdjusted) else at)
            )
            shadow = refolded((*moves, self._bought))
            cost = costs.by(basis, shadow.average, shadow.last, material.standard)
        return cost and cost.wasting(material.measuring.scrap)


async def ever_above(commands: Commands, call: Call, material: str) -> set[str]:
    """The products that the material was ever in, at any depth."""
    past = (await commands.past(call, costgraph, [call.tenant]))[call.tenant]
    users: dict[str, set[str]] = {}
    for recorded in past:
        for id in (*recorded.event.products, *recorded.event.materials):
            users.setdefault(id, set()).add(recorded.event.product)
    found, waiting = set[str](), [material]
    while waiting:
        new = users.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


async def restated(
    commands: Commands, call: Call, material: str, bought: Movement, sales: Sequence[Sold]
) -> Mapping[Sold, Cost | None]:
    pasts = Pasts(call, material, bought)
    await pasts.read(commands, {sold.costing for sold in sales})
    return {sold: pasts.cost(sold) for sold in sales}


def _ever_in(past: Iterable[Recorded]) -> list[costing.Component]:
    events = [r.event for r in past]
    return [part for e in events if isinstance(e, ComponentsSet) for part in e.components]


def _fold(decider: Decider, past: Iterable[Recorded], at: int) -> Any:
    """As it was at that position of the log."""
    return reduce(decider.evolve, (r.event for r in past if r.position <= at), decider.EMPTY)
