"""Rows of offers are the fold of their events."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from adapters.log.tail import house_codec
from domain import offers as rules
from domain.kernel import fold
from domain.money import Price
from domain.offers import OfferOrdered
from projections import offers
from tests.offers.test_histories import commands
from tests.offers.test_rules import publish
from tests.support.histories import history
from tests.support.rows import recorded, rows_equal_the_fold

pasts = st.builds(lambda more: history(rules, [publish, *more]), commands)
made = st.tuples(
    st.builds("{}/offers/{}".format, st.sampled_from("AB"), st.sampled_from("12345")), pasts
)
histories = st.lists(made, max_size=4, unique_by=lambda pair: pair[0])


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, offers, histories)


@for_all(pasts)
def test_a_row_says_what_the_decider_knows(past):
    state, row, codec = fold(rules, past), None, house_codec()
    for stored in recorded([("A/offers/1", event) for event in past]):
        row = offers.evolve(row, stored.decoded(codec), "1")
    ordered = [event.quantity for event in past if isinstance(event, OfferOrdered)]
    assert (row.status, row.seller, row.target) == (state.status, state.seller, state.target)
    assert (row.orders, row.ordered) == (len(ordered), sum(ordered))
    assert (row.valid_until, row.title) == (state.terms.valid_until, state.terms.title)
    assert [(each.quantity, each.unit_price) for each in row.breaks] == [
        (each.quantity, Price.of(each.unit_price)) for each in state.terms.breaks
    ]
    columns = {name: column.value(row) for name, column in offers.OFFERS.columns.items()}
    assert columns["due"] == (state.terms.valid_until if state.status == "active" else None)
    assert (columns["active"], row.version) == (state.status == "active", len(past))
