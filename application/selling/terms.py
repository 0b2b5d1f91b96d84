"""Terms: how a cart is bought, and what comes of it."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from domain.kernel import Personal
from domain.money import Money, Price
from domain.orders import Customer, phone
from domain.payments import CASH, ORDER, TIP


class PlacedOrder(Struct, frozen=True):
    """One seller's part of a checkout. ``number``: counted per tenant, for people."""

    id: str
    number: int
    seller: str
    total: Price


class CheckoutReceipt(Struct, frozen=True):
    """Where the checkout landed, and what it was split into."""

    id: str
    version: int
    position: int
    orders: list[PlacedOrder]
    total: Price


class Paying(Struct, frozen=True):
    """One payment that is meant; ``amount`` None: the whole total."""

    method: str
    amount: Money | None = None
    purpose: str = ORDER


class Contact(Struct, frozen=True):
    """Whom to deliver to, in clear; it is sealed with the key of the cart's owner."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    region: str = ""

    def of(self, buyer: str) -> Customer:
        def sealed(text: str | None) -> Personal | None:
            return Personal(buyer, text) if text else None

        return Customer(
            sealed(self.name),
            phone(buyer, self.phone) if self.phone else None,
            sealed(self.email),
            sealed(self.address),
            self.region,
        )


class Terms(Struct, frozen=True, kw_only=True):
    """How a cart is bought.

    ``shipping``: per seller; none: free. ``timed``: stock waits for a payment only so long.
    ``exact``: the payments must add up to the total; imports record them as found.
    """

    channel: str = "web"
    payments: tuple[Paying, ...] = (Paying(CASH),)
    contact: Contact | None = None
    note: str | None = None
    expected_delivery: date | None = None
    shipping: Mapping[str, Money] = {}
    timed: bool = True
    exact: bool = True

    @property
    def cash(self) -> bool:
        return all(p.method == CASH for p in self.payments if p.purpose != TIP)


class Item(Struct, frozen=True):
    """What to put in a cart."""

    product: str
    quantity: int
