"""What a product is made of, and what a piece of it costs."""

from domain.costing.words import Component, Labour, Overhead
from domain.costs import Cost
from domain.kernel import Value
from domain.money import Money, rounded

MICROS = 10**6  # of a minor unit


class CostedProduct(Value):
    """``owner`` is empty while there is none. ``cost``: of one piece, None while it is unknown.
    ``listing``: the catalogue product that it is sold as."""

    owner: str = ""
    name: str = ""
    currency: str = ""
    components: tuple[Component, ...] = ()
    makes: int = 1
    labour: tuple[Labour, ...] = ()
    overheads: tuple[Overhead, ...] = ()
    margin: int = 0
    cost: Cost | None = None
    retired: bool = False
    purged: bool = False
    listing: str | None = None

    @property
    def exists(self) -> bool:
        return self.owner != ""

    @property
    def made(self) -> bool:
        """Whether anything has been said of what goes into it."""
        return bool(self.components or self.labour or self.overheads)


def price_at(cost: Cost | None, margin: int) -> Money | None:
    """What a piece is to be sold for, so that ``margin`` ten-thousandths of it are left over."""
    if cost is None:
        return None
    return Money(rounded(cost.micros * 10_000, MICROS * (10_000 - margin)), cost.currency)
