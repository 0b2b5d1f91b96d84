"""A batch of events folded into one table's rows, in memory, and what that comes to."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic

from adapters.postgres.pools import Connection
from adapters.projector.changes import Change
from adapters.projector.documents import Documents, Stored
from adapters.projector.rows import Place, Rows, Written
from domain.kernel import Recorded, but
from projections.kernel import D, Table


class Poison(Exception):
    """An event that a projection cannot fold."""


@contextmanager
def poisonous() -> Iterator[None]:
    """Around a projection's own functions: whatever they raise is the event's fault."""
    try:
        yield
    except Exception as error:
        raise Poison(f"{type(error).__name__}: {error}") from error


class Row(Generic[D]):
    """A row as the transaction found it, as it is in the table now, and as folded so far."""

    __slots__ = ("before", "dirty", "document", "found", "position", "written")

    def __init__(self, found: Stored | None, document: D | None) -> None:
        self.found = self.written = found
        self.before = self.document = document
        self.position, self.dirty = 0, False


class Folder(Generic[D]):
    """Folds batches into one table."""

    def __init__(self, table: Table[D]) -> None:
        self.table, self.documents = table, Documents(table)
        self.rows = Rows(table, self.documents)
        self.types = {*table.on, *table.related}
        self.told: list[Recorded] = []  # what the last fold tells the tables after this one

    async def fold(
        self, db: Connection, events: Sequence[Recorded], at: int | None = None
    ) -> list[Change]:
        """Write the rows that these events change; the changes that this came to.

        ``at``: the position to give them instead of their last events' own.
        """
        self.told = []
        mine = [recorded for recorded in events if type(recorded.event) in self.types]
        if not mine:
            return []
        batch = Batch(self, db, at)
        await batch.load({place for recorded in mine for place in self.own(recorded)})
        await batch.fold(mine)
        await batch.flush()
        return batch.changes()

    def own(self, recorded: Recorded) -> list[Place]:
        """The rows that an event names."""
        keys = self.table.on.get(type(recorded.event))
        with poisonous():
            return [(recorded.tenant, id) for id in keys(recorded)] if keys else []


class Batch(Generic[D]):
    """The rows of one table during one transaction."""

    def __init__(self, folder: Folder[D], db: Connection, at: int | None) -> None:
        self._folder, self._table, self._db, self._at = folder, folder.table, db, at
        self._rows: dict[Place, Row[D]] = {}

    async def load(self, places: Iterable[Place]) -> None:
        wanted = {place for place in places if place not in self._rows}
        found = await self._folder.rows.load(self._db, wanted) if wanted else {}
        for place in wanted:
            stored = found.get(place)
            document = self._folder.documents.decode(stored) if stored else None
            self._rows[place] = Row(stored, document)

    async def fold(self, events: Sequence[Recorded]) -> None:
        index = 0
        while index < len(events):
            if type(events[index].event) in self._table.related:
                index += await self._fold_related(events[index:])
            else:
                self._evolve(events[index], self._folder.own(events[index]))
                index += 1

    async def _fold_related(self, events: Sequence[Recorded]) -> int:
        """Fold a run of events whose rows are found by content; how many of them.

        The rows are looked up as folded so far, for the whole run at once; the run ends early
        where a fold may have changed what the next look-up finds.
        """
        run = self._run(events)
        await self.flush()
        found = await self._folder.rows.find(self._db, [self._condition(r) for r in run])
        for number, (recorded, ids) in enumerate(zip(run, found, strict=True), start=1):
            places = dict.fromkeys((recorded.tenant, id) for id in ids)
            places |= dict.fromkeys(self._folder.own(recorded))
            await self.load(places)
            self._evolve(recorded, places)
            if places:
                return number
        return len(run)

    def _run(self, events: Sequence[Recorded]) -> list[Recorded]:
        run = []
        for recorded in events:
            if type(recorded.event) not in self._table.related:
                break
            run.append(recorded)
        return run

    def _condition(self, recorded: Recorded) -> tuple[str, str, tuple[Any, ...]]:
        with poisonous():
            return recorded.tenant, *self._table.related[type(recorded.event)](recorded)

    def _evolve(self, recorded: Recorded, places: Iterable[Place]) -> None:
        for place in places:
            row = self._rows[place]
            try:
                before, row.document = (
                    row.document,
                    self._table.evolve(row.document, recorded, place[1]),
                )
                if self._table.emits and (told := self._table.emits(before, row.document)):
                    self._folder.told.append(but(recorded, event=told))
            except Exception as error:
                raise Poison(f"{type(error).__name__}: {error}") from error
            row.position, row.dirty = self._at or recorded.position, True

    async def flush(self) -> None:
        """Bring the table up to what is folded so far: one statement to write, one to delete."""
        written: dict[Place, Written] = {}
        gone: list[Place] = []
        for place, row in self._rows.items():
            if not row.dirty:
                continue
            row.dirty, was = False, row.written
            new = self._written(row)
            row.written = new and new.stored
            if new and new.stored != was:
                written[place] = new
            elif was and not new:
                gone.append(place)
        await self._folder.rows.upsert(self._db, written)
        await self._folder.rows.delete(self._db, gone)

    def _written(self, row: Row[D]) -> Written | None:
        if row.document is None:
            return None
        documents = self._folder.documents
        with poisonous():
            stored, columns = documents.encode(row.document), documents.columns(row.document)
        return Written(row.position, stored, columns)

    def changes(self) -> list[Change]:
        """One for each row that is not as the transaction found it."""
        return [
            Change(tenant, topic, row.position, self._table.name, id, row.written)
            for (tenant, id), row in self._rows.items()
            if row.written != row.found and (topic := self._topic(id, row)) is not None
        ]

    def _topic(self, id: str, row: Row[D]) -> str | None:
        """Empty for a row that only the counters follow, None for one that nobody follows."""
        document = row.document if row.document is not None else row.before
        if self._table.topic is None or document is None:
            return "" if self._table.counters else None
        with poisonous():
            return self._table.topic(id, document)
