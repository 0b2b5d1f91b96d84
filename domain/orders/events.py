"""Events of an order."""

from datetime import date
from typing import ClassVar

from domain.kernel import Event, Personal
from domain.money import Money
from domain.orders.lines import Customer, Line


class OrderPlaced(Event, tag="orders.order_placed", kw_only=True):
    SEQUENCE: ClassVar[str | None] = "orders"

    number: int = 0
    checkout: str
    buyer: str
    seller: str
    channel: str
    lines: tuple[Line, ...]
    subtotal: Money  # of the lines
    shipping: Money
    total: Money  # subtotal and shipping
    cash: bool  # every payment of the checkout is cash on delivery, tips aside
    customer: Customer | None = None
    note: Personal | None = None
    expected_delivery: date | None = None
    seller_name: str = ""


class OrderConfirmed(Event, tag="orders.order_confirmed"):
    pass


class ProcessingStarted(Event, tag="orders.processing_started"):
    pass


class OrderReady(Event, tag="orders.order_ready"):
    pass


class OrderShipped(Event, tag="orders.order_shipped"):
    tracking: str | None


class TrackingAssigned(Event, tag="orders.tracking_assigned"):
    tracking: str


class OrderDelivered(Event, tag="orders.order_delivered"):
    pass


class OrderCompleted(Event, tag="orders.order_completed"):
    pass


class OrderCancelled(Event, tag="orders.order_cancelled"):
    reason: str
    note: Personal | None


class OrderReturned(Event, tag="orders.order_returned"):
    reason: str


class OrderArchived(Event, tag="orders.order_archived"):
    pass


class OrderUnarchived(Event, tag="orders.order_unarchived"):
    pass


class StockTaken(Event, tag="orders.stock_taken"):
    """The lines of these products are out of their stock, which forgets whom they were for."""

    products: tuple[str, ...]


class StockGivenBack(Event, tag="orders.stock_given_back"):
    """All that was taken."""


class DeliveryPromised(Event, tag="orders.delivery_promised"):
    date: date


EVENTS = (
    OrderPlaced
    | OrderConfirmed
    | ProcessingStarted
    | OrderReady
    | OrderShipped
    | TrackingAssigned
    | OrderDelivered
    | OrderCompleted
    | OrderCancelled
    | OrderReturned
    | DeliveryPromised
    | StockTaken
    | StockGivenBack
    | OrderArchived
    | OrderUnarchived
)
