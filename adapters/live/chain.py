"""One projection's changes in their order, whatever order they come in and however often."""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from adapters.live.change import Change

AHEAD = 10_000  # changes kept that came before what they follow; beyond, Postgres has them too
Group = list[Change]


class Arrival(NamedTuple):
    """A change as it was published. ``previous``: nothing is between that seq and the change's.
    ``more``: the change after it is of the same position."""

    change: Change
    previous: int
    more: bool


class Page(NamedTuple):
    """Changes as Postgres has them, in order, all that are above ``after`` and up to ``reached``.

    ``following``: the first one above both. Other changes may be above that, unknown yet.
    ``purged``: a seq, up to which changes may be gone.
    """

    after: int
    reached: int
    changes: Sequence[Change]
    following: Change | None
    purged: int = 0


class Chain:
    """Takes changes in, gives them out: each once, in order, those of one position together."""

    def __init__(self, last: int, position: int) -> None:
        """Everything up to the seq ``last`` is known, and up to ``position``."""
        self.last, self.position = last, position
        self._ahead: dict[int, Arrival] = {}  # by seq
        self._seqs: list[int] = []  # of those, a heap
        self._open: Group = []  # the beginning of a position

    @property
    def broken(self) -> bool:
        """Something came, but not what it follows."""
        return bool(self._ahead)

    def arrive(self, arrival: Arrival) -> list[Group]:
        """What can be handed on now."""
        change, groups = arrival.change, list[Group]()
        if change.seq <= self.last:
            return groups
        if arrival.previous > self.last:
            if change.seq not in self._ahead and len(self._ahead) < AHEAD:
                self._ahead[change.seq] = arrival
                heappush(self._seqs, change.seq)
            return groups
        self._follow(change, arrival.more, groups)
        self._catch_up(groups)
        return groups

    def misses(self, page: Page) -> bool:
        """Whether changes that are to be handed on may be gone; no page has them then."""
        return page.purged > self.last

    def read(self, page: Page) -> list[Group]:
        """The same, of what Postgres has."""
        groups = list[Group]()
        untouched = self.last == page.after
        for change, after in zip(page.changes, [*page.changes, page.following][1:], strict=True):
            if change.seq > self.last:
                self._follow(change, _together(change, after), groups)
        self.last = max(self.last, page.reached)
        if untouched and self._open and not _together(self._open[-1], page.following):
            self._close(groups)  # what was to follow has come again as a later change
        self._catch_up(groups)
        return groups

    def _follow(self, change: Change, more: bool, groups: list[Group]) -> None:
        if self._open and not _together(self._open[-1], change):
            self._close(groups)
        self._open.append(change)
        self.last = change.seq
        if not more:
            self._close(groups)

    def _close(self, groups: list[Group]) -> None:
        groups.append(self._open)
        self.position = max(self.position, self._open[-1].position)
        self._open = []

    def _catch_up(self, groups: list[Group]) -> None:
        """With what came too early."""
        while self._ahead:
            arrival = self._ahead[seq := self._seqs[0]]
            if seq > self.last and arrival.previous > self.last:
                return
            del self._ahead[heappop(self._seqs)]
            if seq > self.last:
                self._follow(arrival.change, arrival.more, groups)


def _together(change: Change, after: Change | None) -> bool:
    """One that came late is told with those of its position that it took a place among: without
    it they are not whole."""
    return after is not None and after.position == change.position
