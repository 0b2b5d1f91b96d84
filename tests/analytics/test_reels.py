"""What analytics says of a reel: watched, liked, put into carts and bought, in any batches."""

from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.carts import ItemAdded
from domain.engagement import ViewsCounted
from domain.likes import ReelLiked, ReelUnliked, like_id
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
from domain.payments import CheckoutPaid, Share
from domain.reels import Film, ReelPublished
from projections import analytics
from projections.analytics.reels import REELS, ReelPerformance
from tests.analytics.test_rows import rows
from tests.engagement.ground import drafted
from tests.policies.market import call
from tests.support.rows import rows_equal_the_fold

ONE, TWO, NEVER = (f"00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
FILM = Film("r1", "video.mp4", "poster.webp", 320, 240, 3.0, 1000)
SHOWN = [(f"souk/reels/{reel}", [ReelPublished("ada", "tea", "m", FILM)]) for reel in (ONE, TWO)]
PATH = (OrderConfirmed(), ProcessingStarted(), OrderShipped(None), OrderDelivered())
ENDS = (OrderCancelled("late", None), OrderReturned("x"))
CURRENCIES = ("BRL", "JPY", "TND")
reels = st.sampled_from((ONE, TWO, NEVER, None))


def line(reel, units=1, minor=300, currency="BRL", product="tea"):
    return Line.of(f"{product}-{currency}", None, "Tea", Money(minor, currency), units, reel)


def placed(checkout, *lines):
    currency = lines[0].subtotal.currency
    subtotal = Money(sum(line.subtotal.minor for line in lines), currency)
    shipping = Money(100, currency)
    return OrderPlaced(
        checkout=checkout,
        buyer="mia",
        seller="ada",
        channel="web",
        lines=lines,
        subtotal=subtotal,
        shipping=shipping,
        total=subtotal + shipping,
        cash=False,
    )


def paid(order, placing):
    return (
        f"souk/payments/{placing.checkout}",
        CheckoutPaid((Share(order, "ada", placing.total),)),
    )


@st.composite
def orders(draw, number):
    """The streams of one order, as far as it went, paid or not, and in which order."""
    currency = draw(st.sampled_from(CURRENCIES))
    lines = draw(st.lists(st.tuples(reels, st.integers(1, 3), st.integers(0, 500)), min_size=1))
    placing = placed(
        f"c{number}",
        *(line(*of, currency, f"tea{at}") for at, of in enumerate(lines[:4])),
    )
    steps = list(PATH[: draw(st.integers(0, 4))])
    steps += draw(st.sampled_from([(), *((end,) for end in ENDS)]))
    found = [(f"souk/orders/o{number}", [placing, *steps])]
    if draw(st.booleans()):
        stream, event = paid(f"o{number}", placing)
        found.append((stream, [event]))
    return found


@st.composite
def engaged(draw):
    found = []
    for reel in (ONE, TWO, NEVER):
        like, times = f"souk/likes/{like_id(reel, 'mia')}", draw(st.integers(0, 3))
        found.append((like, [ReelLiked(reel, "mia"), ReelUnliked(reel, "mia")][:times]))
        views = draw(st.lists(st.integers(1, 99).map(ViewsCounted), max_size=2))
        found.append((f"souk/engagement/{reel}", views))
    added = draw(st.lists(st.tuples(reels, st.integers(1, 9)), max_size=4))
    items = [ItemAdded("tea", "ada", None, "Tea", Money(3, "BRL"), n, 1, r) for r, n in added]
    return [*found, ("souk/carts/mia", items)]


@st.composite
def histories(draw):
    numbers = range(draw(st.integers(0, 3)))
    bought = [stream for number in numbers for stream in draw(orders(number))]
    found = [*SHOWN[: draw(st.integers(1, 2))], *draw(engaged()), *bought]
    return [pair for pair in found if pair[1]]


def test_rows_equal_the_fold(database):
    """Fewer than elsewhere: the other tables' histories are in test_rows."""
    rows_equal_the_fold(database, analytics, histories(), examples=100)


def performances(*events):
    return {id: found for id, found in rows(*events)[REELS.name].items() if found is not None}


def flat(history):
    return [(stream, event) for stream, past in history for event in past]


def expected(events):
    """By reel, counted from what every order came to, in no matter which order."""
    counts, revenue = defaultdict(Counter), defaultdict(Counter)
    placings, payments, over = {}, set(), set()
    for stream, event in events:
        id = stream.split("/")[2]
        match event:
            case ViewsCounted(count=count):
                counts[id]["views"] += count
            case ReelLiked(reel=reel):
                counts[reel]["likes"] += 1
            case ReelUnliked(reel=reel):
                counts[reel]["likes"] -= 1
            case ItemAdded(reel=reel):
                counts[reel]["carts"] += 1
            case OrderPlaced():
                placings[id] = event
            case CheckoutPaid(shares=shares):
                payments |= {share.order for share in shares}
            case OrderCancelled() | OrderReturned():
                over.add(id)
    known = {}
    for id in placings.keys() & payments:
        for reel in {line.reel for line in placings[id].lines}:
            mine = [line for line in placings[id].lines if line.reel == reel]
            sold = id not in over
            counts[reel]["orders"] += sold
            counts[reel]["units_sold"] += sold * sum(line.quantity for line in mine)
            for each in mine:
                revenue[reel][each.subtotal.currency] += sold * each.subtotal.minor
    for reel in (ONE, TWO):
        amounts = tuple(Price.of(Money(n, c)) for c, n in sorted(revenue[reel].items()))
        known[reel] = ReelPerformance(reel, "ada", "tea", **counts[reel], revenue=amounts)
    return known


@settings(max_examples=100)
@given(st.data())
def test_it_is_what_every_order_came_to(data):
    """An order that was over before it was paid was never a sale: no amount is kept of it."""
    numbers = range(data.draw(st.integers(0, 4)))
    happened = [stream for number in numbers for stream in data.draw(orders(number))]
    # Paid before anything else becomes of it, so that what was a sale leaves its currency.
    first = [pair for pair in flat(happened) if isinstance(pair[1], OrderPlaced)]
    then = [pair for pair in flat(happened) if isinstance(pair[1], CheckoutPaid)]
    last = [pair for pair in flat(happened) if pair not in first and pair not in then]
    events = [*flat(SHOWN), *flat(data.draw(engaged())), *first, *then, *last]
    assert performances(*events) == expected(events)


TWO_LINES = placed("c", line(ONE, 2), line(ONE, 1, 50, product="mint"), line(TWO), line(None))
SALE = [*flat(SHOWN), ("souk/orders/o", TWO_LINES), paid("o", TWO_LINES)]


def test_an_order_of_several_lines_of_one_reel_is_one_order_of_all_their_units():
    found = performances(*SALE)[ONE]
    assert (found.orders, found.units_sold) == (1, 3)
    assert found.revenue == (Price("6.50", "BRL"),)


def test_each_reel_has_its_own_lines_and_nobody_the_shipping():
    found = performances(*SALE)[TWO]
    assert (found.orders, found.units_sold, found.revenue) == (1, 1, (Price("3.00", "BRL"),))


def test_an_unpaid_order_sells_nothing():
    found = performances(*SALE[:-1])[ONE]
    assert (found.orders, found.units_sold, found.revenue) == (0, 0, ())


def test_a_cancelled_and_a_returned_order_sell_nothing_any_more():
    for end in ENDS:
        found = performances(*SALE, ("souk/orders/o", end))[ONE]
        assert (found.orders, found.units_sold) == (0, 0)
        assert found.revenue == (Price("0.00", "BRL"),)


def test_an_order_that_is_paid_when_it_is_cancelled_already_sells_nothing():
    late = [*SALE[:-1], ("souk/orders/o", ENDS[0]), SALE[-1]]
    assert performances(*late)[ONE].orders == 0


def test_each_currency_is_a_sum_of_its_own():
    yen = placed("d", line(ONE, 3, 70, "JPY"))
    more = ("souk/orders/p", yen), paid("p", yen)
    found = performances(*SALE, *more)[ONE]
    assert found.revenue == (Price("6.50", "BRL"), Price("210", "JPY"))
    assert (found.orders, found.units_sold) == (2, 6)


def test_what_no_reel_led_to_is_no_reels():
    plain = placed("d", line(None, 3))
    item = ItemAdded("tea", "ada", None, "Tea", Money(3, "BRL"), 1, 1)
    more = ("souk/orders/p", plain), paid("p", plain), ("souk/carts/mia", item)
    assert performances(*SALE, *more) == performances(*SALE)


def test_a_reel_that_was_never_shown_is_not_there():
    item = ItemAdded("tea", "ada", None, "Tea", Money(3, "BRL"), 1, 1, NEVER)
    assert NEVER not in performances(*flat(SHOWN), ("souk/carts/mia", item))


async def test_nothing_is_bought_because_of_a_draft(api):
    """What was sold before its reel is in the table could be taken back, but never counted."""
    await api.market("ada")
    product = await api.product("ada", "tea", stock=5)
    reel = await drafted(api.souk, "bazaar", "ada", product)
    mia = api.of("buyer", "mia")
    cart = (await mia.post("/carts")).json()["id"]
    path, body = f"/carts/{cart}/items", {"product": product, "quantity": 2, "reel": reel}
    refused = await mia.post(path, body)
    assert (refused.status_code, refused.json()["code"]) == (422, "carts.reel_unknown")
    await api.souk.reels.publish(call(actor="ada"), reel, "ada")
    assert (await mia.post(path, body)).status_code == 200
