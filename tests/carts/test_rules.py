"""The rules of a cart, and what no history may break."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import carts
from domain.carts import (
    MAX_LINES,
    MAX_QUANTITY,
    AcceptPrice,
    AddItem,
    CartCheckedOut,
    CartCleared,
    CartOpened,
    ChangeQuantity,
    CheckOut,
    ClearCart,
    ItemAdded,
    ItemQuantityChanged,
    ItemRemoved,
    Offered,
    OpenCart,
    PriceAccepted,
    RemoveItem,
)
from domain.kernel import but, fold
from domain.money import Money
from tests.support.deciders import given
from tests.support.histories import history, stored


def brl(minor):
    return Money(minor, "BRL")


opened = CartOpened("ada")
tea = ItemAdded("tea", "tom", "T-1", "Tea", brl(300), 2, 1)
rice = ItemAdded("rice", "rita", None, "Rice", brl(500), 12, 12)
add_tea = AddItem("tea", "tom", "T-1", "Tea", brl(300), 2, 1)
add_rice = AddItem("rice", "rita", None, "Rice", brl(500), 12, 12)
gone = CartCheckedOut("c1")


def offered(**prices):
    return {product: Offered(brl(price), 1, False) for product, price in prices.items()}


def test_a_cart_is_opened_once():
    given(carts).when(OpenCart("ada")).then(opened)
    given(carts, opened).when(OpenCart("ada")).then()
    given(carts, opened).when(OpenCart("eve")).rejected("carts.cart_exists")


def test_nothing_can_be_put_in_a_cart_that_is_not_there():
    given(carts).when(add_tea).rejected("carts.unknown_cart")


def test_an_item_is_added_with_the_price_of_that_moment():
    given(carts, opened).when(add_tea).then(tea)


def test_a_second_add_of_a_product_raises_the_quantity_and_keeps_the_price_held():
    given(carts, opened, tea).when(but(add_tea, unit_price=brl(999))).then(
        ItemQuantityChanged("tea", 4)
    )


def test_less_than_the_minimum_is_refused_also_by_a_change():
    given(carts, opened).when(but(add_rice, quantity=11)).rejected("carts.below_minimum")
    given(carts, opened, rice).when(ChangeQuantity("rice", 11, 12)).rejected("carts.below_minimum")


def test_a_change_goes_by_the_minimum_of_this_moment():
    given(carts, opened, rice).when(ChangeQuantity("rice", 3, 2)).then(
        ItemQuantityChanged("rice", 3)
    )
    given(carts, opened, rice).when(ChangeQuantity("rice", 13, 20)).rejected("carts.below_minimum")


def test_a_second_add_counts_what_is_there_towards_the_minimum():
    given(carts, opened, rice).when(but(add_rice, quantity=1)).then(ItemQuantityChanged("rice", 13))


def test_a_quantity_is_between_one_and_the_limit():
    given(carts, opened).when(but(add_tea, quantity=0)).rejected("carts.quantity_out_of_range")
    given(carts, opened, tea).when(ChangeQuantity("tea", 0, 1)).rejected(
        "carts.quantity_out_of_range"
    )
    given(carts, opened, tea).when(but(add_tea, quantity=MAX_QUANTITY)).rejected(
        "carts.quantity_out_of_range"
    )


def test_a_negative_add_never_lowers_a_line():
    given(carts, opened, tea).when(but(add_tea, quantity=-1)).rejected(
        "carts.quantity_out_of_range"
    )


def test_a_full_cart_takes_no_other_product_but_more_of_the_same():
    full = [but(tea, product=f"p{n}") for n in range(MAX_LINES)]
    given(carts, opened, *full).when(add_tea).rejected("carts.too_many_lines")
    given(carts, opened, *full).when(but(add_tea, product="p0")).then(ItemQuantityChanged("p0", 4))


def test_a_cart_has_one_currency():
    given(carts, opened, tea).when(but(add_rice, unit_price=Money(1, "DZD"))).rejected(
        "carts.currency_mixed"
    )


def test_an_emptied_cart_may_change_its_currency():
    given(carts, opened, tea, CartCleared()).when(but(add_tea, unit_price=Money(1, "DZD"))).then(
        but(tea, unit_price=Money(1, "DZD"))
    )


def test_a_quantity_is_changed_in_a_line_that_is_there():
    given(carts, opened, tea).when(ChangeQuantity("tea", 5, 1)).then(ItemQuantityChanged("tea", 5))
    given(carts, opened, tea).when(ChangeQuantity("rice", 5, 1)).rejected("carts.not_in_cart")


def test_the_same_quantity_again_is_no_news():
    given(carts, opened, tea).when(ChangeQuantity("tea", 2, 1)).then()


def test_a_line_is_removed_once():
    given(carts, opened, tea).when(RemoveItem("tea")).then(ItemRemoved("tea"))
    given(carts, opened).when(RemoveItem("tea")).then()


def test_clearing_an_empty_cart_is_no_news():
    given(carts, opened, tea).when(ClearCart()).then(CartCleared())
    given(carts, opened).when(ClearCart()).then()


def test_a_price_is_accepted_once():
    given(carts, opened, tea).when(AcceptPrice("tea", brl(350))).then(
        PriceAccepted("tea", brl(350))
    )
    given(carts, opened, tea).when(AcceptPrice("tea", brl(300))).then()
    given(carts, opened, tea).when(AcceptPrice("rice", brl(1))).rejected("carts.not_in_cart")


def test_an_empty_cart_cannot_check_out():
    given(carts, opened).when(CheckOut("c1", {})).rejected("carts.empty")


def test_checking_out_at_the_price_held_or_a_lower_one():
    given(carts, opened, tea).when(CheckOut("c1", offered(tea=300))).then(gone)
    given(carts, opened, tea).when(CheckOut("c1", offered(tea=299))).then(gone)


def test_a_price_that_rose_must_be_accepted_first():
    rose = CheckOut("c1", offered(tea=301))
    given(carts, opened, tea).when(rose).rejected("carts.price_rose")
    given(carts, opened, tea, PriceAccepted("tea", brl(301))).when(rose).then(gone)


def test_the_price_paid_is_the_live_one():
    line = fold(carts, [opened, tea, PriceAccepted("tea", brl(350))]).lines["tea"]
    assert carts.payable(line, Offered(brl(320), 1, False)) == brl(320)


def test_what_is_retired_or_unknown_cannot_be_bought():
    retired = {"tea": Offered(brl(300), 1, True)}
    given(carts, opened, tea).when(CheckOut("c1", retired)).rejected("carts.product_retired")
    given(carts, opened, tea).when(CheckOut("c1", {})).rejected("carts.product_retired")


def test_what_a_dismissed_seller_had_put_up_cannot_be_bought():
    gone = {"tea": Offered(brl(300), 1, False, seller_gone=True)}
    given(carts, opened, tea).when(CheckOut("c1", gone)).rejected("carts.seller_gone")


def test_a_minimum_raised_since_holds_at_checkout():
    raised = {"tea": Offered(brl(300), 3, False)}
    given(carts, opened, tea).when(CheckOut("c1", raised)).rejected("carts.below_minimum")


def test_a_closed_cart_refuses_everything():
    for command in (
        add_rice,
        ChangeQuantity("tea", 3, 1),
        RemoveItem("tea"),
        ClearCart(),
        AcceptPrice("tea", brl(1)),
        CheckOut("c2", offered(tea=300)),
    ):
        given(carts, opened, tea, gone).when(command).rejected("carts.closed")
    given(carts, opened, tea, gone).when(OpenCart("ada")).rejected("carts.cart_exists")


products = st.sampled_from(["tea", "rice", "cup"])
money = st.builds(Money, st.integers(0, 400), st.sampled_from(["BRL", "BRL", "BRL", "DZD"]))
quantities = st.integers(-1, 30) | st.sampled_from([MAX_QUANTITY, MAX_QUANTITY + 1])
offers = st.dictionaries(
    products, st.builds(Offered, money, st.integers(1, 3), st.booleans()), min_size=2
)
commands = st.lists(
    st.builds(OpenCart, st.sampled_from(["ada", "eve"]))
    | st.builds(
        AddItem,
        products,
        st.just("tom"),
        st.none() | st.just("T-1"),
        st.just("Tea"),
        money,
        quantities,
        st.integers(1, 12),
    )
    | st.builds(ChangeQuantity, products, quantities, st.integers(1, 12))
    | st.builds(RemoveItem, products)
    | st.builds(ClearCart)
    | st.builds(AcceptPrice, products, money)
    | st.builds(CheckOut, st.sampled_from(["c1", "c2"]), offers),
    max_size=30,
)


@for_all(commands)
def test_no_history_breaks_a_cart(commands):
    past = history(carts, [OpenCart("ada"), *commands])
    cart = fold(carts, past)

    assert stored(carts, past) == past
    assert cart.owner == "ada"
    assert len(cart.lines) <= MAX_LINES
    assert len({line.unit_price.currency for line in cart.lines.values()}) <= 1
    for product, line in cart.lines.items():
        assert line.product == product
        assert 1 <= line.quantity <= MAX_QUANTITY
    closings = [event for event in past if isinstance(event, CartCheckedOut)]
    assert closings == ([past[-1]] if cart.closed else [])


@for_all(commands, offers)
def test_no_buyer_ever_pays_more_than_the_price_held(commands, offers):
    past = [
        e for e in history(carts, [OpenCart("ada"), *commands]) if type(e) is not CartCheckedOut
    ]
    cart = fold(carts, past)
    if len(history(carts, [CheckOut("c9", offers)], past)) > len(past):
        for line in cart.lines.values():
            assert carts.payable(line, offers[line.product]).minor <= line.unit_price.minor
