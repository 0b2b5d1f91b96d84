"""Rows of costing equal their folds, and say what the decider knows."""

from itertools import pairwise

from hypothesis import given as for_all
from hypothesis import strategies as st

from adapters.log.tail import house_codec
from domain import costing
from domain.costing import (
    Cause,
    Component,
    DefineProduct,
    Labour,
    LinkListing,
    Overhead,
    RenameProduct,
    RestoreProduct,
    RetireProduct,
    RollUp,
    SetComponents,
    SetLabour,
    SetMargin,
    SetOverheads,
    left,
    margin_of,
    price_at,
)
from domain.costs import Cost, UnitCost
from domain.kernel import but, fold
from domain.money import Money, Price
from domain.orders import Line, LineCost, OrderPlaced
from domain.quantities import read
from entrypoints.http.previews import restated
from projections import costing as projection
from tests.support.histories import history, stored
from tests.support.rows import recorded, rows_equal_the_fold

PLACED = OrderPlaced(
    checkout="c",
    buyer="karim",
    seller="amina",
    channel="web",
    lines=(),
    subtotal=Money(0, "DZD"),
    shipping=Money(0, "DZD"),
    total=Money(0, "DZD"),
    cash=True,
)
prices = st.builds(Money, st.integers(0, 10**9), st.sampled_from(["DZD", "DZD", "EUR"]))
dinars = st.integers(0, 10**9).map(lambda minor: Money(minor, "DZD"))
costs = st.none() | st.integers(0, 10**18).map(lambda micros: Cost(micros, "DZD"))
component = st.builds(
    Component,
    st.sampled_from(["material", "product"]),
    st.sampled_from("xyz"),
    st.integers(0, 9000),
)
causes = st.builds(
    Cause, st.sampled_from(["material", "product"]), st.just("x"), st.none() | st.just(7)
)
changes = st.lists(
    st.builds(SetComponents, st.lists(component, max_size=3).map(tuple), st.integers(0, 3))
    | st.builds(
        SetLabour,
        st.lists(st.builds(Labour, st.just("w"), st.integers(0, 9000), dinars), max_size=2).map(
            tuple
        ),
    )
    | st.builds(
        SetOverheads,
        st.lists(
            st.builds(Overhead, st.just("o"), st.just("all"), st.integers(0, 9000))
            | st.builds(lambda amount: Overhead("o", "fixed", 0, amount), dinars),
            max_size=2,
        ).map(tuple),
    )
    | st.builds(SetMargin, st.integers(-1, 10_000))
    | st.builds(RenameProduct, st.sampled_from(["Scarf", "Shawl", " "]))
    | st.builds(RetireProduct)
    | st.builds(LinkListing, st.sampled_from(["p", "q", None]))
    | st.builds(RestoreProduct)
    | st.builds(RollUp, costs, causes),
    max_size=20,
)
defines = st.builds(
    DefineProduct, st.sampled_from(["amina", "basma"]), st.just("Scarf"), st.just("DZD")
)
pasts = st.builds(lambda define, rest: history(costing, [define, *rest]), defines, changes)
units = st.none() | st.integers(0, 10**15).map(lambda micros: Cost(micros, "DZD"))
known = st.none() | st.builds(LineCost, st.sampled_from("ab"), units, st.none() | st.just(7))
line = st.builds(
    lambda product, price, quantity, cost: but(
        Line.of(product, None, "Rug", price, quantity), cost=cost
    ),
    st.sampled_from("pqr"),
    prices,
    st.integers(1, 9999),
    known,
)
sales = st.lists(line, min_size=1, max_size=3, unique_by=lambda line: line.product).map(
    lambda lines: [but(PLACED, lines=tuple(lines))]
)
histories = st.lists(
    st.tuples(st.sampled_from(["s/costing/a", "s/costing/b", "t/costing/a"]), pasts)
    | st.tuples(st.sampled_from(["s/orders/o", "t/orders/o"]), sales),
    unique_by=lambda told: told[0],
    min_size=1,
)


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, projection, histories)


@for_all(prices, units, st.integers(1, 99))
def test_a_sale_has_a_margin_where_its_price_and_its_cost_have_one_currency(price, unit, quantity):
    sold = but(Line.of("p", None, "Rug", price, quantity), cost=LineCost("a", unit, 7))
    (event,) = recorded([("s/orders/o", but(PLACED, lines=(sold,)))])
    sale = projection.SALES.evolve(None, event.decoded(house_codec()), "o.p")
    assert sale.unit_cost == (unit and UnitCost.of(unit))
    then = restated(sale, unit)
    assert (then.margin_then, then.margin_rate_then) == (sale.margin, sale.margin_rate)
    if unit is None or unit.currency != price.currency:
        assert (sale.margin, sale.margin_rate) == (None, None)
    else:
        assert sale.margin == Price.of(left(price, unit, quantity))
        assert sale.margin_rate == margin_of(price, unit)


@for_all(pasts)
def test_a_row_says_what_the_decider_knows(past):
    assert stored(costing, past) == past
    state, rows, codec = fold(costing, past), {}, house_codec()
    for found in recorded([("s/costing/a", event) for event in past]):
        told = found.decoded(codec)
        for table in projection.TABLES:
            for id in table.on.get(type(told.event), lambda _: ())(told):
                rows[id] = table.evolve(rows.get(id), told, id)
    row = rows.pop("a")
    assert (row.name, row.margin, row.makes, row.retired, row.version) == (
        *(state.name, state.margin, state.makes, state.retired),
        len(past),
    )
    assert (row.cost and row.cost.cost) == state.cost
    assert row.sells == state.listing
    price = price_at(state.cost, state.margin)
    assert row.price == (price and Price.of(price))
    assert [(c.kind, c.id, read(c.quantity)) for c in row.components] == [
        (c.kind, c.id, c.quantity) for c in state.components
    ]
    moments = sorted(rows.values(), key=lambda moment: moment.version)
    assert [m.cost for m in moments[-1:]] == [row.cost for _ in moments[-1:]]
    assert all(after.old == before.cost for before, after in pairwise(moments))
