"""What a piece costs: one pure sum.

The rule: a material's cost is the one that the tenant's basis names, with its scrap, as materials
tells it. Of that, every line of a batch is exact; their sum, divided by the pieces that the batch
makes, is rounded once, half up, to a millionth of the minor unit. What uses the product uses that
rounded cost. Money is rounded when it is shown.
"""

from collections.abc import Mapping

from domain.costing.state import CostedProduct
from domain.costing.words import Component, Labour, Overhead
from domain.costs import Cost
from domain.kernel import Value
from domain.money import rounded

MAX_MICROS = 10**18  # of a piece
_PART = 60_000 * 10_000  # parts of a millionth, in which every line is whole
_THOUSANDTH = _PART // 1000
_HOUR = 60_000  # thousandths of a minute
_MICROS = 10**6


class Line(Value):
    """What one component costs a batch. ``unit``: what one of it costs, ``parts``: the line, both
    None while that is unknown."""

    component: Component
    unit: Cost | None
    parts: int | None


class Breakdown(Value):
    """Of a batch, in parts of a millionth of the minor unit (``exact``); ``cost``: of one piece.

    ``missing``: the components without a cost. ``cost`` is None if there are any, if nothing is
    said of what goes into it, or if it is more than 10^18 millionths.
    """

    lines: tuple[Line, ...]
    labour: tuple[int, ...]
    overheads: tuple[int, ...]
    missing: tuple[str, ...]
    cost: Cost | None


def cost_of(product: CostedProduct, costs: Mapping[str, Cost | None]) -> Breakdown:
    """``costs``: of one unit of each component, by id; a material's with its scrap."""
    lines = tuple(_line(component, costs.get(component.id)) for component in product.components)
    labour = tuple(_worked(work) for work in product.labour)
    made, worked = sum(line.parts or 0 for line in lines), sum(labour)
    overheads = tuple(_over(rule, made, worked) for rule in product.overheads)
    missing = tuple(line.component.id for line in lines if line.parts is None)
    micros = rounded(made + worked + sum(overheads), _PART * product.makes)
    known = product.made and not missing and micros <= MAX_MICROS
    cost = Cost(micros, product.currency) if known else None
    return Breakdown(lines, labour, overheads, missing, cost)


def shown(parts: int, currency: str) -> Cost:
    """A line or a sum of lines, rounded for show alone."""
    return Cost(rounded(parts, _PART), currency)


def _line(component: Component, unit: Cost | None) -> Line:
    parts = None if unit is None else unit.micros * component.quantity * _THOUSANDTH
    return Line(component, unit, parts)


def _worked(work: Labour) -> int:
    return work.minutes * work.rate.minor * _MICROS * (_PART // _HOUR)


def _over(rule: Overhead, made: int, worked: int) -> int:
    if rule.amount is not None:
        return rule.amount.minor * _MICROS * _PART
    base = {"materials": made, "labour": worked}.get(rule.on, made + worked)
    return rounded(base * rule.basis_points, 10_000)
