"""Materials, as bulks change them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from application.bulks.items import Item, Kind, Name
from application.materials import UNKNOWN, names_of
from application.ports import Call, Missing
from application.work import Work
from domain import materials, tenants
from domain.costs import Cost, told
from domain.kernel import Decider, Value, but
from domain.materials import (
    AddMaterial,
    AssignSku,
    DescribeMaterial,
    Material,
    MeasureMaterial,
    RestoreMaterial,
    RetireMaterial,
    SetStandardCost,
    SetThreshold,
)
from domain.quantities import shown
from domain.tenants import Tenant


class Change(Value):
    """``describing``, ``measuring``: the parts of them to change, by name. ``only``: a kind that
    the material must be of."""

    describing: dict[str, Any] = {}
    measuring: dict[str, Any] = {}
    sku: str | UnsetType | None = UNSET
    threshold: int | UnsetType | None = UNSET
    standard: Cost | UnsetType | None = UNSET
    retire: bool = False
    only: str | None = None

    def commands(self, now: Material) -> Iterator[materials.COMMANDS]:
        if self.describing:
            yield DescribeMaterial(but(now.describing, **self.describing))
        if self.measuring:
            yield MeasureMaterial(but(now.measuring, **self.measuring))
        if self.sku is not UNSET:
            yield AssignSku(self.sku)
        if self.threshold is not UNSET:
            yield SetThreshold(self.threshold)
        if self.standard is not UNSET:
            yield SetStandardCost(self.standard)
        if self.retire:
            yield RetireMaterial()


class Materials:
    """An item's ``what`` is an AddMaterial or a Change."""

    decider: Decider = materials

    def needs(self, call: Call, items: Iterable[Item]) -> Iterable[tuple[Decider, str]]:
        return [(tenants, call.tenant)] if any(item.op == "create" for item in items) else []

    def owned(self, material: Material, owner: str | None) -> None:
        if not material.exists or owner not in (None, material.owner):
            raise Missing(UNKNOWN)

    async def commands(
        self, work: Work, item: Item, material: Material
    ) -> Sequence[materials.COMMANDS]:
        if isinstance(item.what, AddMaterial):
            return [await _told(work, item.what)]
        change: Change = item.what
        if change.only not in (None, material.describing.kind):
            raise Missing(UNKNOWN)
        return list(change.commands(material))

    def names(self, material: Material) -> frozenset[Name]:
        return names_of(material)

    def gone(self, material: Material) -> bool:
        return not material.exists or material.retired

    async def back(
        self, work: Work, before: Material, now: Material
    ) -> Sequence[materials.COMMANDS]:
        if not before.exists:
            return [RetireMaterial()]
        found: list[materials.COMMANDS] = [RestoreMaterial()]
        found += [DescribeMaterial(before.describing), MeasureMaterial(before.measuring)]
        found += [AssignSku(before.sku), SetThreshold(before.threshold)]
        found.append(SetStandardCost(before.standard))
        if _same(before, now):
            found = [] if before.retired else [RestoreMaterial()]
        return [*found, RetireMaterial()] if before.retired else found

    def shown(self, material: Material) -> dict[str, Any]:
        text, measures = material.describing, material.measuring
        cost = told(material.standard)
        return {
            "name": text.name,
            "kind": text.kind,
            "brand": text.brand,
            "colour": text.colour,
            "attributes": text.attributes,
            "unit": material.unit,
            "conversions": [
                {"unit": c.unit, "factor": shown(c.factor)} for c in measures.conversions
            ],
            "scrap": measures.scrap,
            "sku": material.sku,
            "threshold": None if material.threshold is None else shown(material.threshold),
            "standard_cost": cost and {"amount": cost.amount, "currency": cost.currency},
            "retired": material.retired,
        }


def _same(before: Material, now: Material) -> bool:
    """But for being retired."""
    return before == but(now, retired=before.retired)


async def _told(work: Work, new: AddMaterial) -> AddMaterial:
    tenant: Tenant = await work.load(tenants, work.call.tenant)
    if not tenant.exists:
        raise Missing("tenants.unknown_tenant")
    return but(new, currency=new.currency or tenant.currency, basis=tenant.cost_basis)


MATERIALS: Kind = Materials()
