"""What goods cost in histories that are made up: exact, nil where no other basis is supposed, and
in whatever parts the same."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from application.whatif import BOOKS, Period, Sums, suppose
from application.whatif.materials import Usage
from application.whatif.products import Products
from domain.orders import OrderPlaced
from tests.whatif.accountant import goods
from tests.whatif.shop import DZD, MATERIALS, SELLERS, Shop
from tests.whatif.telling import START
from tests.whatif.test_goods import ALL, BASES, under

products, materials = st.sampled_from(list(SELLERS)), st.sampled_from(MATERIALS)
numbers, minors = st.integers(1, 9), st.integers(0, 10_000)
orders = st.integers(1, 6).map("o{}".format)
parts = st.dictionaries(st.sampled_from([*MATERIALS, *SELLERS]), st.integers(1, 5_000), max_size=3)
sold = st.tuples(products, numbers, minors)
STEPS = (
    st.tuples(st.just("buy"), materials, numbers, minors),
    st.tuples(st.just("standard"), materials, st.integers(0, 10**9)),
    st.tuples(st.just("scrap"), materials, st.integers(0, 9_000)),
    st.tuples(st.just("take"), materials, numbers),
    st.tuples(st.just("compose"), products, parts, st.integers(1, 7)),
    st.tuples(st.just("work"), products, st.integers(0, 90_000), minors),
    st.tuples(
        st.just("over"),
        products,
        st.sampled_from(["materials", "labour", "all"]),
        st.integers(0, 20_000),
        minors,
    ),
    st.tuples(st.just("sell"), sold, sold),
    st.tuples(st.just("trade"), sold, sold),
    st.tuples(st.just("pay"), orders, orders),
    st.tuples(st.just("repay"), orders, minors),
    st.tuples(st.just("cancel"), orders),
)
CHOICES = st.tuples(st.just("choose"), st.sampled_from(BASES))
bases = st.sampled_from(BASES)
late = st.sampled_from([1, 3, 100])
histories = st.lists(st.one_of(*STEPS), max_size=25)
restless = st.lists(st.one_of(*STEPS, CHOICES), max_size=25)


def built(steps, basis="average", late=1):
    """Its sellers have made and sold something already, and do so in the end. ``late``: costs roll
    up at every so many steps."""
    shop = Shop(basis)
    for id in MATERIALS:
        shop.buy(id, 7, 1_000)
        shop.standard(id, 123_456_789)
    shop.compose("p0", {"m0": 1_234, "m1": 777}, 3)
    shop.compose("p3", {"p0": 1_500, "m1": 1}, 2)
    shop.buy("m0", 3, 2_222)
    shop.trade(("p0", 3, 100), ("p3", 2, 999))
    for number, (name, *words) in enumerate(steps, 1):
        shop.late = number % late != 0
        getattr(shop, name)(*words)
    shop.trade(("p0", 3, 100), ("p3", 2, 999))
    return shop


def sides(report):
    """Goods by seller, where there are any."""
    return [
        {line.seller: side.goods for line in report.lines if (side := getattr(line, name)).goods}
        for name in ("books", "supposed")
    ]


@given(restless, bases, late)
@settings(max_examples=100)
def test_goods_cost_what_an_accountant_makes_of_them_from_scratch(steps, basis, late):
    shop = built(steps, late=late)
    report = suppose(shop.events(), under(basis), ALL)
    assert sides(report) == [goods(shop.happened, None), goods(shop.happened, basis)]


@given(histories, bases, late)
@settings(max_examples=50)
def test_under_the_basis_that_was_in_force_nothing_differs(steps, basis, late):
    """However late costs rolled up."""
    report = suppose(built(steps, basis, late).events(), under(basis), ALL)
    assert report.lines
    assert all(line.difference == Sums() for line in (*report.lines, *report.totals))


@given(restless)
@settings(max_examples=50)
def test_what_has_rolled_up_is_what_a_product_is_valued_at_by_the_basis_in_force(steps):
    """So that is not so only because what was written down is kept."""
    usage = Usage()
    products, seen = Products(usage), 0
    for recorded in built(steps).events():
        list(usage.follow(recorded))
        products.follow(recorded)
        if isinstance(recorded.event, OrderPlaced):
            for line in recorded.event.lines:
                assert products.cost(line.cost.costing, usage.basis) == line.cost.unit
                seen += 1
    assert seen >= 4


@given(restless, bases)
@settings(max_examples=30)
def test_goods_of_sellers_add_up_to_the_total(steps, basis):
    report = suppose(built(steps).events(), under(basis), ALL)
    (total,) = report.totals
    assert (total.seller, total.currency) == ("", DZD)
    for side in ("books", "supposed", "difference"):
        for part in ("goods", "margin"):
            mine = [getattr(getattr(line, side), part) for line in report.lines]
            assert getattr(getattr(total, side), part) == sum(mine)


@given(restless, bases, st.integers(0, 60))
@settings(max_examples=50)
def test_goods_of_two_periods_add_up_to_the_whole(steps, basis, cut):
    events = built(steps).events()
    at = START + timedelta(hours=cut)
    periods = (Period(None, at), Period(at, None))
    first, second, whole = (suppose(events, under(basis), each) for each in (*periods, ALL))
    sums = {}
    for line in (*first.lines, *second.lines):
        books, supposed = sums.get(line.seller, (Sums(), Sums()))
        sums[line.seller] = books.plus(line.books), supposed.plus(line.supposed)
    assert sums == {line.seller: (line.books, line.supposed) for line in whole.lines}


@given(histories)
@settings(max_examples=30)
def test_without_another_basis_goods_are_those_of_the_books(steps):
    report = suppose(built(steps).events(), BOOKS, ALL)
    assert all(line.difference == Sums() for line in report.lines)


def test_what_is_kept_of_costs_does_not_grow_with_what_is_bought():
    shop = built([])
    for _ in range(100):
        shop.buy("m0", 1, 500)
        shop.sell(("p3", 1, 1_000))
    usage = Usage()
    products = Products(usage)
    for recorded in shop.events():
        list(usage.follow(recorded))
        products.follow(recorded)
        for basis in BASES:
            products.cost("p3", basis)
    kept = (usage._materials, products._products, products._known)
    assert [len(each) for each in kept] == [len(MATERIALS), len(SELLERS), 2 * len(BASES)]
