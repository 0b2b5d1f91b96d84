"""Rows of carts are the fold of their events and of what moved under them in the catalogue."""

from hypothesis import strategies as st

from domain import carts as rules
from domain.carts import OpenCart
from domain.catalog import MinimumSet, PriceChanged
from domain.money import Money
from projections import carts
from tests.carts.test_rules import commands
from tests.support.histories import history
from tests.support.rows import rows_equal_the_fold

money = st.builds(Money, st.integers(0, 400), st.just("BRL"))
moves = st.lists(
    st.builds(PriceChanged, money, money, st.none(), st.just(""))
    | st.builds(MinimumSet, st.integers(1, 20)),
    max_size=4,
)
filled = st.tuples(
    st.builds("{}/carts/{}".format, st.sampled_from("AB"), st.sampled_from("123")),
    commands.map(lambda given: history(rules, [OpenCart("ada"), *given[:12]])),
)
moved = st.tuples(
    st.builds("{}/catalog/{}".format, st.sampled_from("AB"), st.sampled_from(["tea", "rice"])),
    moves,
)
histories = st.lists(filled | moved, max_size=4, unique_by=lambda pair: pair[0])


def test_carts_equal_the_fold_of_their_events(database):
    rows_equal_the_fold(database, carts, histories)
