"""What products cost by the log as it is now, from the materials up; nothing is written."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from application.costing.gathering import gather, owned
from application.work import Work
from domain import costgraph, costing, materials, tenants
from domain.costgraph import CostGraph
from domain.costing import Breakdown, CostedProduct
from domain.costs import Cost
from domain.kernel import Recorded, Value
from domain.materials import (
    Material,
    MaterialPurchased,
    StandardCostSet,
    StockAdjusted,
    happened,
)

MOST = 100  # purchases that are named of one material, or product
Supposed = Mapping[str, Cost | None]  # what materials cost, by id, without their scrap


class Computed(Value):
    """A product's cost, at its ``version``, by the log as it was at ``position``.

    ``products``, ``materials``: what it is made of, by id. ``parts``: the ids of what each product
    is made of that it is made of at any depth, from the bottom up; ``versions``: of all materials
    in these. ``sources``: the positions that the cost of each of all of them comes from.
    """

    product: CostedProduct
    version: int
    breakdown: Breakdown
    products: dict[str, CostedProduct]
    materials: dict[str, Material]
    parts: dict[str, tuple[str, ...]]
    versions: dict[str, int]
    basis: str
    position: int
    sources: dict[str, tuple[int, ...]] = {}


async def computed(work: Work, id: str, owner: str | None, supposed: Supposed) -> Computed:
    """Without its sources."""
    product = await owned(work, id, owner)
    graph: CostGraph = await work.load(costgraph, work.call.tenant)
    order = graph.below(id)
    known = await bottom_up(work, order, supposed)
    tree = await work.load_all(costing, order)
    used = {part.id for each in tree.values() for part in each.components if part.kind != "product"}
    uses = {c.id: c.kind for c in product.components}
    mine = {key: kind for key, kind in uses.items() if kind == "material"}
    return Computed(
        product,
        work.version(costing, id),
        known[id],
        {key: await work.load(costing, key) for key in uses if key not in mine},
        {key: await work.load(materials, key) for key in mine},
        {key: tuple(part.id for part in each.components) for key, each in tree.items()},
        {key: work.version(materials, key) for key in used},
        (await work.load(tenants, work.call.tenant)).cost_basis,
        work.read_position(),
    )


async def bottom_up(work: Work, order: Sequence[str], supposed: Supposed) -> dict[str, Breakdown]:
    """From the materials up, whatever was rolled up so far."""
    costs = await gather(work, order, supposed)
    found: dict[str, Breakdown] = {}
    for id in order:
        found[id] = costing.cost_of(await work.load(costing, id), costs)
        costs[id] = found[id].cost
    return found


def traced(
    parts: Mapping[str, Iterable[str]], known: Mapping[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """Where the costs of all of these come from. ``known``: of materials; a product's comes from
    whatever those of its parts do, the last ``MOST`` of that. ``parts``: from the bottom up."""
    found = dict(known)
    for id, used in parts.items():
        found[id] = tuple(sorted({at for key in used for at in found.get(key, ())})[-MOST:])
    return found


def sources(past: Iterable[Recorded], basis: str) -> tuple[int, ...]:
    """Where a material's cost comes from: its last purchase; of the average, the purchases since
    there was none of it, the last ``MOST`` of them; of the standard, where it was set. All by
    when it happened."""
    found: deque[int] = deque(maxlen=MOST)
    stock = 0
    for recorded in sorted(past, key=happened):
        match recorded.event:
            case MaterialPurchased(quantity=quantity) if basis != "standard":
                if basis != "average" or stock <= 0:
                    found.clear()
                found.append(recorded.position)
                stock += quantity
            case StockAdjusted(delta=delta):
                stock += delta
            case StandardCostSet(cost=cost) if basis == "standard":
                found.clear()
                if cost is not None:
                    found.append(recorded.position)
    return tuple(found)
