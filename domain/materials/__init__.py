"""Materials: what things are made of, how much of it there is, and what it has cost."""

from functools import reduce
from typing import assert_never

from domain.costs import MAX_MICROS, Cost, blended, per_unit
from domain.kernel import Rejected, but
from domain.materials.checks import (
    KINDS,
    MAX_ATTRIBUTES,
    MAX_CONVERSIONS,
    MAX_NOTE,
    MAX_QUANTITY,
    MAX_SCRAP,
    check_currency,
    check_description,
    check_measures,
    check_note,
    check_reason,
    check_unit,
)
from domain.materials.history import Refolded, happened, movements, refolded
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
    MaterialRestored,
    MaterialRetired,
    MeasureMaterial,
    Measuring,
    Movement,
    RecordPurchase,
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
    "MaterialRestored",
    "MaterialRetired",
    "MeasureMaterial",
    "Measuring",
    "Movement",
    "RecordPurchase",
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
    if material.retired and not isinstance(command, RetireMaterial | RestoreMaterial):
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
        case _:
            assert_never(command)


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


def _purchase(material: Material, bought: RecordPurchase) -> list[EVENTS]:
    quantity = material.quantity(bought.amount)
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Rejected("materials.quantity_out_of_range", "above 0, to a thousand million")
    _check_stock(material.stock + quantity)
    paid = _same(material, bought.price) + _same(material, bought.landed)
    cost = last = per_unit(paid, quantity)
    _check_cost(cost)
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
    _check_stock(material.stock + delta)
    return [StockAdjusted(delta, change.reason, change.note)] if delta else []


def _set_standard(material: Material, cost: Cost | None) -> list[EVENTS]:
    if cost is not None:
        _same(material, Money(0, cost.currency))
        _check_cost(cost)
    return [StandardCostSet(cost)] if cost != material.standard else []


def _same(material: Material, money: Money) -> Money:
    if money.currency != material.currency:
        raise Rejected("materials.currency_changed", f"its costs are in {material.currency}")
    if money.minor < 0:
        raise Rejected("materials.price_negative")
    return money


def _check_stock(stock: int) -> None:
    if stock > MAX_QUANTITY:
        raise Rejected("materials.stock_out_of_range", "a thousand million at the most")


def _check_cost(cost: Cost) -> None:
    if not 0 <= cost.micros <= MAX_MICROS:
        raise Rejected("materials.cost_out_of_range", "too much for one unit")


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
        case StockFellBelow():
            return material
        case _:
            assert_never(event)
