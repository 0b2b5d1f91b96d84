"""What if materials cost something else: all that is made of them, before anything is saved."""

from application.costing.computing import Supposed, bottom_up
from application.work import Work
from domain import catalog, costgraph, costing, materials
from domain.catalog import Product
from domain.costgraph import CostGraph
from domain.costing import CostedProduct
from domain.costs import MAX_MICROS, Cost
from domain.kernel import Rejected, Value
from domain.materials import Material
from domain.money import Money


class Prospect(Value):
    """What a piece costs ``now`` and would cost ``then``. ``price``: what it is sold for in the
    catalogue; None while it is not."""

    id: str
    product: CostedProduct
    now: Cost | None
    then: Cost | None
    price: Money | None

    @property
    def under(self) -> bool:
        """Whether its price would leave less than it is to."""
        return self._under(self.then)

    @property
    def fell(self) -> bool:
        """Whether it is not so already."""
        return self.under and not self._under(self.now)

    def _under(self, cost: Cost | None) -> bool:
        if cost is None or self.price is None:
            return False
        return costing.under(self.price, cost, self.product.margin)


class Prospects(Value):
    """By the log as it was at ``position``; those that fell first, then those that are under."""

    found: tuple[Prospect, ...]
    position: int


async def prospects(work: Work, owner: str | None, supposed: Supposed) -> Prospects:
    """Of all that uses these materials, at any depth. Raises Rejected."""
    await _check(work, owner, supposed)
    graph: CostGraph = await work.load(costgraph, work.call.tenant)
    above = graph.above(materials=supposed)
    order = graph.below(*above)
    now, then = await bottom_up(work, order, {}), await bottom_up(work, order, supposed)
    products: dict[str, CostedProduct] = await work.load_all(costing, above)
    sold = {product.listing for product in products.values() if product.listing}
    listings: dict[str, Product] = await work.load_all(catalog, sold)
    found = [
        Prospect(id, product, now[id].cost, then[id].cost, _price(product, listings))
        for id, product in products.items()
    ]
    found.sort(key=lambda one: (not one.fell, not one.under))
    return Prospects(tuple(found), work.read_position())


def _price(product: CostedProduct, listings: dict[str, Product]) -> Money | None:
    listing = listings[product.listing] if product.listing else None
    return None if listing is None or listing.retired else listing.price


async def _check(work: Work, owner: str | None, supposed: Supposed) -> None:
    known: dict[str, Material] = await work.load_all(materials, supposed)
    for id, cost in supposed.items():
        material = known[id]
        if not material.exists or owner not in (None, material.owner):
            raise Rejected("costing.unknown_material", id)
        if cost is not None and cost.currency != material.currency:
            raise Rejected("costing.currency_mixed", f"its costs are in {material.currency}")
        if cost is not None and cost.micros > MAX_MICROS:
            raise Rejected("costing.amount_out_of_range", "too much for one unit")
