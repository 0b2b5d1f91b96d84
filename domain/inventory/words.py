"""The commands and events of stock."""

from datetime import datetime

from domain.kernel import Command, Event


class ReceiveStock(Command):
    quantity: int
    reason: str = ""  # a code such as "delivery", never a person's words


class AdjustStock(Command):
    """Correct a count: ``delta`` pieces more, or fewer."""

    delta: int
    reason: str = ""


class Reserve(Command):
    order: str
    quantity: int
    expires_at: datetime | None = None  # None: never


class Extend(Command):
    order: str
    expires_at: datetime


class Keep(Command):
    """From now on the order's reservation runs out no more."""

    order: str


class Release(Command):
    """Give back what an order holds, or had taken when it was not yet the order that notes it."""

    order: str
    reason: str = ""


class Commit(Command):
    """An order takes its stock for good; what it had reserved, or else ``quantity`` anew.

    Stock forgets whom it was for: the order is to note in the same append that it took it, and
    takes nothing that it has noted.
    """

    order: str
    quantity: int


class Restock(Command):
    """What an order noted that it took, and notes in the same append that it gives back."""

    order: str
    quantity: int
    reason: str = ""


class SetThreshold(Command):
    threshold: int | None


class StockReceived(Event, tag="inventory.stock_received"):
    quantity: int
    reason: str


class StockAdjusted(Event, tag="inventory.stock_adjusted"):
    delta: int
    reason: str


class StockReserved(Event, tag="inventory.stock_reserved"):
    order: str
    quantity: int
    expires_at: datetime | None


class ReservationExtended(Event, tag="inventory.reservation_extended"):
    order: str
    expires_at: datetime


class ReservationKept(Event, tag="inventory.reservation_kept"):
    """Until it is taken or released: no time runs out."""

    order: str


class StockReleased(Event, tag="inventory.stock_released"):
    order: str
    quantity: int
    reason: str


class StockCommitted(Event, tag="inventory.stock_committed"):
    order: str
    quantity: int
    noted: bool = False  # by the order; before there were such notes the stock kept them


class StockRestocked(Event, tag="inventory.stock_restocked"):
    order: str
    quantity: int
    reason: str


class ThresholdSet(Event, tag="inventory.threshold_set"):
    threshold: int | None


class StockFellBelow(Event, tag="inventory.stock_fell_below"):
    threshold: int
    available: int


COMMANDS = (
    ReceiveStock | AdjustStock | Reserve | Extend | Keep | Release | Commit | Restock | SetThreshold
)
EVENTS = (
    StockReceived
    | StockAdjusted
    | StockReserved
    | ReservationExtended
    | ReservationKept
    | StockReleased
    | StockCommitted
    | StockRestocked
    | ThresholdSet
    | StockFellBelow
)
