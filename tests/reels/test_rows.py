"""Rows of reels are the fold of their events and of what became of their products since."""

from hypothesis import strategies as st

from domain import reels as rules
from domain.catalog import (
    Describing,
    PriceChanged,
    ProductDescribed,
    ProductRestored,
    ProductRetired,
)
from domain.kernel import but
from domain.money import Money
from projections import reels
from tests.reels.test_rules import commands, draft, usual
from tests.support.histories import history
from tests.support.rows import rows_equal_the_fold

products = st.sampled_from(["rug", "tea"])  # so that many reels are of one product
money = st.builds(Money, st.integers(0, 400), st.sampled_from(["DZD", "BRL"]))
describings = st.builds(
    Describing,
    st.sampled_from(["Rug", "Carpet"]),
    st.just("rug"),
    st.sampled_from(["", "textiles", "gifts"]),
)
moves = st.lists(
    st.builds(PriceChanged, money, money, st.none(), st.just(""))
    | st.builds(ProductDescribed, describings)
    | st.just(ProductRetired(""))
    | st.just(ProductRestored()),
    max_size=4,
)


def reel(seller, product, begun, more):
    start = [but(draft, seller=seller, product=product), *usual[1:begun]]
    return history(rules, [*start, *more[:4]])


made = st.tuples(
    st.builds("{}/reels/{}".format, st.sampled_from("AB"), st.sampled_from("123")),
    st.builds(reel, st.sampled_from(["amina", "basma"]), products, st.integers(1, 3), commands),
)
moved = st.tuples(st.builds("{}/catalog/{}".format, st.sampled_from("AB"), products), moves)
histories = st.lists(made | moved, max_size=4, unique_by=lambda pair: pair[0])


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, reels, histories)
