"""What no history of an offer may break."""

import itertools
from datetime import timedelta

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import offers
from domain.identity import TIERS
from domain.kernel import but, fold
from domain.money import Money
from domain.offers import (
    CloseOffer,
    ExpireOffer,
    OfferClosed,
    OfferExpired,
    OfferOrdered,
    OfferPublished,
    OfferRevised,
    OrderFromOffer,
    PublishOffer,
    ReviseOffer,
    Terms,
    price_at,
)
from tests.offers.test_rules import NOW, PAIRS, breaks, publish, terms
from tests.support.histories import history, stored

times = st.integers(-1, 6).map(lambda days: NOW + timedelta(days=days))
currencies = st.sampled_from(["DZD", "DZD", "DZD", "EUR"])
money = st.builds(Money, st.integers(0, 40), currencies)


@st.composite
def any_breaks(draw):
    """Mostly as they should be."""
    least = sorted(draw(st.lists(st.integers(1, 30), max_size=4, unique=True)))
    prices = sorted(draw(st.lists(st.integers(0, 40), min_size=4, max_size=4, unique=True)))
    good = breaks(*zip(least, reversed(prices), strict=False))
    return draw(st.just(good) | st.permutations(good).map(tuple))


any_terms = st.builds(
    Terms,
    st.sampled_from(["Tea", "Mint tea", "Tea", " "]),
    any_breaks(),
    times,
    st.sampled_from(["", "Fresh"]),
    st.none() | st.none() | money,
    st.sampled_from([(), ("tea",), ("tea", "gifts")]),
)
tiers = st.sampled_from([*TIERS, None])
publishing = st.builds(
    PublishOffer,
    st.sampled_from(["imen", "ghani"]),
    tiers,
    tiers.map(str),
    st.sampled_from(["tea", "rug"]),
    st.just("Tea"),
    any_terms,
    times,
    currencies,
)
ordering = st.builds(
    OrderFromOffer, st.just("o1"), st.just("ghani"), st.integers(0, 40), money, times, tiers
)
command = (
    publishing
    | st.builds(ReviseOffer, any_terms, times, tiers)
    | ordering
    | ordering
    | st.builds(CloseOffer, st.sampled_from(["", "sold out"]))
    | st.builds(ExpireOffer, times)
)
commands = st.lists(command, max_size=12)
begun = st.sampled_from([[], [publish]])


@for_all(begun, commands)
def test_any_history_can_be_stored_and_its_breaks_ascend_without_overlap(begun, commands):
    past = history(offers, [*begun, *commands])
    kinds = [type(event) for event in past]

    assert stored(offers, past) == past
    assert kinds.count(OfferPublished) == kinds[:1].count(OfferPublished) == (1 if past else 0)
    for event in past[:1]:
        assert (event.tier, event.target) in PAIRS
    currency = {each.unit_price.currency for event in past for each in _breaks(event)}
    assert len(currency) <= 1
    for event in past:
        for lower, upper in itertools.pairwise(_breaks(event)):
            assert lower.quantity < upper.quantity
            assert lower.unit_price.minor > upper.unit_price.minor


def _breaks(event):
    return event.terms.breaks if isinstance(event, OfferPublished | OfferRevised) else ()


@for_all(commands)
def test_in_any_history_an_offer_that_is_over_is_never_ordered_or_revised(commands):
    past = []
    for command in [publish, *commands]:
        before = fold(offers, past)
        past, new = history(offers, [command], past), len(past)
        for event in past[new:]:
            if isinstance(event, OfferOrdered | OfferRevised):
                assert before.status == "active"
                assert command.now < before.terms.valid_until
                assert (command.tier, before.target) in PAIRS
            if isinstance(event, OfferExpired):
                assert command.now >= before.terms.valid_until
    ends = [type(event) for event in past if isinstance(event, OfferClosed | OfferExpired)]
    assert [type(past[-1])] == ends if ends else fold(offers, past).status == "active"


@for_all(commands, command)
def test_to_say_so_twice_is_no_news_the_second_time_but_for_orders(commands, command):
    past = history(offers, [publish, *commands, command])
    if not isinstance(command, OrderFromOffer):
        assert history(offers, [command], past) == past


@for_all(any_breaks(), st.integers(1, 40), st.integers(0, 40))
def test_who_takes_more_never_pays_more_for_each(breaks, quantity, more):
    asked = but(publish, terms=but(terms, breaks=breaks))
    if history(offers, [asked]) and quantity >= breaks[0].quantity:
        some, many = (price_at(asked.terms, q).minor for q in (quantity, quantity + more))
        assert many <= some
