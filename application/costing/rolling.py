"""Rolling up: each product at what it costs by now, after all that it uses."""

from collections.abc import Sequence

from application.costing.gathering import costs_of, gather
from application.work import Work
from domain import costgraph, costing
from domain.costgraph import CostGraph
from domain.costing import Cause, CostedProduct, RollUp

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
