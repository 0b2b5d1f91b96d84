"""Materials: what things are made of, how much of it there is, and what it has cost."""

from functools import reduce
from typing import assert_never

from domain.costs import Cost, blended, per_unit
from domain.kernel import Rejected, but
from domain.materials.checks import (
    KINDS,
    MAX_ATTRIBUTES,
    MAX_CONVERSIONS,
    MAX_NOTE,
    MAX_QUANTITY,
    MAX_SCRAP,
    check_cost,
    check_currency,
    check_description,
    check_measures,
    check_money,
    check_note,
    check_reason,
    check_stock,
    check_unit,
)
from domain.materials.history import MOVEMENTS, Refolded, happened, movements, refolded
from domain.materials.state import Material
from domain.materials.words import (
    COMMANDS,
    EVENTS,
    AddMaterial,
    AdjustStock,
    AssignSku,
    Backdated,
    Conversion,
    DescribeMaterial,
    Describing,
    MaterialAdded,
    MaterialDescribed,
    MaterialMeasured,
    MaterialPurchased,
    MaterialPurged,
    MaterialRestored,
    MaterialRetired,
    MeasureMaterial,
    Measuring,
    Movement,
    PurgeMaterial,
    RecordPurchase,
    RedefineMaterial,
    RestoreMaterial,
    RetireMaterial,
    SetStandardCost,
    SetThreshold,
    SkuAssigned,
    StandardCostSet,
    StockAdjusted,
    StockFellBelow,
    ThresholdSet,
)
from domain.money import Money

__all__ = [
    "COMMANDS",
    "EMPTY",
    "EVENTS",
    "KINDS",
    "MAX_ATTRIBUTES",
    "MAX_CONVERSIONS",
    "MAX_NOTE",
    "MAX_QUANTITY",
    "MAX_SCRAP",
    "MOVEMENTS",
    "AddMaterial",
    "AdjustStock",
    "AssignSku",
    "Backdated",
    "Conversion",
    "DescribeMaterial",
    "Describing",
    "Material",
    "MaterialAdded",
    "MaterialDescribed",
    "MaterialMeasured",
    "MaterialPurchased",
    "MaterialPurged",
    "MaterialRestored",
    "MaterialRetired",
    "MeasureMaterial",
    "Measuring",
    "Movement",
    "PurgeMaterial",
    "RecordPurchase",
    "RedefineMaterial",
    "Refolded",
    "RestoreMaterial",
    "RetireMaterial",
    "SetStandardCost",
    "SetThreshold",
    "SkuAssigned",
    "StandardCostSet",
    "StockAdjusted",
    "StockFellBelow",
    "ThresholdSet",
    "decide",
    "evolve",
    "happened",
    "movements",
    "refolded",
]

EMPTY = Material()
IN_BIN = RetireMaterial | RestoreMaterial | PurgeMaterial


def decide(material: Material, command: COMMANDS) -> list[EVENTS]:
    events = _decided(material, command)
    after = reduce(evolve, events, material)
    if after.threshold is not None and after.low and not material.low:
        events.append(StockFellBelow(after.threshold, after.stock))
    return events


def _decided(material: Material, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, AddMaterial):
        return _add(material, command)
    if not material.exists:
        raise Rejected("materials.unknown_material")
    if material.purged and not isinstance(command, PurgeMaterial):
        raise Rejected("materials.purged", "it is gone for good")
    if material.retired and not isinstance(command, IN_BIN):
        raise Rejected("materials.retired", "restore the material first")
    match command:
        case DescribeMaterial(describing=describing):
            check_description(describing)
            return [MaterialDescribed(describing)] if describing != material.describing else []
        case MeasureMaterial(measuring=measuring):
            check_measures(measuring, material.unit)
            return [MaterialMeasured(measuring)] if measuring != material.measuring else []
        case AssignSku(sku=sku):
            return [SkuAssigned(sku)] if sku != material.sku else []
        case RedefineMaterial():
            return _redefine(material, command)
        case RecordPurchase():
            return _purchase(material, command)
        case AdjustStock():
            return _adjust(material, command)
        case SetThreshold(threshold=threshold):
            if threshold is not None and not 0 <= threshold <= MAX_QUANTITY:
                raise Rejected("materials.threshold_out_of_range", "0 to a thousand million")
            return [ThresholdSet(threshold)] if threshold != material.threshold else []
        case SetStandardCost(cost=cost):
            return _set_standard(material, cost)
        case RetireMaterial():
            return [] if material.retired else [MaterialRetired()]
        case RestoreMaterial():
            return [MaterialRestored()] if material.retired else []
        case PurgeMaterial():
            return _purge(material)
        case _:
            assert_never(command)


def _purge(material: Material) -> list[EVENTS]:
    if not material.retired:
        raise Rejected("materials.not_retired", "retire the material first")
    return [] if material.purged else [MaterialPurged()]


def _add(material: Material, new: AddMaterial) -> list[EVENTS]:
    if material.exists:
        raise Rejected("materials.material_exists")
    check_description(new.describing)
    check_unit(new.unit)
    check_currency(new.currency)
    check_measures(new.measuring, new.unit)
    return [
        MaterialAdded(
            new.owner, new.describing, new.unit, new.currency, new.measuring, new.sku, new.basis
        )
    ]


def _redefine(material: Material, wanted: RedefineMaterial) -> list[EVENTS]:
    if wanted.unit != material.unit:
        raise Rejected("materials.unit_stays", f"it is counted in {material.unit}")
    if wanted.currency not in ("", material.currency):
        raise Rejected("materials.currency_changed", f"its costs are in {material.currency}")
    if wanted.owner not in (None, material.owner):
        raise Rejected("materials.owner_stays", "add another")
    return [
        *_decided(material, DescribeMaterial(wanted.describing)),
        *_decided(material, MeasureMaterial(wanted.measuring)),
        *_decided(material, AssignSku(wanted.sku)),
    ]


def _purchase(material: Material, bought: RecordPurchase) -> list[EVENTS]:
    quantity = material.quantity(bought.amount)
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Rejected("materials.quantity_out_of_range", "above 0, to a thousand million")
    check_stock(material.stock + quantity)
    paid = check_money(material, bought.price) + check_money(material, bought.landed)
    cost = last = per_unit(paid, quantity)
    check_cost(cost)
    average = blended(material.average, material.stock, paid, quantity)
    if bought.past is not None and bought.bought_at is not None:
        whole = refolded((*bought.past, Movement(bought.bought_at, quantity, paid)))
        average, last = whole.average or average, whole.last or last
    return [
        MaterialPurchased(
            quantity,
            bought.amount,
            bought.price,
            bought.landed,
            bought.supplier,
            bought.reference,
            bought.bought_at,
            unit_cost=cost,
            before=material.average,
            average=average,
            backdated=None if bought.past is None else Backdated(last),
        )
    ]


def _adjust(material: Material, change: AdjustStock) -> list[EVENTS]:
    check_reason(change.reason)
    check_note(change.note)
    delta = material.quantity(change.delta)
    if material.stock + delta < 0:
        raise Rejected("materials.below_zero", "there is not that much of it")
    check_stock(material.stock + delta)
    return [StockAdjusted(delta, change.reason, change.note)] if delta else []


def _set_standard(material: Material, cost: Cost | None) -> list[EVENTS]:
    if cost is not None:
        check_money(material, Money(0, cost.currency))
        check_cost(cost)
    return [StandardCostSet(cost)] if cost != material.standard else []


def evolve(material: Material, event: EVENTS) -> Material:
    match event:
        case MaterialAdded():
            return Material(
                event.owner,
                event.describing,
                event.unit,
                event.currency,
                event.measuring,
                event.sku,
            )
        case MaterialDescribed(describing=describing):
            return but(material, describing=describing)
        case MaterialMeasured(measuring=measuring):
            return but(material, measuring=measuring)
        case SkuAssigned(sku=sku):
            return but(material, sku=sku)
        case MaterialPurchased(quantity=quantity, unit_cost=cost, average=average, backdated=told):
            last = told.last if told else cost
            return but(material, stock=material.stock + quantity, last=last, average=average)
        case StockAdjusted(delta=delta):
            return but(material, stock=material.stock + delta)
        case ThresholdSet(threshold=threshold):
            return but(material, threshold=threshold)
        case StandardCostSet(cost=cost):
            return but(material, standard=cost)
        case MaterialRetired():
            return but(material, retired=True)
        case MaterialRestored():
            return but(material, retired=False)
        case MaterialPurged():
            return but(material, purged=True)
        case StockFellBelow():
            return material
        case _:
            assert_never(event)
