"""One row per material: what there is of it, and what that has cost."""

from datetime import datetime

from domain import costs
from domain.costs import Cost, UnitCost, told
from domain.kernel import Recorded, but
from domain.materials import (
    MaterialAdded,
    MaterialDescribed,
    MaterialMeasured,
    MaterialPurchased,
    MaterialPurged,
    MaterialRestored,
    MaterialRetired,
    Measuring,
    SkuAssigned,
    StandardCostSet,
    StockAdjusted,
    StockFellBelow,
    ThresholdSet,
)
from domain.money import Price
from domain.quantities import read, shown
from domain.tenants import CostBasisSet
from projections.kernel import Column, Document, Table, own


class Conversion(Document):
    """``factor``: how many of the material's own unit one ``unit`` has."""

    unit: str
    factor: str


class Material(Document):
    """Quantities are decimals of ``unit``, costs those of one ``unit``.

    ``average``: what all purchases have cost, moved by each; ``last``: by the last purchase;
    ``standard``: as its owner has set it. ``cost``: the one of them that the tenant's ``basis``
    names, null while there is none; ``effective_cost``: with what ``scrap`` (ten-thousandths)
    loses; ``stock_value``: what the stock is worth at ``cost``. ``version``: of its own stream.
    """

    id: str
    version: int
    owner: str
    name: str
    kind: str
    brand: str
    colour: str
    attributes: dict[str, str]
    sku: str | None
    unit: str
    conversions: list[Conversion]
    scrap: int
    currency: str
    basis: str
    added_at: datetime
    stock: str = "0"
    threshold: str | None = None
    low: bool = False
    average: UnitCost | None = None
    last: UnitCost | None = None
    standard: UnitCost | None = None
    cost: UnitCost | None = None
    effective_cost: UnitCost | None = None
    stock_value: Price | None = None
    retired: bool = False


def evolve(material: Material | None, recorded: Recorded, id: str) -> Material | None:
    event = recorded.event
    if isinstance(event, MaterialAdded):
        return _added(event, recorded)
    if material is None or isinstance(event, MaterialPurged):
        return None
    if isinstance(event, CostBasisSet):
        return _valued(but(material, basis=event.basis))
    return _valued(_changed(but(material, version=recorded.version), event))


def _added(event: MaterialAdded, recorded: Recorded) -> Material:
    text = event.describing
    return Material(
        id=recorded.id,
        version=recorded.version,
        owner=event.owner,
        name=text.name,
        kind=text.kind,
        brand=text.brand,
        colour=text.colour,
        attributes=text.attributes,
        sku=event.sku,
        unit=event.unit,
        conversions=_conversions(event.measuring),
        scrap=event.measuring.scrap,
        currency=event.currency,
        basis=event.basis,
        added_at=recorded.occurred_at,
    )


def _conversions(measuring: Measuring) -> list[Conversion]:
    return [Conversion(c.unit, shown(c.factor)) for c in measuring.conversions]


def _changed(material: Material, event: object) -> Material:
    match event:
        case MaterialDescribed(describing=text):
            return but(
                material,
                name=text.name,
                kind=text.kind,
                brand=text.brand,
                colour=text.colour,
                attributes=text.attributes,
            )
        case MaterialMeasured(measuring=measuring):
            return but(material, conversions=_conversions(measuring), scrap=measuring.scrap)
        case SkuAssigned(sku=sku):
            return but(material, sku=sku)
        case MaterialPurchased(quantity=quantity, unit_cost=cost, average=average, backdated=back):
            last = back.last if back else cost
            bought = but(material, last=UnitCost.of(last), average=UnitCost.of(average))
            return _stocked(bought, quantity)
        case StockAdjusted(delta=delta):
            return _stocked(material, delta)
        case ThresholdSet(threshold=threshold):
            return but(material, threshold=None if threshold is None else shown(threshold))
        case StandardCostSet(cost=cost):
            return but(material, standard=told(cost))
        case MaterialRetired():
            return but(material, retired=True)
        case MaterialRestored():
            return but(material, retired=False)
    return material


def _stocked(material: Material, more: int) -> Material:
    return but(material, stock=shown(read(material.stock) + more))


def _valued(material: Material) -> Material:
    """With what follows from stock and costs."""
    stock, threshold = read(material.stock), material.threshold
    known = map(_exact, (material.average, material.last, material.standard))
    cost = costs.by(material.basis, *known)
    return but(
        material,
        low=threshold is not None and stock < read(threshold),
        cost=told(cost),
        effective_cost=told(cost and cost.wasting(material.scrap)),
        stock_value=None if cost is None else Price.of(cost.of(stock)),
    )


def _exact(known: UnitCost | None) -> Cost | None:
    return None if known is None else known.cost


def _found_by(material: Material) -> str:
    texts = material.name, material.brand, material.colour, material.sku or ""
    return " ".join((*texts, *material.attributes.values())).lower()


MATERIALS = Table(
    name="materials_materials",
    document=Material,
    on=dict.fromkeys(
        (
            MaterialAdded,
            MaterialDescribed,
            MaterialMeasured,
            SkuAssigned,
            MaterialPurchased,
            StockAdjusted,
            StockFellBelow,
            ThresholdSet,
            StandardCostSet,
            MaterialRetired,
            MaterialRestored,
            MaterialPurged,
        ),
        own,
    ),
    related={CostBasisSet: lambda recorded: ("true", ())},
    evolve=evolve,
    columns={
        "owner": Column("text", lambda m: m.owner),
        "kind": Column("text", lambda m: m.kind),
        "name": Column("text", lambda m: m.name),
        "found_by": Column("text", _found_by),
        "low": Column("boolean", lambda m: m.low),
        "retired": Column("boolean", lambda m: m.retired),
        "stock": Column("bigint", lambda m: read(m.stock)),
        "currency": Column("text", lambda m: m.currency),
        "worth": Column("bigint", lambda m: m.stock_value and m.stock_value.money.minor),
    },
    indexes=("owner, name", "name"),
    topic=lambda id, material: f"materials.{id}.{material.owner}",
)
