"""A material's movements by when they happened, which need not be when they were recorded.

A purchase happened when it was bought, and not later than it was recorded; an adjustment when it
was recorded. Of what happened at the same time, what was recorded first happened first.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce

from domain.costs import Cost, blended, per_unit
from domain.kernel import Recorded, Value
from domain.materials.words import MaterialPurchased, Movement, StockAdjusted

MOVEMENTS = (MaterialPurchased, StockAdjusted)  # none of them happened later than it occurred


class Refolded(Value):
    """What all movements come to. ``last``: what a unit cost in the last purchase."""

    stock: int = 0
    average: Cost | None = None
    last: Cost | None = None

    def after(self, move: Movement) -> "Refolded":
        """``move`` has happened after all that it was made of."""
        stock = self.stock + move.delta
        if move.paid is None:
            return Refolded(stock, self.average, self.last)
        average = blended(self.average, self.stock, move.paid, move.delta)
        return Refolded(stock, average, per_unit(move.paid, move.delta))


def happened(recorded: Recorded) -> datetime:
    event, at = recorded.event, recorded.occurred_at
    bought = event.bought_at if isinstance(event, MaterialPurchased) else None
    return min(bought, at) if bought else at


def movements(past: Iterable[Recorded]) -> tuple[Movement, ...]:
    """In the order of recording."""
    found: list[Movement] = []
    for recorded in past:
        match recorded.event:
            case MaterialPurchased(quantity=quantity, price=price, landed=landed):
                found.append(Movement(happened(recorded), quantity, price + landed))
            case StockAdjusted(delta=delta):
                found.append(Movement(happened(recorded), delta))
    return tuple(found)


def refolded(moves: Iterable[Movement]) -> Refolded:
    """Of movements in the order of recording."""
    return reduce(Refolded.after, sorted(moves, key=lambda move: move.at), Refolded())
