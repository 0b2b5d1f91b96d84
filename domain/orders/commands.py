"""Commands on an order."""

from datetime import date

from domain.kernel import Command, Personal
from domain.money import Money
from domain.orders.lines import Customer, Line


class PlaceOrder(Command, kw_only=True):
    checkout: str
    buyer: str
    seller: str
    channel: str
    lines: tuple[Line, ...]
    shipping: Money
    cash: bool
    customer: Customer | None = None
    note: Personal | None = None
    expected_delivery: date | None = None
    seller_name: str = ""


class ConfirmOrder(Command):
    pass


class StartProcessing(Command):
    pass


class MakeReady(Command):
    pass


class ShipOrder(Command):
    tracking: str | None = None


class AssignTracking(Command):
    tracking: str


class DeliverOrder(Command):
    pass


class CompleteOrder(Command):
    pass


class CancelOrder(Command):
    """``by_buyer``: a buyer may do so only until the seller starts on it."""

    reason: str
    note: Personal | None = None
    by_buyer: bool = False


class ReturnOrder(Command):
    reason: str


class ArchiveOrder(Command):
    """Off the seller's lists; the order itself is as it was."""


class UnarchiveOrder(Command):
    pass


class TakeStock(Command):
    """Note what the stock of these ``products`` gives in the same append."""

    products: tuple[str, ...]


class GiveStockBack(Command):
    """Note what the stock takes back in the same append: all that was taken."""


class PromiseDelivery(Command):
    date: date


COMMANDS = (
    PlaceOrder
    | ConfirmOrder
    | StartProcessing
    | MakeReady
    | ShipOrder
    | AssignTracking
    | DeliverOrder
    | CompleteOrder
    | CancelOrder
    | ReturnOrder
    | PromiseDelivery
    | TakeStock
    | GiveStockBack
    | ArchiveOrder
    | UnarchiveOrder
)
