"""Checkouts: one purchase, and the orders it was split into, one per seller."""

from typing import assert_never

from domain.kernel import Command, Event, Rejected, Value
from domain.money import MAX_MINOR, Money, total


class OrderShare(Value):
    """What one seller's order comes to, shipping included."""

    order: str
    seller: str
    total: Money


class PlaceCheckout(Command):
    cart: str
    buyer: str
    channel: str
    orders: tuple[OrderShare, ...]


class CheckoutPlaced(Event, tag="checkouts.checkout_placed"):
    cart: str
    buyer: str
    channel: str
    orders: tuple[OrderShare, ...]
    total: Money  # of all its orders


COMMANDS = PlaceCheckout
EVENTS = CheckoutPlaced


class Checkout(Value):
    """``buyer`` is empty while there is no such checkout."""

    cart: str = ""
    buyer: str = ""
    channel: str = ""
    orders: tuple[OrderShare, ...] = ()
    total: Money = Money(0, "XXX")

    @property
    def exists(self) -> bool:
        return self.buyer != ""


EMPTY = Checkout()


def decide(checkout: Checkout, command: COMMANDS) -> list[EVENTS]:
    match command:
        case PlaceCheckout():
            return _place(checkout, command)
        case _:
            assert_never(command)


def _place(checkout: Checkout, new: PlaceCheckout) -> list[EVENTS]:
    if checkout.exists:
        raise Rejected("checkouts.checkout_exists")
    if not new.orders:
        raise Rejected("checkouts.empty")
    if len({share.seller for share in new.orders}) != len(new.orders):
        raise Rejected("checkouts.seller_repeated", "one order per seller")
    whole = total([share.total for share in new.orders], new.orders[0].total.currency)
    if whole.minor > MAX_MINOR:
        raise Rejected("checkouts.total_too_large", "more than can be counted: buy less at once")
    return [CheckoutPlaced(new.cart, new.buyer, new.channel, new.orders, whole)]


def evolve(checkout: Checkout, event: EVENTS) -> Checkout:
    match event:
        case CheckoutPlaced():
            return Checkout(event.cart, event.buyer, event.channel, event.orders, event.total)
        case _:
            assert_never(event)
