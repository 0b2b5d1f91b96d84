"""The decision under the head's lock: what each append of a batch comes to, one after another."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from adapters.log.chain import GENESIS, link
from adapters.log.clock import Reading
from adapters.log.ids import Ids
from adapters.log.requests import Line, Request
from adapters.log.rows import Row
from application.ports import Appended, Conflict, Key, KeyReused, Taken
from domain.kernel import Recorded

Slot = tuple[str, str, str, str]  # tenant, principal, route, key
Name = tuple[str, str, str]  # tenant, kind, value
EMPTY = -1  # expected by who begins a stream at version 0, as other libraries may
ENCODER = msgspec.json.Encoder()


def slot_of(tenant: str, key: Key) -> Slot:
    """``tenant``: the call's."""
    return (key.tenant or tenant, key.principal, key.route, key.key)


class Kept(Struct, frozen=True, gc=False):
    """An answer in log.answers; the fields are its columns."""

    tenant: str
    principal: str
    route: str
    key: str
    command_id: UUID
    request: bytes
    answer: bytes


@dataclass
class Books:
    """What stands in the log for a batch, as read after its head was locked, and what is new.

    Appends are posted in the order they queued; each sees the effects of those before it, and
    one that is refused leaves no trace. ``found``: the head, its position and time. ``clock``: as
    it was told with them, so that it does not fall behind by what a commit takes.
    """

    found: tuple[int, datetime]
    position: int
    recorded_at: datetime
    clock: Reading
    versions: dict[str, int]
    claims: dict[Name, str | None]
    answers: dict[Slot, Kept]
    numbers: dict[tuple[str, str], int]
    chains: dict[str, tuple[int, bytes]]
    rows: list[Row] = field(default_factory=list)
    new_answers: dict[Slot, Kept] = field(default_factory=dict)
    new_claims: dict[Name, str | None] = field(default_factory=dict)
    new_numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    new_chains: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return bool(self.rows or self.new_answers or self.new_claims)

    @property
    def left(self) -> tuple[int, datetime]:
        """The head, once they are written."""
        return (self.position, self.recorded_at) if self.changed else self.found

    def post(self, request: Request, ids: Ids) -> Appended:
        """What the append comes to. Raises Conflict, Taken, KeyReused, or what its answer does."""
        replay = self._replayed(request)
        if replay is not None:
            return replay
        self._check_versions(request)
        entry = _Entry(self, request, ids)
        answer = ENCODER.encode(request.answer(entry.recorded) if request.answer else None)
        self._enter(entry, request, answer)
        return Appended(tuple(entry.recorded), answer, size=sum(len(r.data) for r in entry.rows))

    def _replayed(self, request: Request) -> Appended | None:
        if request.call.key is None:
            return None
        kept = self.answers.get(slot_of(request.call.tenant, request.call.key))
        if kept and kept.request != request.call.key.request:
            raise KeyReused
        return Appended((), kept.answer, replayed=True) if kept else None

    def _check_versions(self, request: Request) -> None:
        reached: dict[str, int] = {}
        moved = [s for s, version in request.asserted if self.versions.get(s, 0) != version]
        for part in request.parts:
            standing = reached.get(part.stream, self.versions.get(part.stream))
            if part.expected not in ((0, EMPTY) if standing is None else (standing,)):
                moved.append(part.stream)
            reached[part.stream] = part.expected + len(part.lines)
        if moved:
            raise Conflict(*moved)

    def _enter(self, entry: "_Entry", request: Request, answer: bytes) -> None:
        self.rows += entry.rows
        self.position += len(entry.rows)
        self.versions |= entry.versions
        self.claims |= entry.claims
        self.new_claims |= entry.claims
        self.numbers |= entry.numbers
        self.new_numbers |= entry.numbers
        self.chains |= entry.chains
        self.new_chains |= entry.chains
        if (key := request.call.key) is not None:
            slot = slot_of(request.call.tenant, key)
            kept = Kept(*slot, request.call.command_id, key.request, answer)
            self.answers[slot] = self.new_answers[slot] = kept


class _Entry:
    """One append, drafted against the books without touching them."""

    def __init__(self, books: Books, request: Request, ids: Ids) -> None:
        self._books, self._call, self._ids = books, request.call, ids
        self._origin = request.origin
        self.rows: list[Row] = []
        self.recorded: list[Recorded] = []
        self.versions: dict[str, int] = {}
        self.numbers: dict[tuple[str, str], int] = {}
        self.chains: dict[str, tuple[int, bytes]] = {}
        self.claims = self._claimed(request)
        for part in request.parts:
            for number, line in enumerate(part.lines, part.expected + 1):
                self._add(part.stream, number, line)

    def _claimed(self, request: Request) -> dict[Name, str | None]:
        """Releases come first; one by who does not hold the name changes nothing."""
        tenant, standing = request.call.tenant, self._books.claims
        changed: dict[Name, str | None] = {}
        for kind, value, owner in request.releases:
            if standing.get((tenant, kind, value)) == owner:
                changed[tenant, kind, value] = None
        for kind, value, owner in request.claims:
            name = (tenant, kind, value)
            holder = changed.get(name) if name in changed else standing.get(name)
            if holder not in (None, owner):
                raise Taken(kind, value)
            changed[name] = owner
        return changed

    def _add(self, stream: str, version: int, line: Line) -> None:
        event, data = self._numbered(line)
        row = self._row(stream, version, line, data)
        tenant = row.tenant
        _, before = self.chains.get(tenant) or self._books.chains.get(tenant) or (0, GENESIS)
        row = replace(row, hash=link(before, row))
        self.chains[tenant] = (row.position, row.hash)
        self.versions[stream] = row.version
        self.rows.append(row)
        self.recorded.append(row.recorded(event))

    def _row(self, stream: str, version: int, line: Line, data: bytes) -> Row:
        books, call = self._books, self._call
        return Row(
            call.tenant,
            stream,
            version,
            books.position + len(self.rows) + 1,
            line.tag,
            line.schema,
            self._ids.new(),
            call.occurred_at or books.recorded_at,
            books.recorded_at,
            call.actor,
            call.correlation,
            call.causation,
            call.command_id,
            data,
            None if self.rows else self._origin,
        )

    def _numbered(self, line: Line) -> tuple[Any, bytes]:
        if line.sequence is None or line.numbered is None:
            return line.event, line.data
        sequence = (self._call.tenant, line.sequence)
        standing = self.numbers.get(sequence, self._books.numbers.get(sequence, 0))
        self.numbers[sequence] = standing + 1
        return line.numbered(standing + 1)


def names_of(requests: Iterable[Request]) -> list[Name]:
    """Every name that a batch takes or frees."""
    return sorted(
        {
            (request.call.tenant, kind, value)
            for request in requests
            for kind, value, _ in (*request.claims, *request.releases)
        }
    )
