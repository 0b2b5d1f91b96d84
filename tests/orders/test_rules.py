"""The rules of an order, and what no history may break."""

from datetime import date

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import orders
from domain.kernel import Personal, but, fold
from domain.money import Money
from domain.orders import (
    CHANNELS,
    ArchiveOrder,
    AssignTracking,
    CancelOrder,
    CompleteOrder,
    ConfirmOrder,
    Customer,
    DeliverOrder,
    DeliveryPromised,
    GiveStockBack,
    Line,
    MakeReady,
    OrderArchived,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderDelivered,
    OrderPlaced,
    OrderReady,
    OrderReturned,
    OrderShipped,
    OrderUnarchived,
    PlaceOrder,
    ProcessingStarted,
    PromiseDelivery,
    ReturnOrder,
    ShipOrder,
    StartProcessing,
    StockGivenBack,
    StockTaken,
    TakeStock,
    TrackingAssigned,
    UnarchiveOrder,
    digits,
    phone,
)
from domain.orders.channels import OVER
from tests.support.deciders import given
from tests.support.histories import history, stored


def brl(minor):
    return Money(minor, "BRL")


tea = Line.of("tea", "T-1", "Tea", brl(300), 2)
rice = Line.of("rice", None, "Rice", brl(500), 1)
place = PlaceOrder(
    checkout="c1",
    buyer="ada",
    seller="tom",
    channel="web",
    lines=(tea, rice),
    shipping=brl(50),
    cash=True,
)
placed = OrderPlaced(
    checkout="c1",
    buyer="ada",
    seller="tom",
    channel="web",
    lines=(tea, rice),
    subtotal=brl(1100),
    shipping=brl(50),
    total=brl(1150),
    cash=True,
)
called, eaten = but(placed, channel="call"), but(placed, channel="dine_in")
confirmed, processing, ready = OrderConfirmed(), ProcessingStarted(), OrderReady()
shipped, delivered, completed = OrderShipped("BR1"), OrderDelivered(), OrderCompleted()
cancelled, returned = OrderCancelled("out_of_stock", None), OrderReturned("damaged")
cancel = CancelOrder("out_of_stock")


def test_an_order_comes_to_its_lines_and_shipping():
    given(orders).when(place).then(placed)


def test_an_order_is_placed_once():
    given(orders, placed).when(place).rejected("orders.order_exists")


def test_nothing_happens_to_an_order_that_is_not_there():
    given(orders).when(ConfirmOrder()).rejected("orders.unknown_order")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lines": ()}, "orders.empty"),
        ({"lines": (tea, tea)}, "orders.line_repeated"),
        ({"lines": (but(tea, quantity=0, subtotal=brl(0)),)}, "orders.line_malformed"),
        ({"lines": (but(tea, subtotal=brl(1)),)}, "orders.line_does_not_add_up"),
        ({"shipping": brl(-1)}, "orders.shipping_negative"),
        ({"shipping": Money(1, "DZD")}, "money.currency_mixed"),
        ({"channel": "pigeon"}, "orders.unknown_channel"),
    ],
)
def test_a_malformed_order_is_refused(change, code):
    given(orders).when(but(place, **change)).rejected(code)


def test_a_bought_thing_goes_from_pending_to_returned_by_post():
    given(orders, placed).when(ConfirmOrder()).then(confirmed)
    past = [placed, confirmed]
    given(orders, *past).when(StartProcessing()).then(processing)
    given(orders, *past, processing).when(ShipOrder("BR1")).then(shipped)
    given(orders, *past, processing, shipped).when(DeliverOrder()).then(delivered)
    past += [processing, shipped, delivered]
    given(orders, *past).when(CompleteOrder()).then(completed)
    given(orders, *past).when(ReturnOrder("damaged")).then(returned)
    given(orders, *past, completed).when(ReturnOrder("damaged")).then(returned)


def test_a_bought_thing_may_be_fetched_and_then_cannot_be_returned():
    past = [placed, confirmed, processing]
    given(orders, *past).when(MakeReady()).then(ready)
    given(orders, *past, ready).when(CompleteOrder()).then(completed)
    given(orders, *past, ready, completed).when(ReturnOrder("damaged")).rejected(
        "orders.illegal_transition"
    )


def test_what_is_ready_to_be_fetched_is_not_shipped():
    given(orders, placed, confirmed, processing, ready).when(ShipOrder()).rejected(
        "orders.illegal_transition"
    )


def test_an_order_by_call_skips_confirmation_and_delivery():
    given(orders, called).when(StartProcessing()).then(processing)
    given(orders, called, processing).when(CompleteOrder()).then(completed)
    given(orders, placed).when(StartProcessing()).rejected("orders.illegal_transition")


def test_what_is_eaten_here_is_neither_shipped_nor_returned():
    past = [eaten, confirmed, processing]
    given(orders, *past).when(ShipOrder()).rejected("orders.illegal_transition")
    given(orders, *past, ready).when(CompleteOrder()).then(completed)
    given(orders, *past, ready, completed).when(ReturnOrder("cold")).rejected(
        "orders.illegal_transition"
    )


def test_a_jump_is_refused():
    given(orders, placed).when(DeliverOrder()).rejected("orders.illegal_transition")
    given(orders, placed, confirmed).when(ShipOrder()).rejected("orders.illegal_transition")


def test_the_step_last_taken_is_no_news():
    given(orders, placed, confirmed).when(ConfirmOrder()).then()
    given(orders, placed, confirmed, processing, shipped).when(ShipOrder("BR1")).then()
    given(orders, placed, confirmed, processing, shipped).when(ShipOrder()).then()
    given(orders, placed, cancelled).when(cancel).then()


@pytest.mark.parametrize("past", [[], [confirmed], [confirmed, processing]])
def test_an_order_is_cancelled_before_it_is_shipped(past):
    given(orders, placed, *past).when(cancel).then(cancelled)


def test_a_shipped_order_is_not_cancelled():
    given(orders, placed, confirmed, processing, shipped).when(cancel).rejected(
        "orders.illegal_transition"
    )


def test_a_buyer_cancels_only_until_the_seller_starts():
    change_of_mind = CancelOrder("changed_mind", by_buyer=True)
    given(orders, placed, confirmed).when(change_of_mind).then(OrderCancelled("changed_mind", None))
    given(orders, placed, confirmed, processing).when(change_of_mind).rejected(
        "orders.too_late_to_cancel"
    )


def test_a_reason_is_a_code():
    for command in (CancelOrder("No stock!"), ReturnOrder("")):
        given(orders, placed).when(command).rejected("orders.reason_malformed")


def test_tracking_is_a_short_text():
    past = [placed, confirmed, processing]
    given(orders, *past).when(ShipOrder("")).rejected("orders.tracking_malformed")
    given(orders, *past).when(ShipOrder("x" * 101)).rejected("orders.tracking_malformed")

    given(orders, *past).when(AssignTracking("")).rejected("orders.tracking_malformed")
    given(orders, *past, shipped).when(ShipOrder("")).rejected("orders.tracking_malformed")


def test_tracking_is_known_before_shipping_and_stays_when_shipping_names_none():
    past = [placed, confirmed]
    given(orders, *past).when(AssignTracking("BR1")).then(TrackingAssigned("BR1"))
    past += [TrackingAssigned("BR1"), processing]
    given(orders, *past).when(AssignTracking("BR1")).then()
    given(orders, *past).when(ShipOrder()).then(OrderShipped("BR1"))
    given(orders, *past).when(ShipOrder("BR2")).then(OrderShipped("BR2"))


def test_tracking_is_corrected_after_shipping_also_by_shipping_again():
    past = [placed, confirmed, processing, shipped]
    for command in (AssignTracking("BR2"), ShipOrder("BR2")):
        given(orders, *past).when(command).then(TrackingAssigned("BR2"))
    given(orders, *past, delivered, completed).when(AssignTracking("BR2")).then(
        TrackingAssigned("BR2")
    )
    given(orders, *past, delivered).when(ShipOrder("BR2")).rejected("orders.illegal_transition")


def test_nothing_is_tracked_that_is_not_or_will_not_be_on_its_way():
    sent_back = [placed, confirmed, processing, shipped, delivered, returned]
    for past in ([placed], [placed, cancelled], sent_back, [eaten, confirmed]):
        given(orders, *past).when(AssignTracking("BR1")).rejected("orders.not_tracked")


def test_delivery_is_promised_until_the_order_is_over():
    friday = date(2026, 5, 1)
    given(orders, placed).when(PromiseDelivery(friday)).then(DeliveryPromised(friday))
    given(orders, placed, DeliveryPromised(friday)).when(PromiseDelivery(friday)).then()
    given(orders, placed, cancelled).when(PromiseDelivery(friday)).rejected("orders.over")


@pytest.mark.parametrize(
    "written", ["+213 550-12.34", "00213550 1234", "(213) 5501234", "٢١٣٥٥٠١٢٣٤"]
)
def test_a_phone_number_is_one_however_it_is_written(written):
    assert digits(written) == phone("ada", written).lookup == "2135501234"
    assert phone("ada", written).text == written


def test_what_is_over_is_archived_and_its_steps_go_on():
    given(orders, placed).when(ArchiveOrder()).rejected("orders.not_over")
    given(orders, placed, cancelled).when(ArchiveOrder()).then(OrderArchived())
    given(orders, placed, cancelled, OrderArchived()).when(ArchiveOrder()).then()
    given(orders, placed, cancelled, OrderArchived()).when(UnarchiveOrder()).then(OrderUnarchived())
    given(orders, placed, cancelled).when(UnarchiveOrder()).then()
    gone = confirmed, processing, OrderShipped(None), OrderDelivered(), OrderArchived()
    given(orders, placed, *gone).when(ReturnOrder("damaged")).then(returned)


def test_an_order_takes_the_stock_of_each_product_once_until_it_gives_all_back():
    given(orders, placed).when(TakeStock(("tea", "cup"))).then(StockTaken(("tea", "cup")))
    given(orders, placed, StockTaken(("tea",))).when(TakeStock(("tea", "cup"))).then(
        StockTaken(("cup",))
    )
    given(orders, placed, StockTaken(("tea",))).when(TakeStock(("tea",))).then()
    given(orders, placed).when(TakeStock(())).then()
    both = StockTaken(("tea",)), StockTaken(("cup",))
    given(orders, placed, *both).when(GiveStockBack()).then(StockGivenBack())
    given(orders, placed, *both, StockGivenBack()).when(GiveStockBack()).then()
    assert fold(orders, [placed, *both]).taken == ("tea", "cup")


people = st.builds(Personal, st.just("ada"), st.text(max_size=10))
phones = st.builds(phone, st.just("ada"), st.sampled_from(["", "0550 12", "0661 34"]))
reasons = st.sampled_from(["changed_mind", "out_of_stock", "No!", ""])
lines = st.builds(
    Line.of,
    st.sampled_from(["tea", "rice", "cup"]),
    st.none() | st.just("T-1"),
    st.text(max_size=5),
    st.builds(Money, st.integers(-1, 999), st.sampled_from(["BRL", "BRL", "BRL", "DZD"])),
    st.integers(0, 9),
)
placings = st.builds(
    PlaceOrder,
    checkout=st.just("c1"),
    buyer=st.just("ada"),
    seller=st.just("tom"),
    channel=st.sampled_from([*CHANNELS, "pigeon"]),
    lines=st.lists(lines, max_size=3).map(tuple),
    shipping=st.builds(Money, st.integers(-1, 99), st.just("BRL")),
    cash=st.booleans(),
    customer=st.none() | st.builds(Customer, people, phones, people, people, st.just("SP")),
    note=st.none() | people,
    expected_delivery=st.none() | st.dates(),
)
steps = (
    st.builds(ConfirmOrder)
    | st.builds(StartProcessing)
    | st.builds(MakeReady)
    | st.builds(ShipOrder, st.none() | st.just("BR1"))
    | st.builds(AssignTracking, st.sampled_from(["", "BR1", "BR2"]))
    | st.builds(DeliverOrder)
    | st.builds(CompleteOrder)
    | st.builds(CancelOrder, reasons, st.none() | people, st.booleans())
    | st.builds(ReturnOrder, reasons)
    | st.builds(PromiseDelivery, st.dates())
    | st.builds(ArchiveOrder)
    | st.builds(UnarchiveOrder)
    | st.builds(TakeStock, st.lists(st.sampled_from(["tea", "rice"]), unique=True).map(tuple))
    | st.builds(GiveStockBack)
)
likely_steps = st.permutations(
    [
        ConfirmOrder(),
        StartProcessing(),
        AssignTracking("BR2"),
        ShipOrder(),
        DeliverOrder(),
        CompleteOrder(),
        cancel,
        ArchiveOrder(),
        UnarchiveOrder(),
    ]
)
commands = st.one_of(
    st.lists(steps, max_size=20),
    st.lists(likely_steps, max_size=4).map(lambda turns: [step for turn in turns for step in turn]),
)


@for_all(placings, st.sampled_from(list(CHANNELS)), commands)
def test_no_history_breaks_an_order(placing, channel, commands):
    past = history(orders, [placing, but(place, channel=channel), *commands])
    order = fold(orders, past)
    (first, *rest) = past

    assert stored(orders, past) == past
    assert [e for e in past if isinstance(e, OrderPlaced)] == [first]
    assert first.subtotal.minor == sum(line.subtotal.minor for line in first.lines)
    assert first.total == first.subtotal + first.shipping == order.total
    _only_legal_steps(order.channel, first, rest)


def _only_legal_steps(channel, first, rest):
    order = orders.evolve(orders.EMPTY, first)
    for event in rest:
        then = orders.evolve(order, event)
        if isinstance(event, OrderArchived | OrderUnarchived):
            assert then.archived != order.archived
            assert but(then, archived=order.archived) == order
            assert order.status in OVER or order.archived
            order = then
            continue
        if isinstance(event, StockTaken | StockGivenBack):
            assert len(set(then.taken)) == len(then.taken) != len(order.taken)
            assert but(then, taken=order.taken) == order
            order = then
            continue
        assert order.status not in ("cancelled", "returned")
        assert then.tracking or not order.tracking
        if isinstance(event, TrackingAssigned):
            assert order.status != "pending"
            assert then.tracking != order.tracking
        elif not isinstance(event, DeliveryPromised):
            assert then.status in CHANNELS[channel][order.status]
            assert then.status != "returned" or order.delivered
        order = then


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_status_of_a_channel_can_be_reached_and_left_to_an_end(channel):
    edges, reached = CHANNELS[channel], {"pending"}
    for _ in edges:
        reached |= {after for status in reached for after in edges.get(status, ())}
    assert set(edges) <= reached
    assert reached - set(edges) <= {"completed", "returned", "cancelled"}
