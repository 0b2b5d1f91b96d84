"""What materials cost by each basis as they stand, and which were used up by hand."""

from collections.abc import Iterator
from typing import ClassVar

from domain import materials, tenants
from domain.costs import BASES, Cost, by
from domain.kernel import Event, Recorded, Value
from domain.materials import (
    Material,
    MaterialAdded,
    MaterialMeasured,
    MaterialPurchased,
    StandardCostSet,
    StockAdjusted,
)
from domain.tenants import CostBasisSet, Tenant

_MOVES = (MaterialAdded, MaterialMeasured, MaterialPurchased, StandardCostSet, StockAdjusted)


class Used(Value):
    """``quantity``: thousandths of the unit; below zero when it was found again. ``costs``: of one
    unit, by basis."""

    owner: str
    currency: str
    quantity: int
    costs: dict[str, Cost | None]


class Usage:
    """The materials of a tenant as they stand, and its cost ``basis``."""

    EVENTS: ClassVar[tuple[type[Event], ...]] = (*_MOVES, CostBasisSet)

    def __init__(self) -> None:
        self._materials: dict[str, Material] = {}
        self._tenant: Tenant = tenants.EMPTY

    @property
    def basis(self) -> str:
        return self._tenant.cost_basis

    def unit(self, id: str, basis: str) -> Cost | None:
        """What a unit costs that arrives where it is used: with its scrap."""
        found = self._materials.get(id, materials.EMPTY)
        cost = by(basis, found.average, found.last, found.standard)
        return cost and cost.wasting(found.measuring.scrap)

    def follow(self, recorded: Recorded) -> Iterator[Used]:
        """What is taken from stock by hand is used up; what is put back is not."""
        event = recorded.event
        if isinstance(event, CostBasisSet):
            self._tenant = tenants.evolve(self._tenant, event)
        elif isinstance(event, _MOVES):
            before = self._materials.get(recorded.id, materials.EMPTY)
            self._materials[recorded.id] = materials.evolve(before, event)
            if isinstance(event, StockAdjusted):
                yield _used(before, event.delta)


def _used(material: Material, delta: int) -> Used:
    costs = {
        str(basis): by(basis, material.average, material.last, material.standard) for basis in BASES
    }
    return Used(material.owner, material.currency, -delta, costs)
