"""The rules of stock, and what no history may break."""

from datetime import UTC, datetime

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import inventory
from domain.inventory import (
    AdjustStock,
    Commit,
    Extend,
    Keep,
    ReceiveStock,
    Release,
    ReservationExtended,
    ReservationKept,
    Reserve,
    Restock,
    SetThreshold,
    StockAdjusted,
    StockCommitted,
    StockFellBelow,
    StockReceived,
    StockReleased,
    StockReserved,
    StockRestocked,
    ThresholdSet,
)
from domain.kernel import fold
from tests.support.deciders import given
from tests.support.histories import history, stored

soon = datetime(2026, 3, 1, 12, 15, tzinfo=UTC)
later = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
ten = StockReceived(10, "delivery")
held = StockReserved("o1", 4, soon)
taken = StockCommitted("o1", 4, noted=True)
kept = StockCommitted("o1", 4)  # from before orders noted what they took


def test_received_stock_is_there():
    given(inventory).when(ReceiveStock(10, "delivery")).then(ten)


def test_nothing_or_less_cannot_be_received():
    given(inventory).when(ReceiveStock(0)).rejected("inventory.quantity_out_of_range")


def test_a_reason_is_a_code():
    given(inventory).when(ReceiveStock(1, "Ada said so")).rejected("inventory.reason_malformed")


def test_an_order_reserves_what_is_available():
    given(inventory, ten).when(Reserve("o1", 4, soon)).then(held)


def test_an_order_cannot_reserve_what_others_hold():
    given(inventory, ten, held).when(Reserve("o2", 7)).rejected("inventory.insufficient")


def test_an_order_reserves_once():
    given(inventory, ten, held).when(Reserve("o1", 1)).rejected("inventory.already_reserved")


def test_a_count_is_corrected():
    given(inventory, ten).when(AdjustStock(-3, "broken")).then(StockAdjusted(-3, "broken"))


def test_a_correction_by_nothing_is_no_news():
    given(inventory, ten).when(AdjustStock(0)).then()


def test_a_count_cannot_fall_below_what_is_reserved():
    given(inventory, ten, held).when(AdjustStock(-7)).rejected("inventory.below_reserved")


def test_a_reservation_is_extended():
    given(inventory, ten, held).when(Extend("o1", later)).then(ReservationExtended("o1", later))


def test_a_reservation_is_extended_only_once():
    longer = ReservationExtended("o1", later)
    given(inventory, ten, held, longer).when(Extend("o1", later)).rejected(
        "inventory.already_extended"
    )


def test_what_is_not_reserved_cannot_be_extended():
    given(inventory, ten).when(Extend("o1", later)).rejected("inventory.not_reserved")


def test_a_reservation_is_kept_for_good_and_then_runs_out_no_more():
    for_good = ReservationKept("o1")
    given(inventory, ten, held).when(Keep("o1")).then(for_good)
    given(inventory, ten, held, for_good).when(Keep("o1")).then()
    given(inventory, ten, held, for_good).when(Extend("o1", later)).then()
    given(inventory, ten, held, for_good).when(Release("o1")).then(StockReleased("o1", 4, ""))
    given(inventory, ten).when(Keep("o1")).rejected("inventory.not_reserved")


def test_a_reservation_that_never_expires_needs_no_extension():
    given(inventory, ten, StockReserved("o1", 4, None)).when(Extend("o1", later)).then()


def test_a_released_reservation_is_available_again():
    given(inventory, ten, held).when(Release("o1", "expired")).then(
        StockReleased("o1", 4, "expired")
    )


def test_what_an_order_notes_that_it_took_is_restocked():
    given(inventory, ten, held, taken).when(Restock("o1", 4, "cancelled")).then(
        StockRestocked("o1", 4, "cancelled")
    )
    given(inventory, ten, held, taken).when(Release("o1", "cancelled")).then()
    given(inventory, ten).when(Restock("o1", 0)).rejected("inventory.quantity_out_of_range")
    given(inventory, ten).when(Restock("o1", 4, "No!")).rejected("inventory.reason_malformed")


def test_what_the_stock_itself_keeps_of_an_order_is_restocked_by_releasing_it_once():
    back = StockRestocked("o1", 4, "cancelled")
    given(inventory, ten, held, kept).when(Release("o1", "cancelled")).then(back)
    given(inventory, ten, held, kept, back).when(Release("o1", "cancelled")).then()
    given(inventory, ten, held, kept).when(Reserve("o1", 1)).rejected("inventory.already_reserved")


def test_stock_does_not_grow_with_the_orders_that_took_of_it():
    one = fold(inventory, [ten, held, taken])
    assert (one.on_hand, one.reserved, one.reservations, one.committed) == (6, 0, {}, {})
    assert fold(inventory, [ten, held, kept]).committed == {"o1": 4}


def test_releasing_nothing_is_no_news():
    given(inventory, ten).when(Release("o1")).then()


def test_an_order_takes_what_it_reserved():
    given(inventory, ten, held).when(Commit("o1", 4)).then(taken)


def test_an_order_that_the_stock_itself_keeps_takes_nothing_again():
    given(inventory, ten, held, kept).when(Commit("o1", 4)).then()


def test_an_order_that_lost_its_reservation_reserves_and_takes_at_once():
    lost = StockReleased("o1", 4, "expired")
    given(inventory, ten, held, lost).when(Commit("o1", 4)).then(
        StockReserved("o1", 4, None), taken
    )


def test_an_order_that_lost_its_reservation_to_another_is_refused():
    past = (ten, held, StockReleased("o1", 4, "expired"), StockReserved("o2", 8, None))
    given(inventory, *past).when(Commit("o1", 4)).rejected("inventory.insufficient")


def test_the_first_step_below_the_threshold_is_told():
    given(inventory, ten, ThresholdSet(7)).when(Reserve("o1", 4, soon)).then(
        held, StockFellBelow(7, 6)
    )


def test_further_steps_below_it_are_not():
    past = (ten, ThresholdSet(7), held, StockFellBelow(7, 6))
    given(inventory, *past).when(Reserve("o2", 1)).then(StockReserved("o2", 1, None))


def test_a_threshold_above_the_stock_is_told_at_once():
    given(inventory, ten).when(SetThreshold(11)).then(ThresholdSet(11), StockFellBelow(11, 10))


def test_the_same_threshold_is_no_news():
    given(inventory, ThresholdSet(0)).when(SetThreshold(0)).then()


def test_a_threshold_is_not_negative():
    given(inventory).when(SetThreshold(-1)).rejected("inventory.threshold_out_of_range")


orders = st.sampled_from(["o1", "o2", "o3"])
quantities = st.integers(-1, 6)
commands = st.lists(
    st.builds(ReceiveStock, quantities, st.sampled_from(["", "delivery", "No!"]))
    | st.builds(AdjustStock, st.integers(-6, 6))
    | st.builds(Reserve, orders, quantities, st.sampled_from([None, soon]))
    | st.builds(Extend, orders, st.just(later))
    | st.builds(Keep, orders)
    | st.builds(Release, orders)
    | st.builds(Commit, orders, quantities)
    | st.builds(Restock, orders, quantities, st.sampled_from(["", "cancelled", "No!"]))
    | st.builds(SetThreshold, st.none() | st.integers(-1, 6)),
    max_size=40,
)


def of(kind, past, part="quantity"):
    return sum(getattr(e, part) for e in past if isinstance(e, kind))


@for_all(commands)
def test_stock_is_never_oversold_and_survives_storing(commands):
    past = history(inventory, commands)
    assert stored(inventory, past) == past
    for upto in range(len(past) + 1):
        item = fold(inventory, past[:upto])
        assert item.available >= 0
        assert item.on_hand >= item.reserved >= 0
        assert item.reserved == sum(r.quantity for r in item.reservations.values())


@for_all(commands)
def test_pieces_are_neither_made_nor_lost(commands):
    past = history(inventory, commands)
    item = fold(inventory, past)
    came = of(StockReceived, past) + of(StockAdjusted, past, "delta")
    sold = of(StockCommitted, past) - of(StockRestocked, past)
    assert sold <= came
    assert item.on_hand == came - sold
    given_back = of(StockReleased, past) + of(StockRestocked, past)
    assert item.available == came - of(StockReserved, past) + given_back


@for_all(commands)
def test_a_reservation_ends_once_and_is_extended_once(commands):
    open_, extended = set(), set()
    for event in history(inventory, commands):
        match event:
            case StockReserved(order=order):
                assert order not in open_
                open_.add(order)
                extended.discard(order)
            case StockReleased(order=order) | StockCommitted(order=order):
                open_.remove(order)
            case ReservationExtended(order=order):
                assert order in open_ - extended
                extended.add(order)


@for_all(commands)
def test_falling_below_the_threshold_is_told_exactly_when_it_happens(commands):
    past, item = [], inventory.EMPTY
    for command in commands:
        low, new = item.low, history(inventory, [command], past)[len(past) :]
        past += new
        item = fold(inventory, past)
        assert any(isinstance(e, StockFellBelow) for e in new) == (item.low and not low)
