"""What is left of a price when its costs are paid.

A margin is a part of the price, in ten-thousandths, rounded once, half up (a loss: half down). What
is left of a sale is its money less the cost of all its pieces, which is rounded once, half up, to
the minor unit.
"""

from domain.costing.state import MICROS
from domain.costs import Cost
from domain.money import Money, rounded


def comparable(price: Money, cost: Cost | None) -> Cost | None:
    """The cost, if it can be taken off that price: nothing can be off one in another currency."""
    return cost if cost is not None and cost.currency == price.currency else None


def margin_of(price: Money, cost: Cost) -> int | None:
    """None: of nothing there is no part."""
    asked = price.minor * MICROS
    return rounded((asked - cost.micros) * 10_000, asked) if asked else None


def left(price: Money, cost: Cost, quantity: int) -> Money:
    """Of so many pieces at that unit price."""
    return price.times(quantity) - cost.of(quantity * 1000)


def under(price: Money, cost: Cost, target: int) -> bool:
    """Whether its margin is less than it is to be; what is given away is, if it costs anything."""
    margin = margin_of(price, cost)
    return cost.micros > 0 if margin is None else margin < target


def least(cost: Cost, target: int) -> Money:
    """The lowest price that is not ``under``; ``target``: at least 0, less than 10,000."""
    asked = -(-cost.micros * 20_000 // (MICROS * (20_001 - 2 * target)))
    price = Money(asked, cost.currency)
    return Money(asked + 1, cost.currency) if under(price, cost, target) else price
