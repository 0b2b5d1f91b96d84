"""Which of what is due goes with one request: the longest deleted that nothing else needs."""

from collections.abc import Iterable, Mapping, Set
from datetime import datetime

from application.bin import Named
from projections import bin
from projections.bin import Thing
from projections.kernel import Reader

LOOKED = 20_000  # things that are read at the most to find them


class Choice:
    """Things as they are read, the longest deleted first. ``free``: those that nothing needs, or
    only what is free itself, ``most`` at the most; ``held``: the others. ``needs``: what each is
    needed by."""

    def __init__(self, needs: Mapping[Named, Set[Named]], most: int) -> None:
        self._needs, self._most = needs, most
        self._free: dict[Named, Thing] = {}
        self.held: list[Thing] = []

    @property
    def free(self) -> list[Thing]:
        return list(self._free.values())

    @property
    def full(self) -> bool:
        return len(self._free) >= self._most

    def take(self, things: Iterable[Thing]) -> None:
        """What one of them frees may have been held before it came."""
        self.held += things
        before = -1
        while before < len(self._free) < self._most:
            before = len(self._free)
            self.held = [thing for thing in self.held if not self._frees(thing)]

    def _frees(self, thing: Thing) -> bool:
        name = (thing.context, thing.id)
        if self.full or not self._needs.get(name, frozenset()) <= self._free.keys():
            return False
        self._free[name] = thing
        return True


async def chosen(
    db: Reader,
    needs: Mapping[Named, Set[Named]],
    context: str | None,
    days: int | None,
    now: datetime,
    most: int,
) -> tuple[int, Choice]:
    """How much is due, and which of it goes. ``context``, ``days``: as for ``bin.due``."""
    choice, total, after = Choice(needs, most), 0, 0
    for _ in range(0, LOOKED, most):
        count, things = await bin.due(db, context, days, now, most, after)
        total = total or count
        choice.take(things)
        if choice.full or len(things) < most:
            break
        after = things[-1].place
    return total, choice
