"""The rules of an offer, and what no history may break."""

from datetime import UTC, datetime, timedelta

import pytest

from domain import offers
from domain.identity import TIERS
from domain.kernel import Rejected, but
from domain.money import MAX_MINOR, Money
from domain.offers import (
    LARGEST,
    MOST_BREAKS,
    MOST_CATEGORIES,
    Break,
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
    check_order,
    price_at,
)
from tests.support.deciders import given

NOW = datetime(2026, 5, 16, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(days=7)


def dzd(minor):
    return Money(minor, "DZD")


def revise(terms, now, tier="importateur"):
    return ReviseOffer(terms, now, tier)


def breaks(*pairs):
    return tuple(Break(quantity, dzd(minor)) for quantity, minor in pairs)


terms = Terms("Tea by the crate", breaks((10, 1200), (100, 1100)), UNTIL)
publish = PublishOffer("imen", "importateur", "grossiste", "tea", "Tea", terms, NOW, "DZD")
published = OfferPublished(0, "imen", "importateur", "grossiste", "tea", "Tea", terms)
closed, expired = OfferClosed("sold out"), OfferExpired()
order = OrderFromOffer("o1", "ghani", 10, dzd(1200), NOW, "importateur")
PAIRS = {("importateur", "grossiste"), ("importateur", "fournisseur"), ("grossiste", "fournisseur")}


def test_an_offer_is_published_once():
    given(offers).when(publish).then(published)
    given(offers, published).when(publish).rejected("offers.offer_exists")
    given(offers, published, closed).when(publish).rejected("offers.offer_exists")


@pytest.mark.parametrize("target", [*TIERS, "", "buyer"])
@pytest.mark.parametrize("tier", [*TIERS, None, "", "nobody"])
def test_a_tier_sells_only_downwards(tier, target):
    tried = given(offers).when(but(publish, tier=tier, target=target))
    if (tier, target) in PAIRS:
        tried.then(but(published, tier=tier, target=target))
    else:
        tried.rejected("offers.tier_not_below")


@pytest.mark.parametrize("tier", [*TIERS, None])
def test_whose_tier_is_another_by_now_still_sells_only_downwards(tier):
    other = but(terms, title="Mint tea")
    ordered = OfferOrdered("o1", "ghani", 10, dzd(1200))
    for command, event in (
        (revise(other, NOW, tier), OfferRevised(other)),
        (but(order, tier=tier), ordered),
    ):
        tried = given(offers, published).when(command)
        if (tier, "grossiste") in PAIRS:
            tried.then(event)
        else:
            tried.rejected("offers.tier_not_below")


def test_an_offer_is_in_the_currency_of_its_product():
    given(offers).when(but(publish, currency="EUR")).rejected("offers.currency_mixed")


def test_there_is_nothing_to_do_with_an_offer_that_is_not_there():
    for command in (revise(terms, NOW), CloseOffer(), ExpireOffer(UNTIL), order):
        given(offers).when(command).rejected("offers.unknown_offer")


def test_all_its_terms_are_said_anew_and_the_same_again_is_no_news():
    other = Terms("Mint tea", breaks((5, 900)), UNTIL + timedelta(days=1), "Fresh", dzd(5000))
    given(offers, published).when(revise(other, NOW)).then(OfferRevised(other))
    given(offers, published).when(revise(terms, NOW)).then()
    given(offers, published, OfferRevised(other)).when(revise(other, NOW)).then()


def test_an_offer_that_is_over_is_not_revised():
    later = but(terms, valid_until=UNTIL + timedelta(days=9))
    for over in (closed, expired):
        revised = given(offers, published, over).when(revise(later, NOW))
        revised.rejected("offers.not_active")
    given(offers, published).when(revise(later, UNTIL)).rejected("offers.not_active")


def test_an_offer_keeps_its_currency():
    euros = but(terms, breaks=(Break(10, Money(900, "EUR")),))
    given(offers, published).when(revise(euros, NOW)).rejected("offers.currency_mixed")


moment = timedelta(microseconds=1)
most = tuple(Break(n + 1, dzd(MOST_BREAKS - n)) for n in range(MOST_BREAKS))
REFUSED = {
    "no title": ({"title": " \n"}, "offers.title_missing"),
    "over now": ({"valid_until": NOW}, "offers.over_already"),
    "no break": ({"breaks": ()}, "offers.breaks_missing"),
    "too many": ({"breaks": (*most, Break(99, dzd(0)))}, "offers.breaks_missing"),
    "from nothing on": ({"breaks": breaks((0, 5))}, "offers.quantity_out_of_range"),
    "too large": ({"breaks": breaks((LARGEST + 1, 5))}, "offers.quantity_out_of_range"),
    "overlapping": ({"breaks": breaks((5, 9), (5, 8))}, "offers.breaks_not_ascending"),
    "descending": ({"breaks": breaks((5, 9), (4, 8))}, "offers.breaks_not_ascending"),
    "as dear": ({"breaks": breaks((5, 9), (6, 9))}, "offers.breaks_not_cheaper"),
    "dearer": ({"breaks": breaks((5, 9), (6, 10))}, "offers.breaks_not_cheaper"),
    "two currencies": (
        {"breaks": (Break(5, dzd(9)), Break(6, Money(8, "EUR")))},
        "offers.currency_mixed",
    ),
    "another for the minimum": ({"minimum": Money(9, "EUR")}, "offers.currency_mixed"),
    "too many categories": (
        {"categories": ("tea",) * (MOST_CATEGORIES + 1)},
        "offers.too_many_categories",
    ),
}
ACCEPTED = {
    "the next moment": {"valid_until": NOW + moment},
    "as many breaks as may be": {"breaks": most},
    "one piece, for nothing": {"breaks": breaks((1, 0))},
    "the largest": {"breaks": breaks((LARGEST, 1))},
    "as many categories as may be": {"categories": ("tea",) * MOST_CATEGORIES},
}


@pytest.mark.parametrize(("changes", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_offered_is_refused_at_first_and_later(changes, code):
    bad = but(terms, **changes)
    given(offers).when(but(publish, terms=bad)).rejected(code)
    given(offers, published).when(revise(bad, NOW)).rejected(code)


@pytest.mark.parametrize("changes", ACCEPTED.values(), ids=ACCEPTED)
def test_the_limits_themselves_are_accepted(changes):
    good = but(terms, **changes)
    given(offers).when(but(publish, terms=good)).then(but(published, terms=good))
    given(offers, published).when(revise(good, NOW)).then(OfferRevised(good))


def test_an_offer_is_closed_once():
    given(offers, published).when(CloseOffer("sold out")).then(closed)
    for over in (closed, expired):
        given(offers, published, over).when(CloseOffer("again")).then()


def test_an_offer_expires_at_its_time_and_not_before():
    given(offers, published).when(ExpireOffer(UNTIL - moment)).then()
    given(offers, published).when(ExpireOffer(UNTIL)).then(expired)
    for over in (closed, expired):
        given(offers, published, over).when(ExpireOffer(UNTIL)).then()


def test_an_offer_that_was_revised_expires_at_its_new_time():
    later = OfferRevised(but(terms, valid_until=UNTIL + timedelta(days=1)))
    given(offers, published, later).when(ExpireOffer(UNTIL)).then()
    given(offers, published, later).when(ExpireOffer(UNTIL + timedelta(days=1))).then(expired)


def test_it_is_ordered_at_the_price_agreed_as_often_as_one_likes():
    agreed = but(order, quantity=50, unit_price=dzd(1))
    ordered = OfferOrdered("o1", "ghani", 50, dzd(1))
    given(offers, published).when(agreed).then(ordered)
    given(offers, published, ordered).when(agreed).then(ordered)


def test_an_offer_that_is_over_is_not_ordered_also_when_no_timer_has_fired_yet():
    for over in (closed, expired):
        given(offers, published, over).when(order).rejected("offers.not_active")
    given(offers, published).when(but(order, now=UNTIL)).rejected("offers.not_active")
    given(offers, published).when(but(order, now=UNTIL - moment)).then(
        OfferOrdered("o1", "ghani", 10, dzd(1200))
    )


def refused(code, terms, quantity, unit_price):
    with pytest.raises(Rejected) as no:
        check_order(terms, quantity, unit_price)
    assert no.value.code == code


def test_less_than_the_first_break_is_not_proposed():
    for quantity in (9, 0, -1, LARGEST + 1):
        refused("offers.quantity_out_of_range", terms, quantity, dzd(1200))


def test_a_proposal_comes_to_the_minimum_at_least():
    least = but(terms, minimum=dzd(12_001))
    refused("offers.below_minimum", least, 10, dzd(1200))
    check_order(least, 11, dzd(1091))


def test_a_proposal_is_no_larger_than_money_goes():
    at_most = MAX_MINOR // 10
    check_order(terms, 10, dzd(at_most))
    refused("offers.total_too_large", terms, 10, dzd(at_most + 1))


def test_a_proposal_is_in_the_offers_currency():
    refused("offers.currency_mixed", terms, 10, Money(1200, "EUR"))


def test_what_was_agreed_on_is_ordered_whatever_the_terms_are_by_now():
    larger = OfferRevised(but(terms, breaks=breaks((200, 900)), minimum=dzd(10**6)))
    given(offers, published, larger).when(order).then(OfferOrdered("o1", "ghani", 10, dzd(1200)))


def test_the_price_at_a_quantity_is_the_last_breaks_that_it_reaches():
    prices = [price_at(terms, quantity).minor for quantity in (10, 99, 100, LARGEST)]
    assert prices == [1200, 1200, 1100, 1100]
    for quantity in (9, LARGEST + 1):
        with pytest.raises(Rejected, match=r"offers\.quantity_out_of_range"):
            price_at(terms, quantity)
