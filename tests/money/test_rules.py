"""Money: what an amount may be, and of which currency."""

import pytest

from domain import costs, money, tenants
from domain.costs import UnitCost
from domain.kernel import Rejected
from domain.money import Money, Price
from domain.tenants import CreateTenant
from tests.support.deciders import given


def refused(parse, said):
    with pytest.raises(Rejected) as refusal:
        parse(said)
    return refusal.value.code


@pytest.mark.parametrize(
    "unknown", ["XYZ", "XXX", "XAU", "dzd", "DZ", "DZDD", "", "\uff24\uff3a\uff24"]
)
def test_an_amount_is_of_a_currency_that_iso_4217_has(unknown):
    assert refused(money.parse, Price("1", unknown)) == "money.unknown_currency"
    assert refused(costs.parse, UnitCost("1", unknown)) == "money.unknown_currency"
    given(tenants).when(CreateTenant("B", unknown)).rejected("tenants.currency_malformed")


@pytest.mark.parametrize(
    ("currency", "most", "too_much"),
    [
        ("JPY", "1", "1.0"),
        ("DZD", "1.23", "1.234"),
        ("TND", "1.234", "1.2345"),
        ("CLF", "1.2345", "1.23456"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency(currency, most, too_much):
    assert Price.of(money.parse(Price(most, currency))) == Price(most, currency)
    assert refused(money.parse, Price(too_much, currency)) == "money.malformed"


def test_amounts_of_what_was_once_taken_for_a_currency_are_still_told():
    assert Price.of(Money(123, "XYZ")) == Price("1.23", "XYZ")
