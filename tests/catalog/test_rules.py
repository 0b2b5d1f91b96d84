"""The rules of a product, and what no history may break."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import catalog
from domain.carts import MAX_QUANTITY
from domain.catalog import (
    MAX_MINIMUM,
    AssignSku,
    ChangePrice,
    CostingLinked,
    CreateProduct,
    DescribeProduct,
    Describing,
    FeatureProduct,
    LinkCosting,
    MinimumSet,
    PriceChanged,
    ProductCreated,
    ProductRetired,
    RestoreProduct,
    RetireProduct,
    SetFields,
    SetMinimum,
)
from domain.kernel import but, fold
from domain.money import Money
from tests.support.deciders import given
from tests.support.histories import history, stored


def dinar(minor: int) -> Money:
    return Money(minor, "DZD")


TEA = Describing("Mint tea", "mint-tea")
new = CreateProduct("amina", TEA, dinar(1250))
created = ProductCreated("amina", TEA, dinar(1250), None, 1, None)


def test_a_product_is_created_once():
    given(catalog).when(new).then(created)
    given(catalog, created).when(new).rejected("catalog.product_exists")


def test_nothing_is_done_to_a_product_that_is_not_there():
    given(catalog).when(RetireProduct()).rejected("catalog.unknown_product")


def test_what_it_costs_is_linked_once_and_also_after_it_was_retired():
    linked = CostingLinked("scarf")
    given(catalog, created).when(LinkCosting("scarf")).then(linked)
    given(catalog, created, linked).when(LinkCosting("scarf")).then()
    gone = (created, linked, ProductRetired(""))
    given(catalog, *gone).when(LinkCosting(None)).then(CostingLinked(None))


def test_a_name_is_needed_and_a_slug_is_plain():
    nameless = CreateProduct("amina", Describing(" ", "tea"), dinar(1))
    given(catalog).when(nameless).rejected("catalog.name_missing")
    shouted = CreateProduct("amina", Describing("Tea", "Mint Tea"), dinar(1))
    given(catalog).when(shouted).rejected("catalog.slug_malformed")


def test_the_struck_out_price_is_the_higher_one():
    lower = ChangePrice(dinar(1000), dinar(900))
    given(catalog, created).when(lower).rejected("catalog.original_price_too_low")
    change = PriceChanged(dinar(1250), dinar(1000), dinar(1250), "summer")
    given(catalog, created).when(ChangePrice(dinar(1000), dinar(1250), "summer")).then(change)


def test_the_currency_of_a_product_stays():
    given(catalog, created).when(ChangePrice(Money(1, "EUR"))).rejected("catalog.currency_changed")


def test_the_same_price_again_is_no_news():
    given(catalog, created).when(ChangePrice(dinar(1250))).then()


def test_a_minimum_is_one_at_the_least():
    given(catalog, created).when(SetMinimum(0)).rejected("catalog.minimum_below_one")
    given(catalog, created).when(SetMinimum(6)).then(MinimumSet(6))


def test_a_minimum_is_what_a_cart_can_hold_at_the_most():
    assert MAX_MINIMUM == MAX_QUANTITY
    given(catalog, created).when(SetMinimum(9999)).then(MinimumSet(9999))
    given(catalog, created).when(SetMinimum(10_000)).rejected("catalog.minimum_too_high")
    given(catalog).when(but(new, min_order_quantity=10_000)).rejected("catalog.minimum_too_high")


def test_a_minimum_that_was_set_too_high_before_is_no_news():
    given(catalog, created, MinimumSet(20_000)).when(SetMinimum(20_000)).then()
    given(catalog, created, MinimumSet(20_000)).when(SetMinimum(6)).then(MinimumSet(6))


def test_a_retired_product_changes_no_more_until_it_is_restored():
    past = created, ProductRetired("")
    given(catalog, *past).when(ChangePrice(dinar(1))).rejected("catalog.retired")
    given(catalog, *past).when(RetireProduct()).then()


money = st.builds(dinar, st.integers(-1, 5))
shelves = st.none() | st.sampled_from("abc")
texts = st.builds(
    Describing,
    st.sampled_from(["", "Tea"]),
    st.sampled_from(["tea", "T"]),
    category_id=shelves,
)
values = st.none() | st.booleans() | st.sampled_from(["red", "", "true"])
fields = st.dictionaries(st.sampled_from(["colour", "a", "No"]), values, max_size=3)
commands = st.lists(
    st.builds(CreateProduct, st.just("amina"), texts, money, st.none() | money, st.integers(0, 3))
    | st.builds(DescribeProduct, texts)
    | st.builds(ChangePrice, money, st.none() | money)
    | st.builds(SetMinimum, st.integers(-1, 3) | st.just(10_000))
    | st.builds(AssignSku, st.none() | st.sampled_from("ab"))
    | st.builds(FeatureProduct, st.booleans())
    | st.builds(LinkCosting, st.none() | st.just("scarf"))
    | st.builds(SetFields, fields)
    | st.builds(RetireProduct)
    | st.builds(RestoreProduct)
)


@for_all(commands)
def test_any_history_can_be_stored_and_leaves_a_product_that_can_be_sold(commands):
    past = history(catalog, commands)
    product = fold(catalog, past)

    assert stored(catalog, past) == past
    assert [type(e) for e in past].count(ProductCreated) == (1 if past else 0)
    if product.exists:
        assert product.price.minor >= 0
        assert 1 <= product.min_order_quantity <= MAX_MINIMUM
        assert product.original_price is None or product.original_price.minor >= product.price.minor


@for_all(commands, st.builds(RetireProduct) | st.builds(RestoreProduct))
def test_a_command_twice_is_no_news_the_second_time(commands, command):
    past = history(catalog, [new, *commands])
    past += catalog.decide(fold(catalog, past), command)
    assert catalog.decide(fold(catalog, past), command) == []
