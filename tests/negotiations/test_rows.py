"""Rows of negotiations are the fold of their events and of the end of their offers."""

from hypothesis import strategies as st

from domain import negotiations as rules
from domain.kernel import but
from domain.offers import OfferClosed, OfferExpired, OfferRevised
from projections import negotiations
from tests.negotiations.test_histories import commands
from tests.negotiations.test_rules import respond
from tests.offers.test_rules import published, terms
from tests.support.histories import history
from tests.support.rows import rows_equal_the_fold

offers = st.sampled_from(["o1", "o2"])  # so that many are about one offer


def made(offer, buyer, commands):
    return history(rules, [but(respond, offer=offer, buyer=buyer), *commands[:6]])


negotiated = st.tuples(
    st.builds("{}/negotiations/{}".format, st.sampled_from("AB"), st.sampled_from("1234")),
    st.builds(made, offers, st.sampled_from(["farid", "fatma"]), commands),
)
ends = st.sampled_from([[], [OfferRevised(terms)], [OfferClosed("")], [OfferExpired()]])
offered = st.tuples(
    st.builds("{}/offers/{}".format, st.sampled_from("AB"), offers),
    ends.map(lambda more: [published, *more]),
)
histories = st.lists(negotiated | offered, max_size=5, unique_by=lambda pair: pair[0])


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, negotiations, histories)
