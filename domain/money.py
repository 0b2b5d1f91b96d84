"""Money: whole minor units and an ISO 4217 code. Rounding lives here and nowhere else."""

import re

from domain.kernel import Rejected, Value

# ISO 4217 by minor digits: what is in use, or was of late, since histories are told, too. None
# that was taken to have two before it was known: its amounts would not be what they were.
_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP "
    "BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EEK EGP ERN ETB "
    "EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS "
    "KHR KPW KYD KZT LAK LBP LKR LRD LSL LTL LVL MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR "
    "MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR "
    "SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STD STN SVC SYP SZL THB TJS TMT TOP TRY TTD "
    "TWD TZS UAH USD USN UYU UZS VED VEF VES WST XAD XCD XCG YER ZAR ZMK ZMW ZWG ZWL",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS = {code: digits for digits, codes in _CODES.items() for code in codes.split()}
MAX_MINOR = 10**15
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,4}))?", re.ASCII)


def is_currency(code: str) -> bool:
    """Whether ISO 4217 knows it."""
    return code in _DIGITS


def digits_of(currency: str) -> int:
    """How many a major unit has. Two if unknown: once, any three letters were taken."""
    return _DIGITS.get(currency, 2)


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
        digits = digits_of(money.currency)
        sign, whole = ("-" if money.minor < 0 else ""), str(abs(money.minor)).rjust(digits + 1, "0")
        text = f"{whole[:-digits]}.{whole[-digits:]}" if digits else whole
        return Price(sign + text, money.currency)

    @property
    def money(self) -> Money:
        """The exact amount of a price that ``of`` made."""
        return Money(int(self.amount.replace(".", "")), self.currency)


def check_currency(code: str) -> None:
    if not is_currency(code):
        raise Rejected("money.unknown_currency", f"ISO 4217 has none to pay in called {code[:3]!r}")


def parse(price: Price) -> Money:
    """A price from outside. Rejects ``money.malformed``: signs, exponents, more digits than the
    currency has, or an amount over 10^15 minor units; ``money.unknown_currency``."""
    check_currency(price.currency)
    match = _AMOUNT.fullmatch(price.amount)
    digits = digits_of(price.currency)
    fraction = (match[2] or "") if match else ""
    if not match or len(fraction) > digits:
        raise Rejected("money.malformed", f"not an amount of {price.currency!r}")
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
