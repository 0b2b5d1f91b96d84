"""What was sold, valued anew under another cost basis: as the product was made at that moment, by
what its materials cost by then."""

from datetime import timedelta

import pytest

from application.whatif import CostBasis, Period, Policy, suppose
from domain.orders import Line, LineCost
from domain.payments import CheckoutPaid
from tests.whatif.accountant import goods
from tests.whatif.shop import Shop, dinars
from tests.whatif.telling import START

ALL = Period()
BASES = ("average", "last", "standard")


def under(basis):
    return Policy(cost=CostBasis(basis))


def scarves():
    """A pair of scarves of 10 g each, an hour's work at 6.00 and a tenth of both for the workshop;
    100 g of yarn at 1.00, then 100 g at 3.00: its average is 2.00."""
    shop = Shop()
    shop.buy("m0", 100, 100_00)
    shop.standard("m0", 150 * 10**6)
    shop.compose("p0", {"m0": 10_000}, 1)
    shop.work("p0", 60_000, 6_00)
    shop.over("p0", "all", 1_000, 0)
    shop.compose("p1", {"p0": 2_000}, 1)
    shop.buy("m0", 100, 300_00)
    return shop


def figures(shop, basis, period=ALL):
    """Of the only seller: goods in the books and as supposed, and the margin both ways."""
    (line,) = suppose(shop.events(), under(basis), period).lines
    return line.books.goods, line.supposed.goods, line.books.margin, line.supposed.margin


@pytest.mark.parametrize(
    ("basis", "scarf"), [("average", 2860), ("last", 3960), ("standard", 2310)]
)
def test_a_sold_product_costs_what_its_tree_does_by_the_other_basis(basis, scarf):
    shop = scarves()
    shop.sell(("p1", 3, 100_00))
    shop.pay("o1")
    revenue, cost = 300_00 + 7, 6 * scarf
    assert figures(shop, basis) == (6 * 2860, cost, revenue - 6 * 2860, revenue - cost)


def test_it_is_valued_as_it_was_made_and_as_materials_cost_when_it_was_sold():
    shop = scarves()
    shop.sell(("p0", 1, 50_00))
    shop.compose("p0", {"m0": 99_000}, 1)
    shop.buy("m0", 1, 900_00)
    shop.pay("o1")
    assert figures(shop, "last")[:2] == (2860, 3960)


def test_what_is_not_paid_is_not_sold_yet_and_what_is_paid_back_no_longer():
    shop = scarves()
    shop.sell(("p0", 1, 50_00))
    assert suppose(shop.events(), under("last"), ALL).lines == ()
    shop.pay("o1")
    shop.repay("o1", (50_00 + 7) // 3)
    assert figures(shop, "last")[:2] == (1907, 2640), "a third of it went back"
    shop.repay("o1", 50_07 - (50_00 + 7) // 3)
    assert figures(shop, "last") == (0, 0, 0, 0)


def test_what_is_given_away_costs_what_it_cost_until_it_is_cancelled():
    shop = scarves()
    line = Line("rug", None, "Rug", dinars(0), 1, dinars(0), cost=LineCost("p0", None))
    shop.order("free", "ada", line, shipping=0)
    shop.pay("free")
    assert figures(shop, "last") == (0, 3960, 0, -3960)
    shop.cancel("free")
    assert figures(shop, "last") == (0, 0, 0, 0)


def test_what_nobody_says_the_cost_of_is_no_goods():
    shop = scarves()
    shop.order("o1", "ada", Line.of("tea", None, "Tea", dinars(300), 2))
    shop.pay("o1")
    report = suppose(shop.events(), under("last"), ALL)
    assert [line.books.goods for line in report.lines] == [0]
    assert report.unvalued == (0, 0)


def test_what_has_no_cost_by_a_basis_counts_as_nothing_and_is_told_once():
    shop = scarves()
    shop.compose("p0", {"m1": 1_000}, 1)
    shop.buy("m1", 10, 10_00)
    shop.sell(("p0", 1, 50_00), ("p1", 1, 50_00))
    shop.pay("o1")
    shop.repay("o1", 1)
    report = suppose(shop.events(), under("standard"), ALL)
    assert (report.lines[0].supposed.goods, report.unvalued) == (0, (0, 2))


def test_a_sale_before_its_cost_had_rolled_up_stays_as_it_is_under_the_basis_in_force():
    shop = scarves()
    shop.late = True
    shop.buy("m0", 100, 900_00)
    shop.sell(("p0", 1, 50_00))
    shop.pay("o1")
    assert figures(shop, "average")[:2] == (2860, 2860)
    assert figures(shop, "last")[:2] == (2860, 660 + 11 * 9_00)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("buy", ("m0", 100, 900_00)),
        ("standard", ("m0", 1)),
        ("scrap", ("m0", 5_000)),
        ("compose", ("p0", {"m0": 1_000}, 1)),
        ("work", ("p0", 1, 1)),
        ("over", ("p0", "labour", 1, 1)),
    ],
)
def test_whatever_moves_a_cost_has_moved_it_at_the_next_sale(name, words):
    shop, differ = scarves(), []
    shop.trade(("p1", 1, 1))
    getattr(shop, name)(*words)
    shop.trade(("p1", 1, 1))
    for basis in BASES:
        (line,) = suppose(shop.events(), under(basis), ALL).lines
        assert {"ada": line.supposed.goods} == goods(shop.happened, basis)
        once = suppose(shop.events(), under(basis), Period(None, paid_first(shop))).lines[0]
        differ.append(line.supposed.goods != 2 * once.supposed.goods)
    assert any(differ)


def paid_first(shop):
    """The moment after."""
    number = next(
        n for n, (_, event) in enumerate(shop.happened) if isinstance(event, CheckoutPaid)
    )
    return START + timedelta(hours=number + 1)
