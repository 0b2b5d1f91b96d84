"""Rolling up: each product at what it costs by now, after all that it uses."""

from collections.abc import Sequence

from application.costing.gathering import costs_of, gather
from application.work import Work
from domain import costgraph, costing, costruns
from domain.costgraph import CostGraph
from domain.costing import Cause, CostedProduct, RollUp
from domain.costruns import Advance

AT_ONCE = 500  # products whose costs are rolled up in one append


async def recost(work: Work, order: Sequence[str], cause: Cause) -> None:
    """Each of these products, which come after all that they use, at what it costs by now."""
    await gather(work, order)
    for id in order:
        product: CostedProduct = await work.load(costing, id)
        costs = await costs_of(work, product, {})
        await work.decide(costing, id, RollUp(costing.cost_of(product, costs).cost, cause))


async def moved(work: Work, id: str) -> None:
    """A product was edited: it and all that uses it."""
    graph: CostGraph = await work.load(costgraph, work.call.tenant)
    await recost(work, graph.above(products=[id]), Cause("product", id))


async def told(work: Work, cause: Cause, top: str, done: int, total: int) -> None:
    """How far it is. ``top``: the product that comes last."""
    if cause.position is None:
        return
    await gather(work, [top])
    product: CostedProduct = await work.load(costing, top)
    estimate = costing.cost_of(product, await costs_of(work, product, {})).cost
    owner = product.owner if cause.kind == "material" else ""
    step = Advance(cause.kind, cause.id, owner, done, total, top, product.cost, estimate)
    await work.decide(costruns, str(cause.position), step)
