"""The rules of a checkout."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import checkouts
from domain.checkouts import CheckoutPlaced, OrderShare, PlaceCheckout
from domain.kernel import Rejected, but, fold
from domain.money import MAX_MINOR, Money
from tests.support.deciders import given
from tests.support.histories import history, stored


def brl(minor):
    return Money(minor, "BRL")


tom, rita = OrderShare("o1", "tom", brl(300)), OrderShare("o2", "rita", brl(50))
place = PlaceCheckout("cart", "ada", "web", (tom, rita))
placed = CheckoutPlaced("cart", "ada", "web", (tom, rita), brl(350))


def test_a_checkout_comes_to_the_sum_of_its_orders():
    given(checkouts).when(place).then(placed)


def test_a_checkout_is_placed_once():
    given(checkouts, placed).when(place).rejected("checkouts.checkout_exists")


def test_a_checkout_has_an_order():
    given(checkouts).when(PlaceCheckout("cart", "ada", "web", ())).rejected("checkouts.empty")


def test_a_seller_has_one_order_in_it():
    given(checkouts).when(PlaceCheckout("cart", "ada", "web", (tom, tom))).rejected(
        "checkouts.seller_repeated"
    )


def test_what_it_comes_to_can_be_counted():
    much = OrderShare("o2", "rita", brl(MAX_MINOR - 300))
    given(checkouts).when(but(place, orders=(tom, much))).then(
        but(placed, orders=(tom, much), total=brl(MAX_MINOR))
    )
    more = OrderShare("o2", "rita", brl(MAX_MINOR - 299))
    given(checkouts).when(but(place, orders=(tom, more))).rejected("checkouts.total_too_large")


def test_currencies_are_not_added_up():
    mixed = PlaceCheckout("cart", "ada", "web", (tom, OrderShare("o2", "rita", Money(1, "DZD"))))
    with pytest.raises(Rejected, match=r"money\.currency_mixed"):
        checkouts.decide(checkouts.EMPTY, mixed)


shares = st.builds(
    OrderShare,
    st.uuids().map(str),
    st.sampled_from(["tom", "rita", "sam"]),
    st.builds(Money, st.integers(0, 10**9), st.sampled_from(["BRL", "BRL", "DZD"])),
)
commands = st.lists(
    st.builds(
        PlaceCheckout,
        st.just("cart"),
        st.sampled_from(["ada", "eve"]),
        st.sampled_from(["web", "call"]),
        st.lists(shares, max_size=4).map(tuple),
    ),
    max_size=8,
)


@for_all(commands)
def test_any_history_is_at_most_one_checkout_that_adds_up(commands):
    past = history(checkouts, commands)
    checkout = fold(checkouts, past)

    assert stored(checkouts, past) == past
    assert len(past) == checkout.exists
    if checkout.exists:
        assert checkout.total.minor == sum(share.total.minor for share in checkout.orders)
