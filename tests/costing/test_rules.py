"""The rules of a costed product."""

import pytest

from domain import costing
from domain.costing import (
    Cause,
    Component,
    ComponentsSet,
    CostRolledUp,
    DefineProduct,
    Labour,
    LabourSet,
    LinkListing,
    ListingLinked,
    MarginSet,
    Overhead,
    OverheadsSet,
    ProductDefined,
    ProductRenamed,
    ProductRestored,
    ProductRetired,
    RenameProduct,
    RestoreProduct,
    RetireProduct,
    RollUp,
    SetComponents,
    SetLabour,
    SetMargin,
    SetOverheads,
    cost_of,
    price_at,
)
from domain.costs import Cost
from domain.kernel import fold
from domain.money import Money
from tests.support.deciders import given

defined = ProductDefined("amina", "Scarf", "DZD", 4000)
define = DefineProduct("amina", "Scarf", "DZD", 4000)
wool = Component("material", "wool", 120_000)
fringe = Component("product", "fringe", 2_000)
knitting = Labour("knitting", 90_000, Money(40_000, "DZD"))
rent = Overhead("rent", "all", 1_000)
box = Overhead("box", "fixed", amount=Money(5_000, "DZD"))
bought = Cause("material", "wool", 7)


def dinars(minor):
    """A cost of so many whole centimes."""
    return Cost(minor * 10**6, "DZD")


def test_a_product_is_defined_once():
    given(costing).when(define).then(defined)
    given(costing, defined).when(define).rejected("costing.product_exists")
    given(costing).when(RenameProduct("Shawl")).rejected("costing.unknown_product")


@pytest.mark.parametrize(
    ("command", "event"),
    [
        (SetComponents((wool, fringe), 2), ComponentsSet((wool, fringe), 2)),
        (SetLabour((knitting,)), LabourSet((knitting,))),
        (SetOverheads((rent, box)), OverheadsSet((rent, box))),
        (SetMargin(5000), MarginSet(5000)),
        (RenameProduct("Shawl"), ProductRenamed("Shawl")),
        (LinkListing("rug"), ListingLinked("rug")),
        (RetireProduct(), ProductRetired()),
        (RollUp(dinars(5), bought), CostRolledUp(None, dinars(5), bought)),
    ],
)
def test_what_is_said_once_is_no_news_the_second_time(command, event):
    given(costing, defined).when(command).then(event)
    given(costing, defined, event).when(command).then()


def test_what_is_retired_only_goes_on_being_costed():
    given(costing, defined, ProductRetired()).when(SetMargin(0)).rejected("costing.retired")
    rolled = CostRolledUp(None, dinars(5), bought)
    given(costing, defined, ProductRetired()).when(RollUp(dinars(5), bought)).then(rolled)
    given(costing, defined, ProductRetired()).when(RestoreProduct()).then(ProductRestored())


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (SetComponents((wool, wool)), "costing.component_repeated"),
        (SetComponents((wool,), 0), "costing.makes_out_of_range"),
        (SetComponents((Component("material", "wool", 0),)), "costing.quantity_out_of_range"),
        (SetLabour((Labour("k", -1, Money(1, "DZD")),)), "costing.minutes_out_of_range"),
        (SetLabour((Labour("k", 1, Money(1, "EUR")),)), "costing.currency_mixed"),
        (SetLabour((Labour("k", 1, Money(-1, "DZD")),)), "costing.amount_out_of_range"),
        (SetLabour((knitting,) * 101), "costing.too_many_rules"),
        (SetOverheads((Overhead("x", "fixed"),)), "costing.overhead_malformed"),
        (SetOverheads((Overhead("x", "all", 100_001),)), "costing.overhead_malformed"),
        (SetOverheads((Overhead("x", "all", 1, Money(1, "DZD")),)), "costing.overhead_malformed"),
        (SetMargin(10_000), "costing.margin_out_of_range"),
        (RenameProduct(" "), "costing.name_malformed"),
    ],
)
def test_what_cannot_be_is_refused(command, code):
    given(costing, defined).when(command).rejected(code)


def made(*events):
    return fold(costing, [defined, *events])


def test_a_piece_costs_its_share_of_the_batch():
    """120 g at 0.50, 2 fringes at 3.00, 90 minutes at 400.00: 666.00; 10 % and 50.00: 782.60."""
    scarf = made(
        ComponentsSet((wool, fringe), 4), LabourSet((knitting,)), OverheadsSet((rent, box))
    )
    sums = cost_of(scarf, {"wool": dinars(50), "fringe": dinars(300)})
    assert sums.cost == Cost(78_260 * 10**6 // 4, "DZD")
    shown = [costing.shown(parts, "DZD") for parts in (*sums.labour, *sums.overheads)]
    assert shown == [dinars(60_000), dinars(6_660), dinars(5_000)]


def test_overheads_are_on_what_they_name():
    for on, minor in (("materials", 600), ("labour", 6_000), ("all", 6_600)):
        rule = OverheadsSet((Overhead("x", on, 1_000),))
        scarf = made(ComponentsSet((wool,), 1), LabourSet((knitting,)), rule)
        (over,) = cost_of(scarf, {"wool": dinars(50)}).overheads
        assert costing.shown(over, "DZD") == dinars(minor)


def test_what_has_no_cost_is_named_and_makes_the_cost_unknown():
    scarf = made(ComponentsSet((wool, fringe), 1))
    sums = cost_of(scarf, {"wool": None, "fringe": dinars(1)})
    assert (sums.cost, sums.missing) == (None, ("wool",))
    assert cost_of(made(), {}).cost is None, "nothing was said of it"
    dear = cost_of(made(ComponentsSet((fringe,), 1)), {"fringe": Cost(10**18, "DZD")})
    assert (dear.cost, dear.missing) == (None, ())


@pytest.mark.parametrize(
    ("cost", "margin", "price"),
    [(6_000, 4_000, 10_000), (100, 0, 100), (1, 9_999, 10_000), (2, 3_333, 3)],
)
def test_the_price_leaves_the_margin_over(cost, margin, price):
    assert price_at(dinars(cost), margin) == Money(price, "DZD")
    assert price_at(None, margin) is None
