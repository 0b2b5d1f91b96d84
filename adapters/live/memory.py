"""The last changes that were handed on, found by what anyone may wait for."""

from array import array
from collections import defaultdict

from adapters.live.change import Change, Where

TOKENS = 6  # of a topic, by which it is found; those after them are not looked at
OVERHEAD = 400  # bytes that a change takes besides its document, about

Shelf = list[dict[str, int]]  # for each token of a context's topics: the last change by its value


class Memory:
    """Bounded by changes and bytes; the oldest go first.

    Each change knows the one before it that has the same token, so a look costs what it finds.
    """

    def __init__(self, changes: int, size: int) -> None:
        self._most, self._size = changes, size
        self._ring: list[Change | None] = [None] * changes
        self._before = array("q", bytes(8 * TOKENS * changes))
        self._shelves: defaultdict[tuple[str, str, str], Shelf] = defaultdict(_shelf)
        self._oldest = self._next = 1  # changes are numbered as they come
        self._bytes = 0
        self._floors: dict[str, int] = {}  # by projection: all changes above that are here

    def __len__(self) -> int:
        return self._next - self._oldest

    def begin(self, projection: str, floor: int) -> None:
        self._floors[projection] = floor

    def add(self, change: Change) -> None:
        if change.projection not in self._floors:
            self._floors[change.projection] = _beyond(change)
        while len(self) >= self._most or (len(self) and self._bytes > self._size):
            self._drop()
        number = self._next
        self._next += 1
        self._bytes += _bytes(change)
        place = number % self._most
        self._ring[place] = change
        tokens = change.topic.split(".", TOKENS)[:TOKENS]
        shelf = self._shelves[change.tenant, change.projection, tokens[0]]
        for token, value in enumerate(tokens):
            last = shelf[token]
            self._before[place * TOKENS + token] = last.get(value, 0)
            last[value] = number

    def find(self, tenant: str, where: Where, after: int, most: int) -> list[Change] | None:
        """Those above the position ``after``, in order. None: there may be others, or more than
        ``most``, or a late one at that very position."""
        if not self.reaches(where.projection, after):
            return None
        shelf = self._shelves.get((tenant, where.projection, where.context))
        if shelf is None:
            return []
        found: list[Change] = []
        replaced: set[tuple[str, int]] = set()  # as a late change does it to its like
        number = shelf[where.token].get(where.value if where.token else where.context, 0)
        while number >= self._oldest:
            place = number % self._most
            change = self._ring[place]
            if change is None or change.position < after:
                break
            if change.position > after and (change.topic, change.position) not in replaced:
                found.append(change)
            if len(found) > most or (change.position == after and change.late):
                return None
            if change.late:
                replaced.add((change.topic, change.position))
            number = self._before[place * TOKENS + where.token]
        found.reverse()
        return found

    def reaches(self, projection: str, after: int) -> bool:
        """Whether all changes above that position are here."""
        floor = self._floors.get(projection)
        return floor is not None and after >= floor

    def _drop(self) -> None:
        number, place = self._oldest, self._oldest % self._most
        self._oldest += 1
        change, self._ring[place] = self._ring[place], None
        if change is None:
            return
        self._bytes -= _bytes(change)
        self._floors[change.projection] = _beyond(change)
        tokens = change.topic.split(".", TOKENS)[:TOKENS]
        key = change.tenant, change.projection, tokens[0]
        shelf = self._shelves[key]
        for last, value in zip(shelf, tokens, strict=False):
            if last[value] == number:
                del last[value]
        if not shelf[0]:
            del self._shelves[key]


def _shelf() -> Shelf:
    return [{} for _ in range(TOKENS)]


def _bytes(change: Change) -> int:
    return len(change.document) + OVERHEAD


def _beyond(change: Change) -> int:
    """Whoever is at its position may not have a late one."""
    return change.position + change.late
