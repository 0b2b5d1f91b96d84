"""Rows of materials equal their folds, and say what the decider knows."""

from datetime import UTC

from hypothesis import given as for_all
from hypothesis import strategies as st

from adapters.log.tail import house_codec
from domain import costs, materials
from domain.costs import BASES
from domain.kernel import fold
from domain.materials import MaterialAdded, Measuring, Movement, RecordPurchase
from domain.money import Money, Price
from domain.quantities import Amount, read
from domain.tenants import CostBasisSet
from projections import materials as projection
from tests.materials.test_books import changes
from tests.materials.test_rules import add, by_kilo, merino
from tests.support.histories import history
from tests.support.rows import recorded, rows_equal_the_fold

bases = st.lists(st.builds(CostBasisSet, st.sampled_from(BASES)), max_size=3)
added = st.builds(
    MaterialAdded,
    st.sampled_from(["amina", "basma"]),
    st.just(merino),
    st.just("g"),
    st.just("DZD"),
    st.sampled_from([by_kilo, Measuring(scrap=250)]),
    st.none(),
    st.sampled_from(BASES),
)
dinars = st.integers(0, 10**6).map(lambda minor: Money(minor, "DZD"))
moments = st.datetimes(timezones=st.just(UTC))
movements = st.builds(Movement, moments, st.integers(1, 10**6), dinars)
late = st.builds(
    RecordPurchase,
    st.builds(Amount, st.integers(1, 10**6).map(lambda quantity: quantity * 10**6)),
    *(dinars, dinars),
    bought_at=moments,
    past=st.lists(movements, max_size=3).map(tuple),
)
moves = st.builds(
    lambda wanted, late: history(materials, [add, *wanted, *late])[1:],
    changes,
    st.lists(late, max_size=2),
)
pasts = st.builds(lambda first, rest: [first, *rest], added, moves)


@st.composite
def histories(draw):
    """Materials in two tenants, whose bases change meanwhile."""
    found = []
    for tenant in draw(st.lists(st.sampled_from("st"), unique=True, min_size=1)):
        found.append((f"{tenant}/tenants/{tenant}", draw(bases)))
        ids = draw(st.lists(st.sampled_from("ab"), unique=True, min_size=1))
        found += [(f"{tenant}/materials/{id}", draw(pasts)) for id in ids]
    return found


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, projection, histories())


def rows_after(table, past):
    """The rows of one material, by id, after these events."""
    rows, codec = {}, house_codec()
    for stored in recorded([("s/materials/a", event) for event in past]):
        told = stored.decoded(codec)
        if keys := table.on.get(type(told.event)):
            for id in keys(told):
                rows[id] = table.evolve(rows.get(id), told, id)
    return rows


@for_all(pasts)
def test_a_row_says_what_the_decider_knows(past):
    state = fold(materials, past)
    row = rows_after(projection.MATERIALS, past)["a"]
    assert (read(row.stock), row.low, row.version) == (state.stock, state.low, len(past))
    exact = [told and told.cost for told in (row.average, row.last, row.standard)]
    assert exact == [state.average, state.last, state.standard]
    cost = costs.by(past[0].basis, *exact)
    assert (row.cost and row.cost.cost) == cost
    assert row.stock_value == (cost and Price.of(cost.of(state.stock)))
    assert (row.effective_cost and row.effective_cost.cost) == (
        cost and cost.wasting(state.measuring.scrap)
    )


@for_all(pasts)
def test_each_purchase_begins_at_the_average_that_the_one_before_led_to(past):
    rows = list(rows_after(projection.PURCHASES, past).values())
    averages = [None, *(row.average for row in rows)]
    assert [row.average_before for row in rows] == averages[:-1]
    spent = sum(r.price.money.minor + r.landed.money.minor for r in rows)
    assert Money(spent, "DZD").minor >= 0
    stock = sum(read(row.quantity) for row in rows)
    deltas = rows_after(projection.ADJUSTMENTS, past).values()
    delta = sum(read(r.delta.lstrip("-")) * (-1 if r.delta[0] == "-" else 1) for r in deltas)
    assert stock + delta == fold(materials, past).stock
