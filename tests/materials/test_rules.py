"""The rules of a material."""

import pytest

from domain import materials
from domain.costs import MAX_MICROS, Cost
from domain.kernel import Personal, fold
from domain.materials import (
    MAX_QUANTITY,
    AddMaterial,
    AdjustStock,
    AssignSku,
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
from domain.quantities import FINEST, Amount, parse
from tests.support.deciders import given

merino = Describing("Merino", "yarn")
by_kilo = Measuring((Conversion("kg", 1_000_000),))
added = MaterialAdded("amina", merino, "g", "DZD", by_kilo, None, "average")
add = AddMaterial("amina", merino, "g", "DZD", by_kilo)
free = Money(0, "DZD")


def dinars(minor):
    return Money(minor, "DZD")


def cost(micros, currency="DZD"):
    return Cost(micros, currency)


def amount(text, unit=""):
    return Amount(parse(text, FINEST, signed=True), unit)


def buy(quantity, price, landed=0, unit=""):
    return RecordPurchase(amount(quantity, unit), dinars(price), dinars(landed))


def bought(quantity, price, unit_cost, before=None, average=None):
    """Of so many whole grams."""
    told = before and cost(before)
    at = cost(unit_cost), told, cost(average or unit_cost)
    said = amount(str(quantity))
    return MaterialPurchased(quantity * 1000, said, dinars(price), free, "", "", None, *at)


def test_a_material_is_added_once():
    given(materials).when(add).then(added)
    given(materials, added).when(add).rejected("materials.material_exists")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"describing": Describing(" ", "yarn")}, "materials.name_missing"),
        ({"describing": Describing("Tea", "drink")}, "materials.unknown_kind"),
        ({"unit": "g/m"}, "materials.unit_malformed"),
        ({"unit": ""}, "materials.unit_malformed"),
        ({"currency": "dinar"}, "materials.currency_malformed"),
        ({"measuring": Measuring(scrap=9001)}, "materials.scrap_out_of_range"),
        ({"measuring": Measuring(scrap=-1)}, "materials.scrap_out_of_range"),
        ({"measuring": Measuring((Conversion("g", 1),))}, "materials.unit_repeated"),
        ({"measuring": Measuring((Conversion("kg", 1),) * 2)}, "materials.unit_repeated"),
        ({"measuring": Measuring((Conversion("k g", 1),))}, "materials.unit_malformed"),
        ({"measuring": Measuring((Conversion("kg", 0),))}, "materials.factor_out_of_range"),
    ],
)
def test_what_cannot_be_said_of_a_material_is_refused(wrong, code):
    new = {"owner": "a", "describing": merino, "unit": "g", "currency": "DZD"} | wrong
    given(materials).when(AddMaterial(**new)).rejected(code)


def test_it_has_at_most_fifty_fields_and_twenty_conversions():
    fields = {str(n): "x" for n in range(51)}
    many = Describing("Merino", "yarn", attributes=fields)
    given(materials, added).when(DescribeMaterial(many)).rejected("materials.attributes_too_many")
    units = Measuring(tuple(Conversion(f"u{n}", 1) for n in range(21)))
    given(materials, added).when(MeasureMaterial(units)).rejected("materials.conversions_too_many")


def test_what_is_not_there_can_only_be_added():
    given(materials).when(buy("1", 1)).rejected("materials.unknown_material")
    given(materials).when(RetireMaterial()).rejected("materials.unknown_material")


def test_texts_measures_and_number_are_replaced():
    silk, lossy = Describing("Silk", "yarn", colour="red"), Measuring(scrap=500)
    given(materials, added).when(DescribeMaterial(silk)).then(MaterialDescribed(silk))
    given(materials, added).when(MeasureMaterial(lossy)).then(MaterialMeasured(lossy))
    given(materials, added).when(AssignSku("Y-1")).then(SkuAssigned("Y-1"))


def test_repeating_oneself_is_no_news():
    for again in (DescribeMaterial(merino), MeasureMaterial(by_kilo), AssignSku(None)):
        given(materials, added).when(again).then()
    given(materials, added, ThresholdSet(5)).when(SetThreshold(5)).then()
    given(materials, added, StandardCostSet(cost(7))).when(SetStandardCost(cost(7))).then()
    given(materials, added).when(RestoreMaterial()).then()
    given(materials, added, MaterialRetired()).when(RetireMaterial()).then()
    given(materials, added).when(AdjustStock(amount("0"), "count")).then()


def test_the_first_purchase_is_the_average():
    given(materials, added).when(buy("400", 1000)).then(bought(400, 1000, 2_500_000))


def test_a_purchase_moves_the_average_by_its_weight():
    """400 g at 2.5 and 100 g at 10: 500 g at 4."""
    past = added, bought(400, 1000, 2_500_000)
    moved = bought(100, 1000, 10_000_000, before=2_500_000, average=4_000_000)
    given(materials, *past).when(buy("100", 1000)).then(moved)


def test_what_it_took_to_get_it_here_is_a_part_of_its_cost():
    (event,) = materials.decide(fold(materials, [added]), buy("100", 900, landed=100))
    assert (event.price, event.landed) == (dinars(900), dinars(100))
    assert event.unit_cost == event.average == cost(10_000_000)


def test_stock_that_has_run_out_counts_as_none():
    past = added, bought(100, 1000, 10_000_000), StockAdjusted(-100_000, "used", None)
    again = bought(100, 500, 5_000_000, before=10_000_000, average=5_000_000)
    given(materials, *past).when(buy("100", 500)).then(again)


def test_stock_that_never_had_a_cost_takes_that_of_the_first_purchase():
    past = added, StockAdjusted(100_000, "found", None)
    given(materials, *past).when(buy("100", 500)).then(bought(100, 500, 5_000_000))


def test_an_average_is_rounded_half_up_to_a_millionth_of_a_minor_unit():
    """1 minor unit for 3 g is 0.333…; for 64 g exactly 0.015625; 1 for 128 g ends in a half."""
    for grams, micros in ((3, 333_333), (6, 166_667), (64, 15_625), (128, 7_813)):
        given(materials, added).when(buy(str(grams), 1)).then(bought(grams, 1, micros))


def test_it_is_bought_in_kilos_and_counted_in_grams():
    (event,) = materials.decide(fold(materials, [added]), buy("1.5", 300, unit="kg"))
    assert (event.quantity, event.said) == (1_500_000, Amount(1_500_000_000, "kg"))
    assert event.unit_cost == cost(200_000)


def test_what_cannot_be_kept_exactly_is_refused():
    for quantity, unit in (("1.2345", ""), ("1.2345", "g"), ("0.0000015", "kg")):
        refused = given(materials, added).when(buy(quantity, 1, unit=unit))
        refused.rejected("materials.quantity_too_fine")
    (event,) = materials.decide(fold(materials, [added]), buy("0.000001", 1, unit="kg"))
    assert event.quantity == 1


def test_a_unit_that_it_does_not_come_in_is_refused():
    given(materials, added).when(buy("1", 1, unit="lb")).rejected("materials.unknown_unit")
    given(materials, added).when(AdjustStock(amount("1", "m"), "count")).rejected(
        "materials.unknown_unit"
    )


def test_a_purchase_is_of_more_than_nothing_and_of_one_currency():
    for quantity in ("0", "-1"):
        given(materials, added).when(buy(quantity, 1)).rejected("materials.quantity_out_of_range")
    for price, landed in ((Money(1, "EUR"), free), (free, Money(1, "EUR"))):
        foreign = RecordPurchase(amount("1"), price, landed)
        given(materials, added).when(foreign).rejected("materials.currency_changed")
    given(materials, added).when(buy("1", -1)).rejected("materials.price_negative")


def test_there_is_a_limit_to_stock_and_to_costs():
    full = StockAdjusted(MAX_QUANTITY, "found", None)
    for more in (buy("0.001", 1), AdjustStock(amount("0.001"), "found")):
        given(materials, added, full).when(more).rejected("materials.stock_out_of_range")
    given(materials, added).when(buy("0.001", 10**15)).rejected("materials.cost_out_of_range")
    dear = SetStandardCost(cost(MAX_MICROS + 1))
    given(materials, added).when(dear).rejected("materials.cost_out_of_range")


def test_stock_is_adjusted_for_a_reason_and_keeps_its_costs():
    note = Personal("amina", "the box by the door")
    past = added, bought(100, 1000, 10_000_000)
    given(materials, *past).when(AdjustStock(amount("-0.5"), "moths", note)).then(
        StockAdjusted(-500, "moths", note)
    )
    for reason in ("", "Moths!", "x" * 41):
        given(materials, *past).when(AdjustStock(amount("1"), reason)).rejected(
            "materials.reason_malformed"
        )
    long = AdjustStock(amount("1"), "moths", Personal("amina", "x" * 501))
    given(materials, *past).when(long).rejected("materials.note_too_long")


def test_there_is_never_less_than_nothing():
    past = added, bought(100, 1000, 10_000_000)
    for less in ("-100.001", "-999999999"):
        given(materials, *past).when(AdjustStock(amount(less), "used")).rejected(
            "materials.below_zero"
        )
    given(materials, *past).when(AdjustStock(amount("-100"), "used")).then(
        StockAdjusted(-100_000, "used", None)
    )


def test_a_standard_cost_is_set_and_taken_away():
    given(materials, added).when(SetStandardCost(cost(5))).then(StandardCostSet(cost(5)))
    past = added, StandardCostSet(cost(5))
    given(materials, *past).when(SetStandardCost(None)).then(StandardCostSet(None))
    given(materials, added).when(SetStandardCost(cost(5, "EUR"))).rejected(
        "materials.currency_changed"
    )


def test_the_first_step_below_the_threshold_is_told_and_no_further_one():
    past = added, bought(100, 1000, 10_000_000), ThresholdSet(50_000)
    first = StockAdjusted(-51_000, "used", None)
    given(materials, *past).when(AdjustStock(amount("-51"), "used")).then(
        first, StockFellBelow(50_000, 49_000)
    )
    given(materials, *past, first).when(AdjustStock(amount("-1"), "used")).then(
        StockAdjusted(-1000, "used", None)
    )


def test_a_threshold_above_the_stock_is_told_at_once_and_none_is_negative():
    given(materials, added).when(SetThreshold(1)).then(ThresholdSet(1), StockFellBelow(1, 0))
    given(materials, added).when(SetThreshold(-1)).rejected("materials.threshold_out_of_range")


def test_what_is_retired_is_only_restored():
    past = added, MaterialRetired()
    for command in (buy("1", 1), SetThreshold(1), DescribeMaterial(merino), AssignSku("x")):
        given(materials, *past).when(command).rejected("materials.retired")
    given(materials, *past).when(RestoreMaterial()).then(MaterialRestored())
    given(materials, added).when(RetireMaterial()).then(MaterialRetired())
