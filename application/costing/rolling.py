"""Rolling up: each product at what it costs by now, after all that it uses."""

from collections.abc import Mapping, Sequence

from application.costing.gathering import gather
from application.ports import Answer
from application.work import Work
from domain import costgraph, costing, costruns
from domain.costgraph import CostGraph
from domain.costing import Cause, CostedProduct, RollUp
from domain.costruns import Advance
from domain.kernel import Value

AT_ONCE = 500  # products whose costs are rolled up in one append


class Chunk(Value):
    """The products of one append; ``several``: it is one of several."""

    ids: tuple[str, ...]
    several: bool


class Rolling:
    """One roll-up of all that uses what moved. What is done of it, append by append, and what is
    left by the graph as it is by then. ``causes``: of a kind; how far it is, is told of the first.
    ``at_once``: None is AT_ONCE."""

    def __init__(self, causes: Sequence[Cause], at_once: int | None = None) -> None:
        self._causes, self._at_once = {cause.id: cause for cause in causes}, at_once or AT_ONCE
        self._cause = causes[0]
        self._why: Mapping[str, Cause] = {}  # of each product, one of what it uses at any depth
        self._done: dict[str, None] = {}  # in their order
        self._ordered, self._order = 0, list[str]()  # by the graph's version
        self._several = self.ended = False

    async def attempt(self, work: Work) -> Answer:
        left = [id for id in await self._above(work) if id not in self._done]
        chunk = left[: self._at_once]
        await recost(work, chunk, self._why)
        done, total = len(self._done) + len(chunk), len(self._done) + len(left)
        several = self._several or total > self._at_once
        if several:
            # Where nothing is left, it ends with what came last.
            *_, top = self._order or self._done
            await told(work, self._cause, top, done, total)
        return lambda recorded: Chunk(tuple(chunk), several)

    async def _above(self, work: Work) -> list[str]:
        """Its order is worked out of the whole graph: once, unless that has moved."""
        graph: CostGraph = await work.load(costgraph, work.call.tenant)
        version = work.version(costgraph, work.call.tenant)
        if version != self._ordered:
            self._ordered, self._order = version, self._by(graph)
            self._why = self._reasons(graph)
            self._reopen(graph)
        return self._order

    def _by(self, graph: CostGraph) -> list[str]:
        if self._cause.kind == "product":
            return graph.above(products=graph.parts.intersection(self._causes))
        return graph.above(materials=graph.used if self._cause.kind == "basis" else self._causes)

    def _reasons(self, graph: CostGraph) -> Mapping[str, Cause]:
        why = dict(self._causes)
        for id in self._order:
            used = (*graph.materials.get(id, ()), *graph.products.get(id, ()))
            why.setdefault(id, next((why[part] for part in used if part in why), self._cause))
        return why

    def _reopen(self, graph: CostGraph) -> None:
        """What was done is to be done again if it uses by now what is left."""
        left = set[str]()
        for id in self._order:
            if id not in self._done or not left.isdisjoint(graph.products.get(id, ())):
                left.add(id)
                self._done.pop(id, None)

    def took(self, chunk: Chunk) -> None:
        self._done.update(dict.fromkeys(chunk.ids))
        self._several = chunk.several
        self.ended = len(chunk.ids) < self._at_once


async def recost(work: Work, order: Sequence[str], why: Mapping[str, Cause]) -> None:
    """Each of these products, which come after all that they use, at what it costs by now.
    ``why``: that it moved."""
    costs = await gather(work, order)
    for id in order:
        costs[id] = costing.cost_of(await work.load(costing, id), costs).cost
        await work.decide(costing, id, RollUp(costs[id], why[id]))


async def moved(work: Work, id: str) -> None:
    """A product was edited: it and what uses it, as much as one append is to hold. The policy sees
    to the rest."""
    graph: CostGraph = await work.load(costgraph, work.call.tenant)
    order = graph.above(products=[id])[:AT_ONCE]
    await recost(work, order, dict.fromkeys(order, Cause("product", id)))


async def told(work: Work, cause: Cause, top: str, done: int, total: int) -> None:
    """How far it is. ``top``: the product that comes last."""
    if cause.position is None:
        return
    costs = await gather(work, [top])
    product: CostedProduct = await work.load(costing, top)
    estimate = costing.cost_of(product, costs).cost
    owner = "" if cause.kind == "basis" else product.owner
    step = Advance(cause.kind, cause.id, owner, done, total, top, product.cost, estimate)
    await work.decide(costruns, str(cause.position), step)
