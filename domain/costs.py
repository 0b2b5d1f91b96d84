"""Costs of one unit, which are finer than money: a gram of yarn costs less than a cent.

A cost is rounded whenever it is worked out, and an amount of money when it is made of a cost; both
by the one rule of ``domain.money.rounded``.
"""

import re
from typing import Literal

from domain.kernel import Rejected, Value
from domain.money import Money, check_currency, digits_of, rounded

Basis = Literal["average", "last", "standard"]
BASES: tuple[Basis, ...] = ("average", "last", "standard")
MAX_MICROS = 10**15
_FINER = 6  # digits more than the currency has
_SCALE = 10**9  # millionths of a minor unit, thousandths of a unit
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,10}))?", re.ASCII)


class Cost(Value):
    """What one whole unit costs, in millionths (``micros``) of the currency's minor unit."""

    micros: int
    currency: str

    def of(self, quantity: int) -> Money:
        """What so many thousandths of the unit cost."""
        return Money(rounded(self.micros * quantity, _SCALE), self.currency)

    def wasting(self, basis_points: int) -> "Cost":
        """What a unit that is used costs, when so much of it is lost on the way."""
        return Cost(rounded(self.micros * 10_000, 10_000 - basis_points), self.currency)


def per_unit(paid: Money, quantity: int) -> Cost:
    """``quantity``: thousandths, above 0."""
    return Cost(rounded(paid.minor * _SCALE, quantity), paid.currency)


def blended(average: Cost | None, stock: int, paid: Money, quantity: int) -> Cost:
    """The moving weighted average once ``quantity`` has come to ``stock``: what both are worth, by
    what both are. Stock that is not there or has no cost counts as none."""
    if average is None or stock <= 0:
        return per_unit(paid, quantity)
    worth = average.micros * stock + paid.minor * _SCALE
    return Cost(rounded(worth, stock + quantity), paid.currency)


def by(basis: str, average: Cost | None, last: Cost | None, standard: Cost | None) -> Cost | None:
    """The one of them that ``basis`` names."""
    return {"average": average, "last": last, "standard": standard}[basis]


class UnitCost(Value):
    """A cost as it stands on the wire and in read rows: a decimal string, never a float, with the
    currency's digits and up to six more."""

    amount: str
    currency: str

    @staticmethod
    def of(cost: Cost) -> "UnitCost":
        digits = digits_of(cost.currency)
        whole, rest = divmod(cost.micros, 10 ** (digits + _FINER))
        fraction = str(rest).rjust(digits + _FINER, "0").rstrip("0").ljust(digits, "0")
        return UnitCost(f"{whole}.{fraction}" if fraction else str(whole), cost.currency)

    @property
    def cost(self) -> Cost:
        """The exact cost that ``of`` was given."""
        places = digits_of(self.currency) + _FINER
        whole, _, fraction = self.amount.partition(".")
        return Cost(int(whole + fraction.ljust(places, "0")), self.currency)


def told(cost: Cost | None) -> UnitCost | None:
    """If there is one."""
    return None if cost is None else UnitCost.of(cost)


def parse(cost: UnitCost) -> Cost:
    """A cost from outside. Rejects ``costs.malformed``: signs, exponents, or too many digits;
    ``money.unknown_currency``."""
    check_currency(cost.currency)
    match = _AMOUNT.fullmatch(cost.amount)
    places = digits_of(cost.currency) + _FINER
    if not match or len(match[2] or "") > places:
        raise Rejected("costs.malformed", f"not a cost in {cost.currency!r}")
    return cost.cost
