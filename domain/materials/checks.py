"""What may be said of a material."""

import re

from domain.costs import MAX_MICROS, Cost
from domain.kernel import Personal, Rejected
from domain.materials.state import Material
from domain.materials.words import Describing, Measuring
from domain.money import Money, is_currency

KINDS = ("yarn", "component", "supply")
MAX_QUANTITY = 10**12  # thousandths
MAX_SCRAP = 9000  # ten-thousandths
MAX_ATTRIBUTES, MAX_CONVERSIONS = 50, 20
MAX_NOTE = 500  # characters
_UNIT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,19}", re.ASCII)
_REASON = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def check_description(describing: Describing) -> None:
    if not describing.name.strip():
        raise Rejected("materials.name_missing")
    if describing.kind not in KINDS:
        raise Rejected("materials.unknown_kind", f"one of {', '.join(KINDS)}")
    if len(describing.attributes) > MAX_ATTRIBUTES:
        raise Rejected("materials.attributes_too_many", f"at most {MAX_ATTRIBUTES}")


def check_measures(measuring: Measuring, unit: str) -> None:
    """``unit``: what it is counted in."""
    if len(measuring.conversions) > MAX_CONVERSIONS:
        raise Rejected("materials.conversions_too_many", f"at most {MAX_CONVERSIONS}")
    for conversion in measuring.conversions:
        check_unit(conversion.unit)
        if not 1 <= conversion.factor <= MAX_QUANTITY:
            raise Rejected("materials.factor_out_of_range", "above 0, to a thousand million")
    units = {unit, *(conversion.unit for conversion in measuring.conversions)}
    if len(units) <= len(measuring.conversions):
        raise Rejected("materials.unit_repeated", "each unit is told once")
    if not 0 <= measuring.scrap <= MAX_SCRAP:
        raise Rejected("materials.scrap_out_of_range", f"0 to {MAX_SCRAP} ten-thousandths")


def check_unit(unit: str) -> None:
    if not _UNIT.fullmatch(unit):
        raise Rejected("materials.unit_malformed", "a letter, then letters, digits and _; up to 20")


def check_currency(currency: str) -> None:
    if not is_currency(currency):
        raise Rejected("materials.currency_malformed", "a code of ISO 4217, such as DZD")


def check_reason(reason: str) -> None:
    if not _REASON.fullmatch(reason):
        raise Rejected("materials.reason_malformed", "a code of a-z, 0-9 and _, 40 at the most")


def check_note(note: Personal | None) -> None:
    if note is not None and len(note.text) > MAX_NOTE:
        raise Rejected("materials.note_too_long", f"at most {MAX_NOTE} characters")


def check_money(material: Material, money: Money) -> Money:
    if money.currency != material.currency:
        raise Rejected("materials.currency_changed", f"its costs are in {material.currency}")
    if money.minor < 0:
        raise Rejected("materials.price_negative")
    return money


def check_stock(stock: int) -> None:
    if stock > MAX_QUANTITY:
        raise Rejected("materials.stock_out_of_range", "a thousand million at the most")


def check_cost(cost: Cost) -> None:
    if not 0 <= cost.micros <= MAX_MICROS:
        raise Rejected("materials.cost_out_of_range", "too much for one unit")
