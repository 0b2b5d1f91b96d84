"""What may be said of a costed product."""

from domain.costing.words import Component, Labour, Overhead
from domain.kernel import Rejected
from domain.money import MAX_MINOR, Money, is_currency

MAX_NAME = 200  # characters
MAX_QUANTITY = 10**12  # thousandths
MAX_MAKES = 10**6  # pieces of a batch
MAX_MARGIN = 9_999  # ten-thousandths of the price
MAX_POINTS = 100_000  # ten-thousandths: ten times what it is on
MAX_RULES = 100


def check_name(name: str) -> None:
    if not name.strip() or len(name) > MAX_NAME:
        raise Rejected("costing.name_malformed", f"1 to {MAX_NAME} characters")


def check_currency(currency: str) -> None:
    if not is_currency(currency):
        raise Rejected("costing.currency_malformed", "a code of ISO 4217, such as DZD")


def check_margin(margin: int) -> None:
    if not 0 <= margin <= MAX_MARGIN:
        raise Rejected("costing.margin_out_of_range", f"0 to {MAX_MARGIN} ten-thousandths")


def check_components(components: tuple[Component, ...], makes: int) -> None:
    if not 1 <= makes <= MAX_MAKES:
        raise Rejected("costing.makes_out_of_range", f"1 to {MAX_MAKES} pieces")
    if any(not 1 <= component.quantity <= MAX_QUANTITY for component in components):
        raise Rejected("costing.quantity_out_of_range", "above 0, to a thousand million")
    if len({component.id for component in components}) < len(components):
        raise Rejected("costing.component_repeated", "each component is told once")


def check_labour(labour: tuple[Labour, ...], currency: str) -> None:
    _check_number(labour)
    for work in labour:
        check_name(work.name)
        if not 0 <= work.minutes <= MAX_QUANTITY:
            raise Rejected("costing.minutes_out_of_range", "0 to a thousand million")
        _check_money(work.rate, currency)


def check_overheads(overheads: tuple[Overhead, ...], currency: str) -> None:
    _check_number(overheads)
    for rule in overheads:
        check_name(rule.name)
        if (rule.on == "fixed") != (rule.amount is not None):
            raise Rejected("costing.overhead_malformed", "fixed has an amount, and nothing else")
        if not 0 <= rule.basis_points <= MAX_POINTS or (rule.amount and rule.basis_points):
            raise Rejected("costing.overhead_malformed", f"0 to {MAX_POINTS} ten-thousandths")
        if rule.amount is not None:
            _check_money(rule.amount, currency)


def _check_number(rules: tuple[Labour, ...] | tuple[Overhead, ...]) -> None:
    if len(rules) > MAX_RULES:
        raise Rejected("costing.too_many_rules", f"at most {MAX_RULES}")


def _check_money(money: Money, currency: str) -> None:
    if money.currency != currency:
        raise Rejected("costing.currency_mixed", f"its costs are in {currency}")
    if not 0 <= money.minor <= MAX_MINOR:
        raise Rejected("costing.amount_out_of_range")
