"""What a piece of each costed product costs by any basis, as products and materials stand."""

from typing import ClassVar

from application.whatif.materials import Usage
from domain import costing
from domain.costing import ComponentsSet, CostedProduct, LabourSet, OverheadsSet, ProductDefined
from domain.costs import Cost
from domain.kernel import Event, Recorded
from domain.materials import MaterialMeasured, MaterialPurchased, StandardCostSet

_MADE_OF = (ProductDefined, ComponentsSet, LabourSet, OverheadsSet)
_MOVES = (*_MADE_OF, MaterialMeasured, MaterialPurchased, StandardCostSet)


class Products:
    """Each as it stands, whatever was rolled up: a roll-up tells costs by one basis alone."""

    EVENTS: ClassVar[tuple[type[Event], ...]] = _MADE_OF

    def __init__(self, usage: Usage) -> None:
        self._usage = usage
        self._products: dict[str, CostedProduct] = {}
        self._known: dict[tuple[str, str], Cost | None] = {}  # since the last move, by basis

    def follow(self, recorded: Recorded) -> None:
        """After ``usage`` has: what is known of costs is not, once anything has moved."""
        event = recorded.event
        if isinstance(event, _MADE_OF):
            before = self._products.get(recorded.id, costing.EMPTY)
            self._products[recorded.id] = costing.evolve(before, event)
        if isinstance(event, _MOVES):
            self._known.clear()

    def cost(self, id: str, basis: str) -> Cost | None:
        """From the materials up; a tree has few levels and no loops."""
        if (id, basis) not in self._known:
            product = self._products.get(id, costing.EMPTY)
            units = {
                part.id: self._usage.unit(part.id, basis)
                if part.kind == "material"
                else self.cost(part.id, basis)
                for part in product.components
            }
            self._known[id, basis] = costing.cost_of(product, units).cost
        return self._known[id, basis]
