"""What products cost at one moment after another, had a material's purchase been known in time."""

from application.costing.gathering import told
from domain import costing, costs, materials, tenants
from domain.costing import (
    ComponentsSet,
    CostedProduct,
    LabourSet,
    OverheadsSet,
    ProductDefined,
)
from domain.costs import Cost
from domain.kernel import Recorded
from domain.materials import (
    Material,
    MaterialAdded,
    MaterialMeasured,
    MaterialPurchased,
    Movement,
    Refolded,
    StandardCostSet,
    StockAdjusted,
    movements,
    refolded,
)
from domain.tenants import CostBasisSet, Tenant

_MADE_OF = (ProductDefined, ComponentsSet, LabourSet, OverheadsSet)
_BOUGHT = (MaterialAdded, MaterialMeasured, MaterialPurchased, StandardCostSet, StockAdjusted)
MOVES = (*_MADE_OF, *_BOUGHT, CostBasisSet)  # all that a cost depends on


class Walk:
    """Products and materials as they were at a moment that only goes on: each event is folded once.

    ``material``: the one that ``bought`` is of.
    """

    def __init__(self, material: str, bought: Movement) -> None:
        self._material, self._retold = material, Retold(bought)
        self._products: dict[str, CostedProduct] = {}
        self._materials: dict[str, Material] = {}
        self._tenant: Tenant = tenants.EMPTY
        self._known: dict[str, Cost | None] = {}  # what products cost, since the last move

    def follow(self, recorded: Recorded) -> None:
        """The next of ``MOVES``, in the order of the log."""
        id, event = recorded.id, recorded.event
        if isinstance(event, CostBasisSet):
            self._tenant = tenants.evolve(self._tenant, event)
        elif isinstance(event, _MADE_OF):
            self._products[id] = costing.evolve(self._products.get(id, costing.EMPTY), event)
        elif isinstance(event, _BOUGHT):
            self._materials[id] = materials.evolve(self._materials.get(id, materials.EMPTY), event)
            if id == self._material:
                self._retold.follow(recorded)
        self._known.clear()

    def cost(self, id: str) -> Cost | None:
        """Of a piece of that product; from the materials up, for whatever was rolled up knew of
        nothing. A tree has few levels and no loops."""
        if id not in self._known:
            product = self._products.get(id, costing.EMPTY)
            units = {
                part.id: self._unit(part.id) if part.kind == "material" else self.cost(part.id)
                for part in product.components
            }
            self._known[id] = costing.cost_of(product, units).cost
        return self._known[id]

    def _unit(self, id: str) -> Cost | None:
        material: Material = self._materials.get(id, materials.EMPTY)
        cost = told(material, self._tenant.cost_basis)
        if id == self._material:
            retold = self._retold.now
            cost = costs.by(self._tenant.cost_basis, retold.average, retold.last, material.standard)
        return cost and cost.wasting(material.measuring.scrap)


class Retold:
    """A material's movements so far, and the one among them that was told late."""

    def __init__(self, late: Movement) -> None:
        self._late, self._moves = late, list[Movement]()
        self._known: Refolded | None = None
        self._latest = late.at

    def follow(self, recorded: Recorded) -> None:
        """What happens after all others goes on from what is known; else all is folded again, once
        it is asked for."""
        for move in movements((recorded,)):
            self._moves.append(move)
            last = move.at >= self._latest and move.at > self._late.at
            self._known = self._known.after(move) if self._known and last else None
            self._latest = max(self._latest, move.at)

    @property
    def now(self) -> Refolded:
        if self._known is None:
            self._known = refolded((*self._moves, self._late))
        return self._known
