"""Orders: one seller's part of a checkout, from placing to delivery or return."""

import re
from datetime import date
from typing import assert_never

from domain.kernel import Rejected, Value, but
from domain.money import Money
from domain.orders.channels import CHANNELS, OVER, STATUSES, UNTRACKED, can_be_shipped
from domain.orders.commands import (
    COMMANDS,
    ArchiveOrder,
    AssignTracking,
    CancelOrder,
    CompleteOrder,
    ConfirmOrder,
    DeliverOrder,
    GiveStockBack,
    MakeReady,
    PlaceOrder,
    PromiseDelivery,
    ReturnOrder,
    ShipOrder,
    StartProcessing,
    TakeStock,
    UnarchiveOrder,
)
from domain.orders.events import (
    EVENTS,
    DeliveryPromised,
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
    ProcessingStarted,
    StockGivenBack,
    StockTaken,
    TrackingAssigned,
)
from domain.orders.lines import Customer, Line, LineCost, digits, phone
from domain.orders.placing import place

__all__ = [
    "CHANNELS",
    "COMMANDS",
    "EMPTY",
    "EVENTS",
    "STATUSES",
    "ArchiveOrder",
    "AssignTracking",
    "CancelOrder",
    "CompleteOrder",
    "ConfirmOrder",
    "Customer",
    "DeliverOrder",
    "DeliveryPromised",
    "GiveStockBack",
    "Line",
    "LineCost",
    "MakeReady",
    "Order",
    "OrderArchived",
    "OrderCancelled",
    "OrderCompleted",
    "OrderConfirmed",
    "OrderDelivered",
    "OrderPlaced",
    "OrderReady",
    "OrderReturned",
    "OrderShipped",
    "OrderUnarchived",
    "PlaceOrder",
    "ProcessingStarted",
    "PromiseDelivery",
    "ReturnOrder",
    "ShipOrder",
    "StartProcessing",
    "StockGivenBack",
    "StockTaken",
    "TakeStock",
    "TrackingAssigned",
    "UnarchiveOrder",
    "decide",
    "digits",
    "evolve",
    "phone",
]

REASON = re.compile(r"[a-z_]{1,40}", re.ASCII)
MAX_TRACKING = 100  # characters


class Order(Value):
    """``status`` is empty while there is no such order."""

    status: str = ""
    number: int = 0
    checkout: str = ""
    buyer: str = ""
    seller: str = ""
    channel: str = ""
    lines: tuple[Line, ...] = ()
    total: Money = Money(0, "XXX")
    cash: bool = False
    tracking: str | None = None
    expected_delivery: date | None = None
    delivered: bool = False
    archived: bool = False
    taken: tuple[str, ...] = ()  # products whose stock it has

    @property
    def exists(self) -> bool:
        return self.status != ""


EMPTY = Order()


def decide(order: Order, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, PlaceOrder):
        return _place(order, command)
    if not order.exists:
        raise Rejected("orders.unknown_order")
    match command:
        case ConfirmOrder():
            return _step(order, "confirmed", OrderConfirmed())
        case StartProcessing():
            return _step(order, "processing", ProcessingStarted())
        case MakeReady():
            return _step(order, "ready", OrderReady())
        case ShipOrder(tracking=tracking):
            return _ship(order, tracking)
        case AssignTracking(tracking=tracking):
            return _track(order, tracking)
        case DeliverOrder():
            return _step(order, "delivered", OrderDelivered())
        case CompleteOrder():
            return _step(order, "completed", OrderCompleted())
        case CancelOrder():
            return _cancel(order, command)
        case ReturnOrder(reason=reason):
            _check_reason(reason)
            return _step(order, "returned", OrderReturned(reason))
        case PromiseDelivery(date=day):
            return _promise(order, day)
        case TakeStock(products=products):
            more = tuple(product for product in products if product not in order.taken)
            return [StockTaken(more)] if more else []
        case GiveStockBack():
            return [StockGivenBack()] if order.taken else []
        case ArchiveOrder():
            return _archive(order)
        case UnarchiveOrder():
            return [OrderUnarchived()] if order.archived else []
        case _:
            assert_never(command)


def _place(order: Order, new: PlaceOrder) -> list[EVENTS]:
    if order.exists:
        raise Rejected("orders.order_exists")
    return [place(new)]


def _step(order: Order, to: str, event: EVENTS) -> list[EVENTS]:
    """Taking the step that was last taken is no news; jumping is refused."""
    if order.status == to:
        return []
    _check_step(order, to)
    return [event]


def _check_step(order: Order, to: str) -> None:
    undelivered = to == "returned" and not order.delivered
    if to not in CHANNELS[order.channel].get(order.status, ()) or undelivered:
        raise Rejected("orders.illegal_transition", f"{order.status} to {to} by {order.channel}")


def _ship(order: Order, tracking: str | None) -> list[EVENTS]:
    """Said again with another number, it corrects the number."""
    if order.status == "shipped":
        return _track(order, tracking) if tracking is not None else []
    _check_tracking(tracking)
    return _step(order, "shipped", OrderShipped(tracking or order.tracking))


def _track(order: Order, tracking: str) -> list[EVENTS]:
    _check_tracking(tracking)
    if order.status in UNTRACKED or not can_be_shipped(order.channel):
        raise Rejected("orders.not_tracked", f"{order.status}, by {order.channel}")
    return [TrackingAssigned(tracking)] if tracking != order.tracking else []


def _check_tracking(tracking: str | None) -> None:
    if tracking is not None and not 1 <= len(tracking) <= MAX_TRACKING:
        raise Rejected("orders.tracking_malformed", f"1 to {MAX_TRACKING} characters")


def _cancel(order: Order, command: CancelOrder) -> list[EVENTS]:
    _check_reason(command.reason)
    if command.by_buyer and order.status not in ("pending", "confirmed", "cancelled"):
        raise Rejected("orders.too_late_to_cancel", "the seller has started on it")
    return _step(order, "cancelled", OrderCancelled(command.reason, command.note))


def _check_reason(reason: str) -> None:
    if not REASON.fullmatch(reason):
        raise Rejected("orders.reason_malformed", "1 to 40 lower-case letters and underscores")


def _promise(order: Order, day: date) -> list[EVENTS]:
    if order.status in OVER:
        raise Rejected("orders.over", f"this order is {order.status}")
    return [DeliveryPromised(day)] if day != order.expected_delivery else []


def _archive(order: Order) -> list[EVENTS]:
    if order.status not in OVER:
        raise Rejected("orders.not_over", f"this order is {order.status}")
    return [] if order.archived else [OrderArchived()]


def evolve(order: Order, event: EVENTS) -> Order:
    match event:
        case OrderPlaced():
            return _placed(event)
        case OrderConfirmed():
            return but(order, status="confirmed")
        case ProcessingStarted():
            return but(order, status="processing")
        case OrderReady():
            return but(order, status="ready")
        case OrderShipped(tracking=tracking):
            return but(order, status="shipped", tracking=tracking)
        case TrackingAssigned(tracking=tracking):
            return but(order, tracking=tracking)
        case OrderDelivered():
            return but(order, status="delivered", delivered=True)
        case OrderCompleted():
            return but(order, status="completed")
        case OrderCancelled():
            return but(order, status="cancelled")
        case OrderReturned():
            return but(order, status="returned")
        case DeliveryPromised(date=day):
            return but(order, expected_delivery=day)
        case StockTaken(products=products):
            return but(order, taken=(*order.taken, *products))
        case StockGivenBack():
            return but(order, taken=())
        case OrderArchived():
            return but(order, archived=True)
        case OrderUnarchived():
            return but(order, archived=False)
        case _:
            assert_never(event)


def _placed(event: OrderPlaced) -> Order:
    return Order(
        status="pending",
        number=event.number,
        checkout=event.checkout,
        buyer=event.buyer,
        seller=event.seller,
        channel=event.channel,
        lines=event.lines,
        total=event.total,
        cash=event.cash,
        expected_delivery=event.expected_delivery,
    )
