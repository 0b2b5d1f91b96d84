"""What the sold costs its sellers, where they say so."""

from collections.abc import Mapping, Sequence

from application.work import Work
from domain import catalog, costing
from domain.costing import CostRolledUp
from domain.kernel import but
from domain.orders import Line, LineCost


async def costed(work: Work, parts: Mapping[str, Sequence[Line]]) -> Mapping[str, Sequence[Line]]:
    """The same lines with their costs as known by now: one read, and none where nothing sold is
    linked with a costed product. That cost may move at once: a sale does not wait for it."""
    sold = await work.load_all(catalog, {line.product for part in parts.values() for line in part})
    links = {id: product.costing for id, product in sold.items() if product.costing}
    if not links:
        return parts
    found = await work.latest(costing, CostRolledUp, links.values())
    costs = {}
    for id, link in links.items():
        told = found.get(link)
        costs[id] = LineCost(link, told.event.new, told.position) if told else LineCost(link)
    return {
        seller: [but(line, cost=costs.get(line.product)) for line in part]
        for seller, part in parts.items()
    }
