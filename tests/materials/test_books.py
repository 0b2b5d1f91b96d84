"""Whatever happens to a material, its books are those of an accountant who knows fractions."""

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import materials
from domain.kernel import fold
from domain.materials import (
    AdjustStock,
    AssignSku,
    Conversion,
    DescribeMaterial,
    Describing,
    MaterialPurchased,
    MeasureMaterial,
    Measuring,
    RecordPurchase,
    RedefineMaterial,
    RestoreMaterial,
    RetireMaterial,
    SetStandardCost,
    SetThreshold,
    StockAdjusted,
    StockFellBelow,
)
from domain.money import Money
from domain.quantities import Amount
from tests.materials.test_rules import add, amount, by_kilo, cost, dinars, merino
from tests.support.histories import history, stored

quantities = st.decimals(-3, 1000, places=4, allow_nan=False).map(str) | st.integers(-500, 500).map(
    str
)
units = st.sampled_from(["", "g", "kg", "skein", "lb"])
amounts = st.builds(amount, quantities, units)
prices = st.integers(0, 10**6).map(dinars) | st.just(Money(5, "EUR"))
measures = st.sampled_from(
    [by_kilo, Measuring((Conversion("skein", 50_000), Conversion("kg", 1_000_000)), 300)]
)
changes = st.lists(
    st.builds(RecordPurchase, amounts, prices, prices)
    | st.builds(AdjustStock, amounts, st.sampled_from(["count", "used", "No!"]))
    | st.builds(SetThreshold, st.none() | st.integers(-1, 200_000))
    | st.builds(SetStandardCost, st.none() | st.builds(cost, st.integers(0, 10**9)))
    | st.builds(MeasureMaterial, measures)
    | st.builds(DescribeMaterial, st.sampled_from([merino, Describing("Silk", "yarn")]))
    | st.builds(AssignSku, st.none() | st.just("Y-1"))
    | st.builds(RedefineMaterial, st.just(merino), st.sampled_from("gm"), measures, st.none())
    | st.builds(RetireMaterial)
    | st.builds(RestoreMaterial),
    max_size=30,
)
commands = changes.map(lambda wanted: [add, *wanted])


def half_up(exact):
    """The stated rounding, of a Fraction."""
    return floor(exact + Fraction(1, 2))


@dataclass
class Books:
    """What an accountant with fractions would write down."""

    stock: Fraction = Fraction(0)  # grams
    average: int | None = None  # millionths of a minor unit
    last: int | None = None

    def take(self, event):
        if isinstance(event, MaterialPurchased):
            grams = Fraction(event.quantity, 1000)
            paid = Fraction(event.price.minor + event.landed.minor) * 10**6
            known = self.average if self.average is not None and self.stock > 0 else None
            base = Fraction(0) if known is None else self.stock
            self.average = half_up((base * (known or 0) + paid) / (base + grams))
            self.last = half_up(paid / grams)
            self.stock += grams
        if isinstance(event, StockAdjusted):
            self.stock += Fraction(event.delta, 1000)


@for_all(commands)
def test_the_books_of_any_history_are_those_of_an_accountant(commands):
    past = history(materials, commands)
    assert stored(materials, past) == past
    books = Books()
    for upto, event in enumerate(past, start=1):
        books.take(event)
        state = fold(materials, past[:upto])
        told = [state.average and state.average.micros, state.last and state.last.micros]
        assert told == [books.average, books.last]
        assert Fraction(state.stock, 1000) == books.stock >= 0
        if isinstance(event, MaterialPurchased):
            assert event.average == state.average
            low, high = sorted([event.unit_cost.micros, (event.before or event.unit_cost).micros])
            assert low <= event.average.micros <= high


@for_all(commands)
def test_falling_below_the_threshold_is_told_exactly_when_it_happens(commands):
    past, state = [], materials.EMPTY
    for command in commands:
        low, new = state.low, history(materials, [command], past)[len(past) :]
        past += new
        state = fold(materials, past)
        assert any(isinstance(e, StockFellBelow) for e in new) == (state.low and not low)


@for_all(st.integers(1, 10**12), st.integers(0, 10**18 - 1))
def test_a_conversion_is_exact_or_refused(factor, billionths):
    exact = Fraction(billionths * factor, 10**9)
    told = Amount(billionths, "kg").times(factor)
    assert told == (exact if exact.denominator == 1 else None)
