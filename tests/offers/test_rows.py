"""Rows of offers are the fold of their events and of what became of their products and sellers."""

from datetime import datetime, timedelta, timezone

from hypothesis import given as for_all
from hypothesis import strategies as st

from adapters.log.tail import house_codec
from domain import offers as rules
from domain.catalog import ProductRestored, ProductRetired
from domain.identity import TIERS, SellerAppointed, SellerDismissed
from domain.kernel import but, fold
from domain.money import Price
from domain.offers import OfferOrdered
from projections import offers
from tests.offers.test_histories import commands
from tests.offers.test_rules import PAIRS, publish
from tests.support.histories import history
from tests.support.rows import recorded, rows_equal_the_fold

pasts = st.builds(lambda more: history(rules, [publish, *more]), commands)
made = st.tuples(
    st.builds("{}/offers/{}".format, st.sampled_from("AB"), st.sampled_from("12345")), pasts
)
met = st.tuples(
    st.sampled_from(["A/catalog/tea", "A/catalog/rug"]),
    st.lists(st.sampled_from([ProductRetired(""), ProductRestored()]), max_size=3),
) | st.tuples(
    st.sampled_from(["A/identity/imen", "A/identity/ghani"]),
    st.lists(
        st.sampled_from([SellerAppointed("Shop", tier) for tier in (*TIERS, None)])
        | st.just(SellerDismissed("")),
        max_size=3,
    ),
)
histories = st.lists(made | met, max_size=6, unique_by=lambda pair: pair[0])


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
    assert (columns["stands"], row.version) == (state.status == "active", len(past))


@for_all(pasts, st.lists(st.sampled_from([*TIERS, None, "gone", "bin", "back"]), max_size=6))
def test_it_stands_while_its_product_and_its_seller_are_there(past, moves):
    row, codec = None, house_codec()
    for stored in recorded([("A/offers/1", event) for event in past]):
        row = offers.evolve(row, stored.decoded(codec), "1")
    words = {"gone": SellerDismissed(""), "bin": ProductRetired(""), "back": ProductRestored()}
    told, sold, tier = row, True, row.tier
    for move in moves:
        event = words.get(move) or SellerAppointed("Shop", move)
        stream = "A/catalog/tea" if move in ("bin", "back") else "A/identity/imen"
        (stored,) = recorded([(stream, event)])
        row = offers.evolve(row, stored.decoded(codec), "1")
        sold = {"bin": False, "back": True}.get(move, sold)
        tier = tier if move in ("bin", "back") else None if move == "gone" else move
    assert row.stands == (told.status == "active" and sold and (tier, row.target) in PAIRS)
    assert but(row, on_sale=True, seller_sells=True) == told


def test_when_an_offer_is_due_is_kept_in_utc():
    zone = timezone(timedelta(hours=23, minutes=59))
    terms = but(publish.terms, valid_until=datetime(2030, 5, 17, 11, 59, tzinfo=zone))
    (stored,) = recorded(
        [("A/offers/1", event) for event in history(rules, [but(publish, terms=terms)])]
    )
    row = offers.evolve(None, stored.decoded(house_codec()), "1")
    assert offers.OFFERS.columns["due"].value(row).isoformat() == "2030-05-16T12:00:00+00:00"
