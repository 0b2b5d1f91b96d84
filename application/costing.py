"""Costing: whatever changes what a product costs rolls up to all that use it, in one append."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from application.commands import Commands
from application.ports import Answer, Call, Missing, Receipt
from application.work import Work, stream_of
from domain import costgraph, costing, costs, materials, tenants
from domain.costgraph import CostGraph, SetEdges
from domain.costing import Breakdown, Cause, CostedProduct, DefineProduct, RollUp, SetComponents
from domain.costs import Cost
from domain.kernel import Recorded, Rejected, Value, but
from domain.materials import Material, MaterialPurchased, StandardCostSet, StockAdjusted
from domain.tenants import Tenant

UNKNOWN = "costing.unknown_product"
MOST = 100  # purchases that are named of one material
AT_ONCE = 500  # products whose costs are rolled up in one append


class Computed(Value):
    """A product's cost, at its ``version``, by the log as it was at ``position``.

    ``products``, ``materials``: what it is made of, by id; ``versions``: of the materials;
    ``sources``: the positions that the cost of each material comes from.
    """

    product: CostedProduct
    version: int
    breakdown: Breakdown
    products: dict[str, CostedProduct]
    materials: dict[str, Material]
    versions: dict[str, int]
    basis: str
    position: int
    sources: dict[str, tuple[int, ...]] = {}


class Costing:
    """``owner``: whose products they may change; None for staff."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def define(self, call: Call, id: str, new: DefineProduct) -> Receipt:
        """In the tenant's currency unless it names one."""

        async def attempt(work: Work) -> Answer:
            work.begin((costing, id))
            tenant: Tenant = await work.load(tenants, call.tenant)
            if not tenant.exists:
                raise Missing("tenants.unknown_tenant")
            await work.decide(costing, id, but(new, currency=new.currency or tenant.currency))
            return work.receipt(costing, id)

        return await self._commands.run(call, Receipt, attempt)

    async def set_components(
        self, call: Call, id: str, owner: str | None, command: SetComponents
    ) -> Receipt:
        """All of one owner and one currency. Two edits at once meet in the tenant's graph."""

        async def attempt(work: Work) -> Answer:
            product = await owned(work, id, owner)
            await work.gather([(costgraph, call.tenant), (tenants, call.tenant)])
            await _check_components(work, product, command)
            await work.decide(costing, id, command)
            by_kind: dict[str, list[str]] = {"product": [], "material": []}
            for component in command.components:
                by_kind[component.kind].append(component.id)
            edges = SetEdges(id, tuple(by_kind["product"]), tuple(by_kind["material"]))
            await work.decide(costgraph, call.tenant, edges)
            await _moved(work, id)
            return work.receipt(costing, id)

        queues = [stream_of(call.tenant, costgraph, call.tenant)]
        return await self._commands.run(call, Receipt, attempt, queues)

    async def change(
        self, call: Call, id: str, owner: str | None, command: costing.COMMANDS
    ) -> Receipt:
        """Any other command on a product that belongs to ``owner``."""

        async def attempt(work: Work) -> Answer:
            await owned(work, id, owner)
            if await work.decide(costing, id, command):
                await _moved(work, id)
            return work.receipt(costing, id)

        queues = [stream_of(call.tenant, costing, id)]
        return await self._commands.run(call, Receipt, attempt, queues)

    async def roll_up(
        self, call: Call, cause: Cause, moved: Iterable[str] | None, at_once: int = AT_ONCE
    ) -> None:
        """All that uses these materials (None: any), in as many appends as it takes.

        It has no key: what is as it should be is no news, so it may run any number of times, and
        what is left of one that broke off is another's whole.
        """
        done: set[str] = set()

        async def attempt(work: Work) -> Answer:
            graph: CostGraph = await work.load(costgraph, call.tenant)
            order = graph.above(materials=graph.used if moved is None else moved)
            chunk = [id for id in order if id not in done][:at_once]
            await recost(work, chunk, cause)
            return lambda recorded: Chunk(tuple(chunk))

        queues = [stream_of(call.tenant, costgraph, call.tenant)]  # they would meet in the products
        while True:
            chunk = await self._commands.run(replace(call, key=None), Chunk, attempt, queues)
            if len(chunk.ids) < at_once:
                return
            done.update(chunk.ids)

    async def computed(self, call: Call, id: str, owner: str | None) -> Computed:
        """What it costs by the log as it is now, and by what; nothing is written."""

        async def attempt(work: Work) -> Computed:
            product = await owned(work, id, owner)
            graph: CostGraph = await work.load(costgraph, call.tenant)
            known = await _computed(work, graph.below(id))
            uses = {c.id: c.kind for c in product.components}
            mine = {key: kind for key, kind in uses.items() if kind == "material"}
            return Computed(
                product,
                work.version(costing, id),
                known[id],
                {key: await work.load(costing, key) for key in uses if key not in mine},
                {key: await work.load(materials, key) for key in mine},
                {key: work.version(materials, key) for key in mine},
                (await work.load(tenants, call.tenant)).cost_basis,
                work.read_position(),
            )

        found = await self._commands.look(call, attempt)
        past = await self._commands.past(call, materials, found.materials)
        return but(
            found,
            sources={
                key: sources((r for r in past[key] if r.version <= version), found.basis)
                for key, version in found.versions.items()
            },
        )


class Chunk(Value):
    ids: tuple[str, ...]


async def owned(work: Work, id: str, owner: str | None) -> CostedProduct:
    """Raises Missing."""
    product: CostedProduct = await work.load(costing, id)
    if not product.exists or owner not in (None, product.owner):
        raise Missing(UNKNOWN)
    return product


async def recost(work: Work, order: Sequence[str], cause: Cause) -> None:
    """Each of these products, which come after all that they use, at what it costs by now."""
    await _gather(work, order)
    for id in order:
        product: CostedProduct = await work.load(costing, id)
        costs = await _costs(work, product, {})
        await work.decide(costing, id, RollUp(costing.cost_of(product, costs).cost, cause))


async def _moved(work: Work, id: str) -> None:
    graph: CostGraph = await work.load(costgraph, work.call.tenant)
    await recost(work, graph.above(products=[id]), Cause("product", id))


async def _computed(work: Work, order: Sequence[str]) -> dict[str, Breakdown]:
    """From the materials up, whatever was rolled up so far."""
    await _gather(work, order)
    found: dict[str, Breakdown] = {}
    for id in order:
        product: CostedProduct = await work.load(costing, id)
        found[id] = costing.cost_of(product, await _costs(work, product, found))
    return found


async def _gather(work: Work, order: Sequence[str]) -> None:
    """These products and all that they use, in two reads."""
    await work.gather([(tenants, work.call.tenant), *((costing, id) for id in order)])
    used = [c for id in order for c in (await work.load(costing, id)).components]
    await work.gather((costing if c.kind == "product" else materials, c.id) for c in used)


async def _costs(
    work: Work, product: CostedProduct, computed: Mapping[str, Breakdown]
) -> dict[str, Cost | None]:
    """What one of each of its components costs."""
    tenant: Tenant = await work.load(tenants, work.call.tenant)
    found: dict[str, Cost | None] = {}
    for component in product.components:
        if component.kind == "material":
            material: Material = await work.load(materials, component.id)
            found[component.id] = effective(material, tenant.cost_basis)
        elif component.id in computed:
            found[component.id] = computed[component.id].cost
        else:
            found[component.id] = (await work.load(costing, component.id)).cost
    return found


def effective(material: Material, basis: str) -> Cost | None:
    """By the tenant's basis, with scrap: as materials tells it."""
    cost = costs.by(basis, material.average, material.last, material.standard)
    return cost and cost.wasting(material.measuring.scrap)


def sources(past: Iterable[Recorded], basis: str) -> tuple[int, ...]:
    """Where a material's cost comes from: its last purchase; of the average, the purchases since
    there was none of it, the last ``MOST`` of them; of the standard, where it was set."""
    found: list[int] = []
    stock = 0
    for recorded in past:
        match recorded.event:
            case MaterialPurchased(quantity=quantity) if basis != "standard":
                keep = basis == "average" and stock > 0
                found, stock = [*(found if keep else []), recorded.position], stock + quantity
            case StockAdjusted(delta=delta):
                stock += delta
            case StandardCostSet(cost=cost) if basis == "standard":
                found = [] if cost is None else [recorded.position]
    return tuple(found[-MOST:])


async def _check_components(work: Work, product: CostedProduct, wanted: SetComponents) -> None:
    known = {component.id for component in product.components}
    await work.gather(
        (costing if c.kind == "product" else materials, c.id) for c in wanted.components
    )
    for component in wanted.components:
        decider = costing if component.kind == "product" else materials
        found: CostedProduct | Material = await work.load(decider, component.id)
        if not found.exists or found.owner != product.owner:
            raise Rejected("costing.unknown_component", component.id)
        if found.retired and component.id not in known:
            raise Rejected("costing.component_retired", component.id)
        if found.currency != product.currency:
            raise Rejected("costing.currency_mixed", f"its costs are in {product.currency}")
