"""A batch of events folded into one table's rows, in memory, and what that comes to."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic

from adapters.log.codec import tag_of
from adapters.postgres.pools import Connection
from adapters.projector.changes import Change
from adapters.projector.documents import Documents
from adapters.projector.kinds import is_logged
from adapters.projector.memory import Memory, Row
from adapters.projector.rows import Condition, Place, Rows, Written
from domain.kernel import Event, Recorded, but
from projections.kernel import D, Table, own

Turns = dict[Place, list[Recorded]]  # the events that each row takes, in order


class Poison(Exception):
    """An event that a projection cannot fold."""


@contextmanager
def poisonous() -> Iterator[None]:
    """Around a projection's own functions: whatever they raise is the event's fault."""
    try:
        yield
    except Exception as error:
        raise Poison(f"{type(error).__name__}: {error}") from error


class Folder(Generic[D]):
    """Folds batches into one table: ``fold``, ``flush``, ``changes``, then ``keep``, or ``forget``
    when the transaction came to nothing or the rows may have been changed by someone else."""

    def __init__(self, table: Table[D], schema: str = "read") -> None:
        self.table, self._documents = table, Documents(table)
        self.types: frozenset[type[Event]] = frozenset((*table.on, *table.related))
        self.told: list[Recorded] = []  # what the last fold tells the tables after this one
        self._rows, self._memory = Rows(table, schema), Memory[D]()
        self._one_stream_a_row = _one_stream_a_row(table)

    def searches(self, events: Iterable[Recorded]) -> bool:
        """Whether rows must be found by content, which takes what is folded to the table first."""
        related = self.table.related
        return bool(related) and any(type(recorded.event) in related for recorded in events)

    async def fold(self, db: Connection, events: Sequence[Recorded], at: int | None = None) -> None:
        """``at``: the position to give the changes instead of their last events' own."""
        self.told = []
        mine = [recorded for recorded in events if type(recorded.event) in self.types]
        turns = self._turns(mine)
        await self._load(db, turns)
        if not self.searches(mine):
            self._take(mine, turns, at)
            return
        while mine:
            mine = mine[await self._fold_some(db, mine, at) :]

    def _turns(self, events: Iterable[Recorded]) -> Turns:
        """Which events each row takes, by the rows that the events name."""
        on, turns = self.table.on, Turns()
        with poisonous():
            for recorded in events:
                if keys := on.get(type(recorded.event)):
                    tenant = recorded.tenant
                    for id in keys(recorded):
                        if (turn := turns.get((tenant, id))) is None:
                            turns[tenant, id] = [recorded]
                        elif turn[-1] is not recorded:
                            turn.append(recorded)
        return turns

    async def _load(self, db: Connection, turns: Turns) -> None:
        missing = self._memory.touch(turns)
        looked = [place for place in missing if not self._begins(turns[place][0])]
        found = await self._rows.load(db, looked) if looked else {}
        for place in missing:
            stored = found.get(place)
            document = self._documents.decode(stored) if stored else None
            self._memory.add(place, Row(stored, document))

    def _begins(self, first: Recorded) -> bool:
        """Whether it is what makes its row, so that none can be there yet."""
        return self._one_stream_a_row and first.version == 1 and type(first.event) in self.table.on

    def _take(self, events: Sequence[Recorded], turns: Turns, at: int | None) -> None:
        """Row by row; but event by event where that is the order of what it tells."""
        if self.table.emits is None:
            self._evolve(turns, at)
        else:
            for recorded in events:
                self._evolve(self._turns([recorded]), at)

    async def _fold_some(self, db: Connection, mine: Sequence[Recorded], at: int | None) -> int:
        """A run of events of which all are found by content, or none is; how many were folded."""
        searched = [type(recorded.event) in self.table.related for recorded in mine]
        length = (*searched, not searched[0]).index(not searched[0])
        run = mine[:length]
        if searched[0]:
            return await self._fold_related(db, run, at)
        self._take(run, self._turns(run), at)
        return length

    async def _fold_related(self, db: Connection, run: Sequence[Recorded], at: int | None) -> int:
        """Fold a run of events whose rows are found by content; how many of them.

        The rows are looked up as folded so far, for the whole run at once; the run ends early
        where a fold may have changed what the next look-up finds.
        """
        await self.flush(db)
        found = await self._rows.find(db, [self._condition(recorded) for recorded in run])
        for number, (recorded, ids) in enumerate(zip(run, found, strict=True), start=1):
            turns = {(recorded.tenant, id): [recorded] for id in ids} | self._turns([recorded])
            await self._load(db, turns)
            self._evolve(turns, at)
            if turns:
                return number
        return len(run)

    def _condition(self, recorded: Recorded) -> Condition:
        with poisonous():
            return recorded.tenant, *self.table.related[type(recorded.event)](recorded)

    def _evolve(self, turns: Turns, at: int | None) -> None:
        """The loop that every event goes through: nothing here that can be done outside it."""
        evolve, emits, rows = self.table.evolve, self.table.emits, self._memory.rows
        with poisonous():
            for place, turn in turns.items():
                row, id = rows[place], place[1]
                after = row.document
                for recorded in turn:
                    before, after = after, evolve(after, recorded, id)
                    if emits and (told := emits(before, after)):
                        self.told.append(but(recorded, event=told))
                row.document, row.dirty = after, True
                row.position = at or turn[-1].position

    async def flush(self, db: Connection) -> None:
        """Bring the table up to what is folded so far: one statement to write, one to delete."""
        written: dict[Place, Written] = {}
        gone: list[Place] = []
        with poisonous():
            for place, row in self._memory.touched.items():
                if row.dirty:
                    self._settle(place, row, written, gone)
        await self._rows.upsert(db, written)
        await self._rows.delete(db, gone)

    def _settle(
        self, place: Place, row: Row[D], written: dict[Place, Written], gone: list[Place]
    ) -> None:
        row.dirty, document, was = False, row.document, row.written
        if document is None:
            row.written = None
            if was is not None:
                gone.append(place)
            return
        stored = self._documents.encode(document)
        if stored != was:
            row.written = stored
            written[place] = Written(row.position, stored, self._documents.texts(document))

    def changes(self) -> list[Change]:
        """One for each row that is not as the transaction found it."""
        if self.table.topic is None and not self.table.counters:
            return []
        name = self.table.name
        with poisonous():
            return [
                Change(tenant, topic, row.position, name, id, row.written, row.found is None)
                for (tenant, id), row in self._memory.touched.items()
                if row.written != row.found and (topic := self._topic(id, row)) is not None
            ]

    def _topic(self, id: str, row: Row[D]) -> str | None:
        """Empty for a row that only the counters follow, None for one that nobody follows."""
        document = row.document if row.document is not None else row.before
        if self.table.topic is None or document is None:
            return "" if self.table.counters else None
        return self.table.topic(id, document)

    def keep(self) -> None:
        """The transaction is committed: its rows stand as they were written."""
        self._memory.settle()

    def forget(self) -> None:
        self._memory = Memory()


def _one_stream_a_row(table: Table[D]) -> bool:
    """Whether a row is made of the events of one stream, so that nobody else can have made it."""
    contexts = {tag_of(kind).partition(".")[0] for kind in table.on if is_logged(kind)}
    return len(contexts) == 1 and all(keys is own for keys in table.on.values())
