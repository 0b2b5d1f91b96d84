"""Lines: what was sold, and whom it goes to."""

from domain.costs import Cost
from domain.kernel import Personal, Value
from domain.money import Money


class LineCost(Value):
    """What one piece cost its seller when it was sold, for their eyes alone. ``costing``: the
    costed product that says so; ``unit``: None while that was unknown; ``position``: in the log,
    of the event that it comes from."""

    costing: str
    unit: Cost | None = None
    position: int | None = None


class Line(Value):
    """One product as it was sold."""

    product: str
    sku: str | None
    name: str
    unit_price: Money
    quantity: int
    subtotal: Money
    reel: str | None = None  # that the buyer found it by
    offer: str | None = None  # that it was sold from
    cost: LineCost | None = None  # None: nobody says what it costs

    @staticmethod
    def of(
        product: str,
        sku: str | None,
        name: str,
        unit_price: Money,
        quantity: int,
        reel: str | None = None,
        offer: str | None = None,
    ) -> "Line":
        subtotal = unit_price.times(quantity)
        return Line(product, sku, name, unit_price, quantity, subtotal, reel, offer)


def phone(subject: str, number: str) -> Personal:
    """A person's phone number; what has been ordered with it is found by its digits."""
    return Personal(subject, number, lookup=digits(number))


def digits(number: str) -> str:
    """A phone number however it is written: +213 550 and 00213550 are one, in any script."""
    return "".join(str(int(c)) for c in number if c.isdecimal()).lstrip("0")


class Customer(Value):
    """Whom to deliver to; all about the buyer. ``region`` names no person: a wilaya, a state."""

    name: Personal | None = None
    phone: Personal | None = None
    email: Personal | None = None
    address: Personal | None = None
    region: str = ""
