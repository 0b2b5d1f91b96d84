"""What a policy would have come to: exact to the minor unit, and nil where nothing is supposed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from application.whatif import BOOKS, Commission, CostBasis, Period, Policy, Sums, Tax, suppose
from domain.costs import Cost
from domain.kernel import Recorded
from domain.materials import (
    Describing,
    MaterialAdded,
    MaterialPurchased,
    Measuring,
    StandardCostSet,
    StockAdjusted,
)
from domain.money import Money
from domain.payments import CheckoutPaid, PaymentRefunded, Share
from domain.quantities import Amount
from domain.tenants import CostBasisSet
from tests.whatif.telling import told

START = datetime(2026, 1, 1, tzinfo=UTC)
ALL = Period()


def paid(order, minor, seller="ada", currency="DZD"):
    return f"payments/{order}", CheckoutPaid((Share(order, seller, Money(minor, currency)),))


def back(order, minor, seller="ada", currency="DZD", refund="r"):
    amount = Money(minor, currency)
    return f"payments/{order}", PaymentRefunded(refund, order, seller, amount)


def added(id, owner="ada"):
    event = MaterialAdded(owner, Describing("Merino", "yarn"), "g", "DZD", Measuring(), None, "")
    return f"materials/{id}", event


def bought(id, grams, each, average):
    """At ``each``, in minor units a gram."""
    cost = Cost(each * 10**6, "DZD")
    return f"materials/{id}", MaterialPurchased(
        quantity=grams * 1000,
        said=Amount(grams),
        price=Money(each * grams, "DZD"),
        landed=Money(0, "DZD"),
        supplier="",
        reference="",
        bought_at=None,
        unit_cost=cost,
        before=None,
        average=Cost(average * 10**6, "DZD"),
    )


def used(id, grams):
    return f"materials/{id}", StockAdjusted(-grams * 1000, "used", None)


def only(report):
    (line,) = report.lines
    return line


def test_a_commission_is_taken_of_what_is_left_without_tax():
    policy = Policy(Commission(1000), Tax(2500, included=True))
    line = only(suppose(told(paid("o1", 1000)), policy, ALL))
    assert line.books == Sums(revenue=1000)
    assert line.supposed == Sums(revenue=1000, tax=200, commission=80)
    assert (line.books.left, line.supposed.left, line.difference.left) == (1000, 720, -280)


def test_a_tax_on_top_is_paid_by_the_buyer():
    line = only(suppose(told(paid("o1", 1000)), Policy(tax=Tax(1900, included=False)), ALL))
    assert line.supposed == Sums(revenue=1190, tax=190)
    assert line.difference.left == 0


def test_a_seller_may_have_a_rate_of_their_own():
    policy = Policy(Commission(1000, {"bo": 200}))
    report = suppose(told(paid("o1", 1000), paid("o2", 1000, "bo")), policy, ALL)
    assert [(line.seller, line.supposed.commission) for line in report.lines] == [
        ("ada", 100),
        ("bo", 20),
    ]


def test_what_is_paid_back_in_parts_leaves_nothing_behind():
    policy = Policy(Commission(333), Tax(1900))
    parts = [back("o1", minor, refund=f"r{minor}") for minor in (7, 11, 83)]
    line = only(suppose(told(paid("o1", 101), *parts), policy, ALL))
    assert (line.books, line.supposed) == (Sums(), Sums())


def test_money_that_was_no_seller_s_is_no_one_s_here():
    assert suppose(told(back("o1", 50, seller=None)), Policy(), ALL).lines == ()


@pytest.mark.parametrize(
    ("basis", "cost"), [("average", 10 * 15), ("last", 10 * 20), ("standard", 10 * 8)]
)
def test_materials_that_are_used_cost_what_the_basis_says(basis, cost):
    standard = "materials/m", StandardCostSet(Cost(8 * 10**6, "DZD"))
    buying = [added("m"), standard, bought("m", 100, 10, 10), bought("m", 100, 20, 15)]
    line = only(suppose(told(*buying, used("m", 10)), Policy(cost=CostBasis(basis)), ALL))
    assert line.books == Sums(cost=150)
    assert line.supposed == Sums(cost=cost)


def test_the_books_follow_the_tenant_s_basis_as_it_was_then():
    change = "tenants/bazaar", CostBasisSet("last")
    buying = [added("m"), bought("m", 100, 10, 10), bought("m", 100, 20, 15)]
    events = told(*buying, used("m", 10), change, used("m", 10))
    assert only(suppose(events, BOOKS, ALL)).books.cost == 150 + 200


def test_what_has_no_cost_by_a_basis_counts_as_nothing_and_is_told():
    events = told(added("m"), bought("m", 100, 10, 10), used("m", 1), used("m", 2))
    report = suppose(events, Policy(cost=CostBasis("standard")), ALL)
    assert (only(report).books.cost, only(report).supposed.cost) == (30, 0)
    assert report.unvalued == (0, 2)


def test_a_period_goes_by_the_wanted_clock():
    imported = replace(
        told(paid("o1", 100))[0], occurred_at=START - timedelta(days=365), recorded_at=START
    )
    old = Period(None, START - timedelta(days=1), "occurred")
    assert only(suppose([imported], BOOKS, old)).books.revenue == 100
    assert suppose([imported], BOOKS, replace(old, axis="recorded")).lines == ()


points = st.integers(0, 10_000)
policies = st.builds(
    Policy,
    st.none() | st.builds(Commission, points, st.dictionaries(st.sampled_from("ab"), points)),
    st.none() | st.builds(Tax, points, st.booleans()),
    st.none() | st.builds(CostBasis, st.sampled_from(["average", "last", "standard"])),
)
orders = st.sampled_from(["o1", "o2", "o3"])
minors = st.integers(1, 10_000)
sellers, currencies = st.sampled_from("abc"), st.sampled_from(["DZD", "JPY"])
happenings = st.lists(
    st.one_of(
        st.builds(paid, orders, minors, sellers, currencies),
        st.builds(back, orders, minors, sellers | st.none(), currencies, st.sampled_from("rst")),
        st.builds(added, st.just("m"), sellers),
        st.builds(bought, st.just("m"), st.integers(1, 9), minors, minors),
        st.builds(used, st.just("m"), st.integers(-9, 9)),
        st.builds(lambda basis: ("tenants/t", CostBasisSet(basis)), st.sampled_from(["last"])),
    ),
    max_size=15,
)


@given(happenings)
def test_under_the_books_own_policy_nothing_differs(happened):
    basis_never_moves = [each for each in happened if not isinstance(each[1], CostBasisSet)]
    own = Policy(Commission(0), Tax(0), CostBasis("average"))
    for events, policy in ((told(*happened), BOOKS), (told(*basis_never_moves), own)):
        report = suppose(events, policy, ALL)
        assert all(line.difference == Sums() for line in (*report.lines, *report.totals))


@given(happenings, policies)
def test_sellers_add_up_to_the_total_and_the_books_to_what_was_paid(happened, policy):
    report = suppose(told(*happened), policy, ALL)
    for total in report.totals:
        mine = [line for line in report.lines if line.currency == total.currency]
        for part in ("revenue", "tax", "commission", "cost", "left"):
            for side in ("books", "supposed", "difference"):
                whole = getattr(getattr(total, side), part)
                assert whole == sum(getattr(getattr(line, side), part) for line in mine)
        assert total.books.revenue == _revenue(happened, total.currency)


def _revenue(happened, currency):
    total = 0
    for _, event in happened:
        match event:
            case CheckoutPaid(shares=shares):
                total += sum(s.amount.minor for s in shares if s.amount.currency == currency)
            case PaymentRefunded(seller=str(), amount=amount) if amount.currency == currency:
                total -= amount.minor
    return total


@given(happenings, policies, st.integers(0, 15))
def test_two_periods_add_up_to_the_whole(happened, policy, cut):
    events = told(*happened)
    at = START + timedelta(hours=cut)
    parts = [suppose(events, policy, period) for period in (Period(None, at), Period(at, None))]
    sums = {}
    for line in (*parts[0].lines, *parts[1].lines):
        known = sums.setdefault((line.seller, line.currency), [Sums(), Sums()])
        known[0], known[1] = known[0].plus(line.books), known[1].plus(line.supposed)
    whole = suppose(events, policy, ALL)
    assert {(w.seller, w.currency): [w.books, w.supposed] for w in whole.lines} == sums


@given(happenings, policies)
def test_each_amount_is_within_half_a_unit_of_the_exact_one_for_each_order(happened, policy):
    """Tax on top: of what was paid; rounding is once for each order, not for each payment."""
    report = suppose(told(*happened), policy, ALL)
    keys = {
        (getattr(share, "order", None) or getattr(event, "order", None), share.seller)
        for _, event in happened
        if isinstance(event, CheckoutPaid | PaymentRefunded)
        for share in getattr(event, "shares", [event])
    }
    for total in report.totals:
        if policy.tax and not policy.tax.included:
            exact = total.books.revenue * policy.tax.basis_points / 10_000
            assert abs(total.supposed.tax - exact) <= 0.5 * len(keys) + 1e-6


def test_events_are_as_the_log_tells_them():
    (recorded,) = told(paid("o1", 1))
    assert isinstance(recorded, Recorded)
    assert (recorded.context, recorded.id, recorded.position) == ("payments", "o1", 1)
