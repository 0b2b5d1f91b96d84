"""The events of a bundle, one after another: chain, tree, sums and figures, in a single passing."""

from msgspec import Raw

from adapters.bundle.facts import SELLING, WATCHING, Facts
from adapters.bundle.faults import UNREADABLE, Fault, Faults
from adapters.bundle.lines import row_of
from adapters.bundle.manifest import EVENTS
from adapters.bundle.orders import misstated, slim
from adapters.bundle.spill import Spill, Step
from adapters.bundle.witnesses import Witnesses
from adapters.log.chain import GENESIS, link
from adapters.log.codec import events_of, tag_of
from adapters.log.rows import FOREIGN, Row
from adapters.log.tail import house_codec
from adapters.roots.tree import Frontier
from domain import orders
from domain.orders import OrderPlaced

_ORDERS = frozenset(map(tag_of, events_of(orders)))
_FACTS = frozenset(map(tag_of, (*SELLING, *WATCHING)))


class Walk:
    """``follow`` every line. What cannot be read is a fault, and so is every place where the chain
    is not whole; it goes on behind it with what is stored."""

    def __init__(
        self, tenant: str, spill: Spill, facts: Facts, witnesses: Witnesses, faults: Faults
    ) -> None:
        self._tenant, self._spill, self._facts = tenant, spill, facts
        self._witnesses, self._faults = witnesses, faults
        self._before: bytes | None = GENESIS  # None: not known, behind a line that is none
        self._tree, self._lost = Frontier(), False
        self.events = self.first = self.position = 0
        self.end = GENESIS

    def follow(self, line: int, text: bytes) -> None:
        try:
            row = row_of(text)
        except UNREADABLE as error:
            what = f"no event: {error}"
            self._faults.tell(Fault(EVENTS, what, position=self.position + 1, line=line))
            self._before, self._lost = None, True
            return
        self._place(row, line)
        self._chain(row, line)
        self._read(row, line)

    def _place(self, row: Row, line: int) -> None:
        if row.tenant != self._tenant or not row.stream.startswith(f"{self._tenant}/"):
            self._tell(row, line, "tenant", f"of {row.tenant!r}, not of {self._tenant!r}")
        if row.position <= self.position:
            self._tell(row, line, "position", f"not behind {self.position}")
        self.first, self.position = self.first or row.position, row.position
        self.events += 1

    def _chain(self, row: Row, line: int) -> None:
        if self._before is not None and link(self._before, row) != row.hash:
            what = "does not fit the hash chain: altered, or moved, or another is gone"
            self._tell(row, line, "hash", what)
        self._before = self.end = row.hash
        if not self._lost:
            self._tree.add(row.hash)
            self._witnesses.follow(self._tree, row.position, row.hash)

    def _read(self, row: Row, line: int) -> None:
        """What figures are made of, for now or for later."""
        tag, data = "", b"null"
        if row.schema_version != FOREIGN and row.tag in _READ:
            try:
                recorded = row.decoded(house_codec())
            except UNREADABLE as error:
                self._tell(row, line, "data", f"no {row.tag}: {error}")
            else:
                if row.tag in _FACTS:
                    self._facts.follow(recorded)
                else:
                    tag, data = row.tag, slim(recorded.event, row.data)
                    self._sum(row, line, recorded.event)
        self._spill.put(Step(row.stream, row.version, row.position, line, tag, Raw(data)))

    def _sum(self, row: Row, line: int, event: object) -> None:
        if isinstance(event, OrderPlaced) and (wrong := misstated(event)):
            self._tell(row, line, wrong, "not what the lines come to")

    def _tell(self, row: Row, line: int, field: str, what: str) -> None:
        self._faults.tell(Fault(EVENTS, what, row.position, row.stream, field, line))


_READ = _ORDERS | _FACTS
