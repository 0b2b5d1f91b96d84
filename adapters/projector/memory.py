"""Rows kept in memory between batches: their one writer need not read them again.

They hold as long as nobody else wrote to the table. The position's row tells: a leader writes only
while it finds it as it left it, so whoever else writes a row moves that one too.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic

from adapters.projector.documents import Stored
from adapters.projector.rows import Place
from projections.kernel import D

ROWS, BYTES = 5_000, 8_000_000  # of one table, between batches


class Row(Generic[D]):
    """A row as the transaction found it, as it is in the table now, and as folded so far."""

    __slots__ = ("before", "dirty", "document", "found", "position", "written")

    def __init__(self, found: Stored | None, document: D | None) -> None:
        self.found = self.written = found
        self.before = self.document = document
        self.position, self.dirty = 0, False


class Memory(Generic[D]):
    """One table's rows: those of the present transaction, and others of those before, the ones
    that were used longest ago first."""

    def __init__(self) -> None:
        self.rows: OrderedDict[Place, Row[D]] = OrderedDict()
        self.touched: dict[Place, Row[D]] = {}
        self._bytes = 0

    def touch(self, places: Iterable[Place]) -> list[Place]:
        """Take rows into the transaction; those that are not here."""
        missing = []
        for place in places:
            if place in self.touched:
                continue
            if row := self.rows.get(place):
                self.touched[place] = row
            else:
                missing.append(place)
        return missing

    def add(self, place: Place, row: Row[D]) -> None:
        self.rows[place] = self.touched[place] = row
        self._bytes += _size(row.found)

    def settle(self) -> None:
        """The transaction's rows are the table's now. What is too much goes."""
        for place, row in self.touched.items():
            if row.written is not row.found:
                self._bytes += _size(row.written) - _size(row.found)
                row.found, row.before = row.written, row.document
            self.rows.move_to_end(place)
        self.touched = {}
        while self._bytes > BYTES or len(self.rows) > ROWS:
            _, oldest = self.rows.popitem(last=False)
            self._bytes -= _size(oldest.found)


def _size(stored: Stored | None) -> int:
    return len(stored.body) if stored else 0
