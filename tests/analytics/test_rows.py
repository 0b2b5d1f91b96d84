"""What analytics says is the fold of what happened, in any batches."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from adapters.log.tail import house_codec
from domain.catalog import Describing, ProductCreated, ProductDescribed
from domain.checkouts import CheckoutPlaced, OrderShare
from domain.identity import SellerAppointed
from domain.kernel import but
from domain.money import Money, Price
from domain.orders import (
    Line,
    OrderCancelled,
    OrderConfirmed,
    OrderDelivered,
    OrderPlaced,
    OrderReturned,
    OrderShipped,
    ProcessingStarted,
)
from domain.payments import CheckoutPaid, PaymentIntended, PaymentRefunded, Share
from projections import analytics
from projections.analytics import orders as order_rows
from projections.analytics.days import DAYS, SALES_DAYS
from projections.analytics.products import PRODUCTS
from projections.analytics.sales import METHODS, SALES
from projections.analytics.sellers import SELLERS
from tests.support.rows import recorded, rows_equal_the_fold

SELLER_NAMES = ("ada", "bob")
PATH = (OrderConfirmed(), ProcessingStarted(), OrderShipped(None), OrderDelivered())


def brl(minor):
    return Money(minor, "BRL")


def placed(checkout, seller, quantity, price, currency="BRL"):
    unit = Money(price, currency)
    line = Line.of(f"{seller}-tea", "T-1", "Tea", unit, quantity)
    shipping = Money(100, currency)
    return OrderPlaced(
        checkout=checkout,
        buyer="mia",
        seller=seller,
        channel="web",
        lines=(line,),
        subtotal=line.subtotal,
        shipping=shipping,
        total=line.subtotal + shipping,
        cash=False,
    )


@st.composite
def histories(draw):
    """Some checkouts of one or two sellers, however far they went, in one or two tenants."""
    found = []
    for tenant in draw(st.sampled_from([["souk"], ["souk", "bazaar"]])):
        for seller in SELLER_NAMES:
            described = ProductDescribed(Describing("Green tea", "tea"))
            created = ProductCreated(seller, Describing("Tea", "tea"), brl(300), None, 1, "T-1")
            renamed = draw(st.booleans())
            found.append((f"{tenant}/identity/{seller}", [SellerAppointed(seller, None)]))
            history = [created, described] if renamed else [created]
            found.append((f"{tenant}/catalog/{seller}-tea", history))
        for number in range(draw(st.integers(0, 3))):
            found += draw(checkouts(tenant, f"c{number}"))
    return found


@st.composite
def checkouts(draw, tenant, id):
    sellers = draw(st.lists(st.sampled_from(SELLER_NAMES), min_size=1, unique=True))
    currency = draw(st.sampled_from(["BRL", "DZD"]))
    quantity, price = draw(st.integers(1, 3)), draw(st.integers(0, 500))
    parts = {s: placed(id, s, quantity, price, currency) for s in sellers}
    shares = tuple(Share(f"{id}-{s}", s, part.total) for s, part in parts.items())
    whole = Money(sum(share.amount.minor for share in shares), currency)
    of = tuple(OrderShare(share.order, share.seller, share.amount) for share in shares)
    money = [PaymentIntended("p", draw(st.sampled_from(["boleto", "card"])), whole, "order")]
    money += [PaymentIntended("t", "card", whole, "tip")] if draw(st.booleans()) else []
    if draw(st.booleans()):
        money.append(CheckoutPaid(shares))
        for share in shares:
            if draw(st.booleans()):
                seller = draw(st.sampled_from([share.seller, None]))
                back = Money(draw(st.integers(0, share.amount.minor)), currency)
                money.append(PaymentRefunded("r", share.order, seller, back))
    found = [(f"{tenant}/checkouts/{id}", [CheckoutPlaced("cart", "mia", "web", of, whole)])]
    for seller, part in parts.items():
        steps = list(PATH[: draw(st.integers(0, 4))])
        over = draw(st.sampled_from([None, OrderCancelled("late", None), OrderReturned("x")]))
        found.append((f"{tenant}/orders/{id}-{seller}", [part, *steps, *([over] if over else [])]))
    return [*found, (f"{tenant}/payments/{id}", money)]


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, analytics, histories())


def test_what_is_summed_may_be_more_than_a_column_of_64_bits_holds(database):
    """Any buyer can mean to pay that much, and kept what they meant from everyone's figures."""
    most = 5 * 10**18
    history = []
    for order in ("b", "c"):
        paid = CheckoutPaid((Share(order, "ada", brl(most)),))
        meant = PaymentIntended("1", "card", brl(most), "order")
        history += [
            (f"souk/orders/{order}", [placed(order, "ada", 1, most)]),
            (f"souk/payments/{order}", [meant, paid]),
        ]
    rows_equal_the_fold(database, analytics, st.just(history), examples=1)


def rows(*events):
    """Every table's documents after these (stream, event) pairs, by table name and id."""
    codec, found = house_codec(), {}
    told = [row.decoded(codec) for row in recorded(events, start=datetime(2017, 5, 16, tzinfo=UTC))]
    for table in analytics.TABLES:
        documents = found[table.name] = {}
        for each in [x for x in told if type(x.event) in table.on]:
            for id in table.on[type(each.event)](each):
                before = documents.get(id)
                documents[id] = table.evolve(before, each, id)
                if table.emits and (event := table.emits(before, documents[id])):
                    told.append(but(each, event=event))
        told.sort(key=lambda each: each.position)
    return found


@given(histories())
def test_the_days_of_all_sellers_are_the_sums_of_each_sellers(history):
    found = rows(*((stream, event) for stream, events in history for event in events))
    sums = {}
    for day in found[DAYS.name].values():
        earned, paid = sums.get((day.day, day.revenue.currency), (0, 0))
        sums[day.day, day.revenue.currency] = (
            earned + day.revenue.money.minor,
            paid + day.orders_paid,
        )
    assert sums == {
        (day.day, day.revenue.currency): (day.revenue.money.minor, day.orders_paid)
        for day in found[SALES_DAYS.name].values()
    }


def share(seller, minor):
    return Share(f"c-{seller}", seller, brl(minor))


def sale():
    """Ada sells two teas and Bob one; all of it is paid."""
    return [
        ("souk/orders/c-ada", placed("c", "ada", 2, 300)),
        ("souk/orders/c-bob", placed("c", "bob", 1, 200)),
        ("souk/payments/c", CheckoutPaid((share("ada", 700), share("bob", 300)))),
    ]


def test_a_sale_counts_for_each_seller_once_it_is_paid():
    unpaid, paid = rows(*sale()[:2]), rows(*sale())
    assert unpaid[SELLERS.name]["ada"].revenue == ()
    assert unpaid[SELLERS.name]["ada"].units_sold == 0
    ada = paid[SELLERS.name]["ada"]
    assert (ada.orders, ada.open_orders, ada.units_sold) == ({"pending": 1}, 1, 2)
    assert ada.revenue == (Price("7.00", "BRL"),)
    whole = paid[SALES.name]["sales"]
    assert (whole.orders, whole.units_sold) == ({"pending": 2}, 3)
    assert whole.revenue == (Price("10.00", "BRL"),)


def test_an_order_is_counted_where_it_stands_and_no_longer_where_it_stood():
    steps = [("souk/orders/c-ada", step) for step in PATH]
    ada = rows(*sale(), *steps)[SELLERS.name]["ada"]
    assert (ada.orders, ada.open_orders) == ({"delivered": 1}, 0)


def test_a_cancelled_order_is_no_sale_and_its_refund_no_revenue():
    found = rows(
        *sale(),
        ("souk/orders/c-ada", OrderCancelled("late", None)),
        ("souk/payments/c", PaymentRefunded("1", "c-ada", "ada", brl(700))),
    )
    ada, tea = found[SELLERS.name]["ada"], found[PRODUCTS.name]["ada-tea"]
    assert (ada.units_sold, ada.revenue) == (0, (Price("0.00", "BRL"),))
    assert (tea.units_ordered, tea.units_sold, tea.revenue) == (2, 0, Price("0.00", "BRL"))
    assert found[DAYS.name]["ada.2017-05-16.BRL"].revenue == Price("0.00", "BRL")


def test_what_is_paid_back_of_an_order_that_stands_is_no_revenue_and_it_stays_sold():
    part = ("souk/payments/c", PaymentRefunded("1", "c-ada", "ada", brl(250)))
    found = rows(*sale(), part)
    ada, whole = found[SELLERS.name]["ada"], found[SALES.name]["sales"]
    assert (ada.units_sold, ada.revenue) == (2, (Price("4.50", "BRL"),))
    assert (whole.units_sold, whole.revenue) == (3, (Price("7.50", "BRL"),))
    assert found[DAYS.name]["ada.2017-05-16.BRL"].revenue == Price("4.50", "BRL")
    rest = ("souk/payments/c", PaymentRefunded("2", "c-ada", "ada", brl(450)))
    found = rows(*sale(), part, ("souk/orders/c-ada", OrderReturned("faulty")), rest)
    ada = found[SELLERS.name]["ada"]
    assert (ada.units_sold, ada.revenue) == (0, (Price("0.00", "BRL"),))


def test_money_back_that_was_never_revenue_takes_none_away():
    surplus = ("souk/payments/c", PaymentRefunded("1", None, None, brl(50)))
    assert rows(*sale(), surplus)[SALES.name]["sales"].revenue == (Price("10.00", "BRL"),)


def test_revenue_is_kept_by_the_day_it_happened():
    day = rows(*sale())[DAYS.name]["bob.2017-05-16.BRL"]
    assert (day.day, day.revenue, day.orders_paid) == (date(2017, 5, 16), Price("3.00", "BRL"), 1)


def test_a_product_goes_by_the_name_it_has_now():
    created = ProductCreated("ada", Describing("Tea", "tea"), brl(300), None, 1, "T-1")
    renamed = ProductDescribed(Describing("Green tea", "tea"))
    catalog = [("souk/catalog/ada-tea", event) for event in (created, renamed)]
    tea = rows(catalog[0], *sale(), catalog[1])[PRODUCTS.name]["ada-tea"]
    assert (tea.name, tea.units_sold, tea.revenue) == ("Green tea", 2, Price("6.00", "BRL"))


def test_what_is_sold_in_another_currency_is_counted_and_is_no_part_of_a_product_s_revenue():
    euros = Share("d-ada", "ada", Money(1_000, "EUR"))
    found = rows(
        *sale(),
        ("souk/orders/d-ada", placed("d", "ada", 3, 300, "EUR")),
        ("souk/payments/d", CheckoutPaid((euros,))),
    )
    tea, ada = found[PRODUCTS.name]["ada-tea"], found[SELLERS.name]["ada"]
    assert (tea.units_ordered, tea.units_sold, tea.revenue) == (5, 5, Price("6.00", "BRL"))
    assert ada.revenue == (Price("7.00", "BRL"), Price("10.00", "EUR"))


def test_payments_are_counted_by_method_as_intended_and_tips_are_none():
    found = rows(
        ("souk/payments/c", PaymentIntended("1", "boleto", brl(700), "order")),
        ("souk/payments/c", PaymentIntended("2", "boleto", brl(0), "order")),
        ("souk/payments/c", PaymentIntended("3", "boleto", brl(90), "tip")),
    )
    boleto = found[METHODS.name]["boleto.BRL"]
    assert (boleto.payments, boleto.intended) == (2, Price("7.00", "BRL"))


def test_the_order_rows_come_first_since_the_others_fold_what_they_emit():
    assert analytics.TABLES[0] is order_rows.ORDERS
