"""Quantities and costs: what may be said, and how it is shown."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import costs, quantities
from domain.costs import Cost, UnitCost
from domain.kernel import Rejected
from domain.money import Money, rounded

MALFORMED = ["", " 1", "1 ", "+1", "1e3", "1E3", ".5", "5.", "01", "1,5", "0x1", "NaN", "1_0", "²"]
currencies = st.sampled_from(["DZD", "JPY", "TND", "CLF"])


def refused(parse, *said):
    with pytest.raises(Rejected) as refusal:
        parse(*said)
    return refusal.value.code


@pytest.mark.parametrize("text", [*MALFORMED, "-1", "1.2345", "1000000000", "1\n"])
def test_what_is_no_quantity_is_refused(text):
    assert refused(quantities.parse, text) == "quantities.malformed"


@pytest.mark.parametrize("text", [*MALFORMED, "-1", "0.123456789", "1" * 17, "1\n"])
def test_what_is_no_cost_is_refused(text):
    assert refused(costs.parse, UnitCost(text, "DZD")) == "costs.malformed"


def test_a_cost_has_six_digits_more_than_its_currency():
    assert costs.parse(UnitCost("0.00000001", "DZD")) == Cost(1, "DZD")
    assert costs.parse(UnitCost("0.000001", "JPY")) == Cost(1, "JPY")
    assert refused(costs.parse, UnitCost("0.0000001", "JPY")) == "costs.malformed"
    assert refused(costs.parse, UnitCost("1", "dinar")) == "money.unknown_currency"


@pytest.mark.parametrize(
    ("micros", "currency", "shown"),
    [
        (12_500_000 * 100, "DZD", "12.50"),
        (1, "DZD", "0.00000001"),
        (0, "DZD", "0.00"),
        (1_250_000, "DZD", "0.0125"),
        (3_000_000, "JPY", "3"),
        (3_500_000, "JPY", "3.5"),
        (1_234_000_000, "TND", "1.234"),
    ],
)
def test_a_cost_is_shown_with_no_more_digits_than_it_needs(micros, currency, shown):
    assert UnitCost.of(Cost(micros, currency)) == UnitCost(shown, currency)


@for_all(st.integers(0, 10**17), currencies)
def test_what_is_shown_of_a_cost_is_that_cost(micros, currency):
    shown = UnitCost.of(Cost(micros, currency))
    assert shown.cost == Cost(micros, currency)
    if micros <= costs.MAX_MICROS:
        assert costs.parse(shown) == Cost(micros, currency)


@for_all(st.integers(0, 10**12 - 1))
def test_what_is_shown_of_a_quantity_is_that_quantity(thousandths):
    shown = quantities.shown(thousandths)
    assert quantities.parse(shown) == quantities.read(shown) == thousandths
    assert quantities.parse(f"-{shown}", signed=True) == -thousandths
    if thousandths:
        assert quantities.shown(-thousandths) == f"-{shown}"


@for_all(st.integers(-(10**30), 10**30), st.integers(1, 10**15))
def test_a_half_is_rounded_up_and_below_zero_down(numerator, denominator):
    exact = Fraction(abs(numerator), denominator)
    size = floor(exact + Fraction(1, 2))
    assert rounded(numerator, denominator) == (size if numerator >= 0 else -size)


@for_all(st.integers(0, 10**15), st.integers(0, 10**12), st.integers(0, 9000))
def test_stock_is_worth_what_it_costs_and_scrap_makes_it_dearer(micros, thousandths, scrap):
    cost = Cost(micros, "DZD")
    exact = Fraction(micros, 10**6) * Fraction(thousandths, 1000)
    assert cost.of(thousandths) == Money(floor(exact + Fraction(1, 2)), "DZD")
    dearer = Fraction(micros) / (1 - Fraction(scrap, 10_000))
    assert cost.wasting(scrap) == Cost(floor(dearer + Fraction(1, 2)), "DZD")


def test_the_basis_names_the_cost():
    known = [Cost(n, "DZD") for n in range(3)]
    assert [costs.by(basis, *known) for basis in costs.BASES] == known
