"""Money: whole minor units and an ISO 4217 code. Rounding lives here and nowhere else."""

import re

from domain.kernel import Rejected, Value

# Minor digits by ISO 4217, where they differ from two.
EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
MAX_MINOR = 10**15
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,4}))?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def rounded(numerator: int, denominator: int) -> int:
    """The nearest whole number; a half goes up, and below zero down. ``denominator`` > 0."""
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return whole if numerator >= 0 else -whole


class Money(Value):
    """An amount in whole ``minor`` units (centavos, yen) of one ``currency``."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def times(self, quantity: int) -> "Money":
        return Money(self.minor * quantity, self.currency)

    def share(self, basis_points: int) -> "Money":
        """This many ten-thousandths of the amount, rounded once."""
        return Money(rounded(self.minor * basis_points, 10_000), self.currency)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise Rejected("money.currency_mixed", f"{self.currency} and {other.currency}")
        return other


class Price(Value):
    """Money as it stands on the wire and in read rows: a decimal string, never a float."""

    amount: str
    currency: str

    @staticmethod
    def of(money: Money) -> "Price":
        digits = EXPONENTS.get(money.currency, 2)
        sign, whole = ("-" if money.minor < 0 else ""), str(abs(money.minor)).rjust(digits + 1, "0")
        text = f"{whole[:-digits]}.{whole[-digits:]}" if digits else whole
        return Price(sign + text, money.currency)

    @property
    def money(self) -> Money:
        """The exact amount of a price that ``of`` made."""
        return Money(int(self.amount.replace(".", "")), self.currency)


def parse(price: Price) -> Money:
    """A price from outside. Rejects ``money.malformed``: signs, exponents, more digits than the
    currency has, or an amount over 10^15 minor units."""
    match = _AMOUNT.fullmatch(price.amount)
    digits = EXPONENTS.get(price.currency, 2)
    fraction = (match[2] or "") if match else ""
    if not match or not _CURRENCY.fullmatch(price.currency) or len(fraction) > digits:
        raise Rejected("money.malformed", f"not an amount of {price.currency[:3]!r}")
    minor = int(match[1] + fraction.ljust(digits, "0"))
    if minor > MAX_MINOR:
        raise Rejected("money.malformed", "the amount is too large")
    return Money(minor, price.currency)


def total(amounts: list[Money], currency: str) -> Money:
    """Their sum; zero of ``currency`` when there are none."""
    result = Money(0, currency)
    for amount in amounts:
        result = result + amount
    return result
