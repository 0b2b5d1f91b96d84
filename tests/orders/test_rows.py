"""Rows of orders are the fold of their events and of their sellers' names."""

from types import SimpleNamespace

from hypothesis import strategies as st
from msgspec import UNSET

from domain import orders as rules
from domain.identity import SellerAppointed
from domain.kernel import Personal, but
from domain.orders import CHANNELS
from projections import orders
from projections.orders.documents import People
from tests.orders.test_rules import commands, people, phones, place
from tests.support.histories import history
from tests.support.rows import rows_equal_the_fold

customers = st.none() | st.builds(rules.Customer, people, phones, people, people, st.just("SP"))
placings = st.builds(
    lambda channel, seller, customer, note: but(
        place, channel=channel, seller=seller, customer=customer, note=note
    ),
    st.sampled_from(list(CHANNELS)),
    st.sampled_from(["tom", "rita"]),
    customers,
    st.none() | people,
)
placed = st.tuples(
    st.builds("{}/orders/{}".format, st.sampled_from("AB"), st.sampled_from("123")),
    st.builds(lambda first, rest: history(rules, [first, *rest[:12]]), placings, commands),
)
named = st.tuples(
    st.builds("{}/identity/{}".format, st.sampled_from("AB"), st.sampled_from(["tom", "rita"])),
    st.lists(st.builds(SellerAppointed, st.sampled_from(["Tom & Co", "T"]), st.none()), max_size=2),
)
histories = st.lists(placed | named, max_size=4, unique_by=lambda pair: pair[0])


def test_a_row_is_found_by_the_hash_that_its_phone_was_sealed_with():
    column = orders.ORDERS.columns["customer_phone"].value
    for personal, found_by in [
        (UNSET, None),
        (People(), None),
        (People(phone=Personal("ada", box="x")), None),
        (People(phone=Personal("ada", box="x", lookup="hash")), "hash"),
    ]:
        assert column(SimpleNamespace(personal=personal)) == found_by


def test_a_line_shows_what_it_was_found_by_and_sold_from():
    found = rules.Line.of("p1", None, "Tea", place.lines[0].unit_price, 2, reel="r1", offer="o1")
    (event,) = rules.decide(rules.EMPTY, but(place, lines=(found, *place.lines[1:])))
    recorded = SimpleNamespace(event=event, id="1", version=1, occurred_at=None)
    first, *others = orders.ORDERS.evolve(None, recorded, "1").lines
    assert (first.product, first.quantity, first.reel, first.offer) == ("p1", 2, "r1", "o1")
    assert {(line.reel, line.offer) for line in others} <= {(None, None)}


def test_orders_equal_the_fold_of_their_events(database):
    rows_equal_the_fold(database, orders, histories)
