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

MOST = 100  # purchases that are named of one material
Supposed = Mapping[str, Cost | None]  # what materials cost, by id, without their scrap


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


async def computed(work: Work, id: str, owner: str | None, supposed: Supposed) -> Computed:
    """Without its sources."""
    product = await owned(work, id, owner)
    graph: CostGraph = await work.load(costgraph, work.call.tenant)
    known = await bottom_up(work, graph.below(id), supposed)
    uses = {c.id: c.kind for c in product.components}
    mine = {key: kind for key, kind in uses.items() if kind == "material"}
    return Computed(
        product,
        work.version(costing, id),
        known[id],
        {key: await work.load(costing, key) for key in uses if key not in mine},
        {key: await work.load(materials, key) for key in mine},
        {key: work.version(materials, key) for key in mine},
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
