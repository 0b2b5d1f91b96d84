"""What is left of a price: exact, and rounded once."""

from fractions import Fraction
from math import floor

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.costing import MAX_MARGIN, least, left, margin_of, price_at, under
from domain.costs import Cost
from domain.money import Money

prices = st.integers(0, 10**12).map(lambda minor: Money(minor, "DZD"))
costs = st.integers(0, 10**15).map(lambda micros: Cost(micros, "DZD"))
targets = st.integers(0, MAX_MARGIN)


def half_away(exact):
    return floor(exact + Fraction(1, 2)) if exact >= 0 else -floor(-exact + Fraction(1, 2))


@for_all(prices, costs, st.integers(1, 9999))
def test_what_is_left_is_the_money_less_the_cost_of_all_pieces(price, cost, quantity):
    spent = half_away(Fraction(cost.micros * quantity, 10**6))
    assert left(price, cost, quantity) == Money(price.minor * quantity - spent, "DZD")
    if price.minor:
        part = 1 - Fraction(cost.micros, 10**6 * price.minor)
        assert margin_of(price, cost) == half_away(part * 10_000)
    else:
        assert margin_of(price, cost) is None


@for_all(costs, targets)
def test_the_least_price_is_the_first_that_is_not_under(cost, target):
    price = least(cost, target)
    assert not under(price, cost, target)
    assert price.minor == 0 or under(Money(price.minor - 1, "DZD"), cost, target)


def test_a_margin_is_a_part_of_the_price():
    cost = Cost(119_738_775556, "DZD")
    assert price_at(cost, 4000) == Money(199_565, "DZD")
    assert margin_of(Money(199_565, "DZD"), cost) == 4000
    assert under(Money(199_500, "DZD"), cost, 4000)
    assert margin_of(Money(100_000, "DZD"), cost) == -1974
    assert left(Money(100_000, "DZD"), cost, 3) == Money(-59_216, "DZD")
    assert under(Money(0, "DZD"), cost, 0)
    assert not under(Money(0, "DZD"), Cost(0, "DZD"), 4000)
