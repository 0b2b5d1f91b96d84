"""Each stream's versions, and each order folded by its own rules: part by part, from disk."""

from collections.abc import Iterable

import msgspec

from adapters.bundle.faults import Fault, Faults
from adapters.bundle.figures import OrderFigure
from adapters.bundle.manifest import EVENTS, FIGURES
from adapters.bundle.spill import Step
from adapters.log.tail import house_codec
from domain import orders
from domain.kernel import Rejected, but
from domain.money import Money, Price, total
from domain.orders import Order, OrderPlaced

FIGURE = -1  # the version of a step that is a figure


def stream_of(tenant: str, order: str) -> str:
    return f"{tenant}/orders/{order}"


def slim(event: object, data: bytes) -> bytes:
    """What is enough to fold the order by: no lines, nobody's data."""
    if isinstance(event, OrderPlaced):
        return msgspec.json.encode(but(event, lines=(), customer=None, note=None))
    return data


def misstated(placed: OrderPlaced) -> str:
    """Which sum of an order is not what its lines come to; "" when all are."""
    try:
        lines = [line.unit_price.times(line.quantity) for line in placed.lines]
        if lines != [line.subtotal for line in placed.lines]:
            return "a line's subtotal"
        if total(lines, placed.subtotal.currency) != placed.subtotal:
            return "subtotal"
        return "" if placed.subtotal + placed.shipping == placed.total else "total"
    except Rejected:
        return "currency"


class Streams:
    """``upto``: the position that figures of orders stand at, None when there are none."""

    def __init__(self, upto: int | None, faults: Faults) -> None:
        self._upto, self._faults = upto, faults
        self.number = self.compared = 0

    def look(self, steps: Iterable[Step]) -> None:
        """At all of the streams that are in one part."""
        versions: dict[str, int] = {}
        folded: dict[str, Order] = {}
        told: set[str] = set()
        for step in steps:
            if step.version == FIGURE:
                self._compare(step, folded.get(step.stream, orders.EMPTY), step.stream in told)
                told.add(step.stream)
            else:
                self._follow(step, versions)
                self._fold(step, folded)
        self.number += len(versions)
        if self._upto is not None:
            for stream in sorted(folded.keys() - told):
                self._faults.tell(Fault(FIGURES, "is not told", stream=stream))

    def _follow(self, step: Step, versions: dict[str, int]) -> None:
        last = versions.get(step.stream)
        # Other libraries may begin a stream at 0.
        if step.version not in ((0, 1) if last is None else (last + 1,)):
            wanted = 1 if last is None else last + 1
            what = f"{step.version}, where {wanted} must follow"
            fault = Fault(EVENTS, what, step.position, step.stream, "version", step.line)
            self._faults.tell(fault)
        versions[step.stream] = step.version

    def _fold(self, step: Step, folded: dict[str, Order]) -> None:
        if step.tag and self._upto is not None and step.position <= self._upto:
            event = house_codec().decode(step.tag, bytes(step.data), step.position)
            folded[step.stream] = orders.evolve(folded.get(step.stream, orders.EMPTY), event)

    def _compare(self, step: Step, order: Order, again: bool) -> None:
        figure = msgspec.json.decode(step.data, type=OrderFigure)
        self.compared += 1
        if again:
            self._tell(step, "", "told twice")
        if figure.status != order.status:
            what = f"{figure.status}, but the events come to {order.status or 'no such order'}"
            self._tell(step, "status", what)
        if figure.total != _price(order.total):
            what = f"{figure.total.amount}, but the events come to {_price(order.total).amount}"
            self._tell(step, "total", what)

    def _tell(self, step: Step, field: str, what: str) -> None:
        fault = Fault(FIGURES, what, stream=step.stream, field=field, line=step.line)
        self._faults.tell(fault)


def _price(money: Money) -> Price:
    return Price.of(money)
