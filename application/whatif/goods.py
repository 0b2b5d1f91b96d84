"""What the goods cost that were sold, in the books and as supposed.

The goods of an order count as its revenue does: once it is paid, less the part of it that was paid
back. Each line's cost is rounded once, and of what was paid back in part the order's cost is, as it
stands: what is paid back in parts leaves nothing behind.
"""

from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from application.whatif.materials import Usage
from application.whatif.products import Products
from domain.costs import Cost
from domain.kernel import Event, Recorded, Value, but
from domain.money import rounded
from domain.orders import Line, LineCost, OrderPlaced

PIECE = 1000  # thousandths


class Goods(Value):
    """``costs``: minor units, by currency. ``unvalued``: lines without a cost; they count as
    nothing."""

    costs: dict[str, int] = {}
    unvalued: int = 0

    def less(self, other: "Goods") -> "Goods":
        costs = {
            code: self.costs.get(code, 0) - other.costs.get(code, 0)
            for code in {**self.costs, **other.costs}
        }
        return Goods(costs, self.unvalued - other.unvalued)


class Sold(Value):
    """An order. ``sides``: its goods in the books, and as supposed; ``paid``: None until it is,
    ``kept``: less what was paid back; minor units."""

    seller: str
    sides: tuple[Goods, Goods]
    paid: int | None = None
    kept: int = 0
    cancelled: bool = False  # told of what was free, for nothing is paid back of that

    def counted(self, side: int) -> Goods:
        """Of its goods, those that count by now."""
        goods = self.sides[side]
        if self.paid is None:
            return Goods()
        if self.paid == 0:
            return Goods(unvalued=goods.unvalued) if self.cancelled else goods
        kept = max(0, self.kept)
        costs = {code: rounded(cost * kept, self.paid) for code, cost in goods.costs.items()}
        return Goods(costs, goods.unvalued)


class Moved(Value):
    """What a payment has changed, in the books and as supposed."""

    seller: str
    sides: tuple[Goods, Goods]


class Sales:
    """``basis``: to value by; None: as in the books. It keeps a sum for each order of something
    costed, and the state of each costed product."""

    EVENTS: ClassVar[tuple[type[Event], ...]] = (OrderPlaced, *Products.EVENTS)

    def __init__(self, usage: Usage, basis: str | None) -> None:
        self._usage, self._basis = usage, basis
        self._products = Products(usage)
        self._sold: dict[str, Sold] = {}

    def follow(self, recorded: Recorded) -> None:
        """After ``usage`` has. An order is placed before it is paid."""
        self._products.follow(recorded)
        if isinstance(recorded.event, OrderPlaced):
            seller, lines = recorded.event.seller, recorded.event.lines
            costed = [(line, line.cost) for line in lines if line.cost is not None]
            if costed:
                books = _goods((line, cost.unit) for line, cost in costed)
                supposed = _goods((line, self._supposed(cost)) for line, cost in costed)
                self._sold[recorded.id] = Sold(seller, (books, supposed))

    def _supposed(self, cost: LineCost) -> Cost | None:
        """Valued anew where the basis is another than the one in force; where it is the same, what
        was written down at the sale is what it was."""
        if self._basis in (None, self._usage.basis):
            return cost.unit
        return self._products.cost(cost.costing, str(self._basis))

    def paid(self, order: str, minor: int) -> Moved | None:
        """None: nothing costed was sold."""
        if (before := self._sold.get(order)) is None:
            return None
        total = (before.paid or 0) + minor
        return self._move(order, but(before, paid=total, kept=before.kept + minor))

    def repaid(self, order: str | None, minor: int) -> Moved | None:
        if order is None or (before := self._sold.get(order)) is None:
            return None
        return self._move(order, but(before, kept=before.kept - minor))

    def cancelled(self, order: str) -> Moved | None:
        if (before := self._sold.get(order)) is None:
            return None
        return self._move(order, but(before, cancelled=True))

    def _move(self, order: str, after: Sold) -> Moved:
        before = self._sold[order]
        self._sold[order] = after
        books, supposed = (after.counted(side).less(before.counted(side)) for side in (0, 1))
        return Moved(after.seller, (books, supposed))


def _goods(lines: Iterable[tuple[Line, Cost | None]]) -> Goods:
    costs: Counter[str] = Counter()
    unvalued = 0
    for line, unit in lines:
        if unit is None:
            unvalued += 1
        else:
            costs[unit.currency] += unit.of(line.quantity * PIECE).minor
    return Goods(dict(costs), unvalued)
