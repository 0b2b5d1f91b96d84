"""Quantities: whole thousandths of a unit. Decimal strings outside, never floats."""

import re

from domain.kernel import Rejected, Value

PLACES = 3  # after the point: a quantity is kept in thousandths
FINEST = 9  # that may be said: 0.000001 t is a gram
_QUANTITY = re.compile(r"(-?)(0|[1-9][0-9]{0,8})(?:\.([0-9]{1,9}))?", re.ASCII)


class Amount(Value):
    """So much, as it was said: whole billionths of ``unit``, exactly; "" is the unit that the
    thing is counted in."""

    billionths: int
    unit: str = ""

    def times(self, factor: int) -> int | None:
        """In thousandths of a unit, ``factor`` of which are in this one; None when that is not
        whole."""
        thousandths, rest = divmod(self.billionths * factor, 10**FINEST)
        return None if rest else thousandths


def parse(text: str, places: int = PLACES, signed: bool = False) -> int:
    """A quantity from outside, in units of 10^-places. Rejects ``quantities.malformed``: no plain
    decimal, more than ``places`` digits after the point, or a sign unless ``signed``."""
    match = _QUANTITY.fullmatch(text)
    fraction = (match[3] or "") if match else ""
    if not match or len(fraction) > places or (match[1] and not signed):
        raise Rejected(
            "quantities.malformed", f"as 1.5: up to 9 digits, a point, up to {places} more"
        )
    size = int(match[2] + fraction.ljust(places, "0"))
    return -size if match[1] else size


def shown(quantity: int, places: int = PLACES) -> str:
    """As it stands on the wire: no more digits than it needs."""
    whole, rest = divmod(abs(quantity), 10**places)
    fraction = str(rest).rjust(places, "0").rstrip("0")
    text = f"{whole}.{fraction}" if fraction else str(whole)
    return f"-{text}" if quantity < 0 else text


def read(text: str) -> int:
    """The exact quantity of a text that ``shown`` made, however large."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(PLACES, "0"))
