"""How far a roll-up of costs has come that takes several appends: one stream for each, named by
the position of what caused it."""

from domain.costs import Cost
from domain.kernel import Command, Event, Value


class Advance(Command):
    """``done`` of ``total`` products are costed. ``kind``, ``id``: of the cause; ``owner``: whose
    products they are, empty: everybody's. ``product``: the last of them, which is on top;
    ``cost``: what it costs by now, ``estimate``: what it would by what is costed so far."""

    kind: str
    id: str
    owner: str
    done: int
    total: int
    product: str
    cost: Cost | None
    estimate: Cost | None


class RollUpAdvanced(Event, tag="costruns.roll_up_advanced"):
    kind: str
    id: str
    owner: str
    done: int
    total: int
    product: str
    cost: Cost | None
    estimate: Cost | None


COMMANDS = Advance
EVENTS = RollUpAdvanced


class CostRun(Value):
    done: int = 0
    total: int = 0

    @property
    def finished(self) -> bool:
        return 0 < self.total <= self.done


EMPTY = CostRun()


def decide(run: CostRun, command: COMMANDS) -> list[EVENTS]:
    """One that broke off and begins anew is no news until it is further than it was."""
    ends = command.done >= command.total
    if run.finished or (command.done <= run.done and not ends):
        return []
    return [
        RollUpAdvanced(
            command.kind,
            command.id,
            command.owner,
            command.done,
            command.total,
            command.product,
            command.cost,
            command.estimate,
        )
    ]


def evolve(run: CostRun, event: EVENTS) -> CostRun:
    return CostRun(event.done, event.total)
