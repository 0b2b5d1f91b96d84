"""One table as a fold from the first event makes it: event by event, in a temporary table.

On purpose not the projector's own folding, which is clever about batches: two ways to one result.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Generic

from adapters.postgres.pools import Connection
from adapters.projector.documents import Documents, Stored
from adapters.projector.tables import indexes
from domain.kernel import Recorded, but
from projections.kernel import D, Table

Place = tuple[str, str]  # tenant, id
KEPT = 20_000  # documents of one table in memory
CHUNK = 1_000  # rows in one statement
FEW = 1_000  # rows that are searched fast without knowing anything of them


class _Row(Generic[D]):
    """``first``: the position of the first event that made it."""

    __slots__ = ("dirty", "document", "first")

    def __init__(self, document: D | None, first: int) -> None:
        self.document, self.first, self.dirty = document, first, False


class Scratch(Generic[D]):
    """The rows so far; those in memory are newer than the temporary table's."""

    def __init__(self, table: Table[D]) -> None:
        self.table, self.name = table, f"pg_temp.fold_{table.name}"
        self.types = {*table.on, *table.related}
        self._documents = Documents(table)
        self._rows: dict[Place, _Row[D]] = {}
        self._written, self._analyzed = 0, FEW

    async def make(self, db: Connection) -> None:
        """A row that is gone again stays, without a body. Rows are found by content as in the
        table itself, event by event: by its indexes."""
        columns = "".join(f", {name} {column.type}" for name, column in self.table.columns.items())
        await db.execute(
            f"CREATE TEMPORARY TABLE fold_{self.table.name} (tenant text, id text, position bigint,"
            f" body bytea, personal bytea{columns}, PRIMARY KEY (tenant, id)) ON COMMIT DROP"
        )
        # What waits to be put into an index is read through by each search.
        await db.execute("SET LOCAL gin_pending_list_limit = '64kB'")
        for index in indexes(self.table, self.name):
            await db.execute(index)

    async def prepare(self, db: Connection, events: Iterable[Recorded]) -> None:
        """Load the rows that these events name, at once."""
        await self._load(
            db,
            {
                (recorded.tenant, id)
                for recorded in events
                if (keys := self.table.on.get(type(recorded.event)))
                for id in keys(recorded)
            },
        )

    async def fold(self, db: Connection, recorded: Recorded) -> list[Recorded]:
        """Fold one event; what that tells the tables after this one."""
        told: list[Recorded] = []
        if type(recorded.event) not in self.types:
            return told
        places = [(recorded.tenant, id) for id in await self._ids(db, recorded)]
        await self._load(db, places)
        for place in places:
            row = self._rows[place]
            before = row.document
            row.document, row.dirty = self.table.evolve(before, recorded, place[1]), True
            if not row.first and row.document is not None:
                row.first = recorded.position
            if self.table.emits and (event := self.table.emits(before, row.document)):
                told.append(but(recorded, event=event))
        return told

    async def _ids(self, db: Connection, recorded: Recorded) -> Iterable[str]:
        kind = type(recorded.event)
        ids: dict[str, None] = {}
        if related := self.table.related.get(kind):
            sql, params = related(recorded)
            await self._flush(db)
            cursor = await db.execute(
                f"SELECT id FROM {self.name}"
                f" WHERE tenant = %s AND body IS NOT NULL AND ({sql}) ORDER BY id",
                (recorded.tenant, *params),
                prepare=False,  # a plan that was made while the table was empty reads all of it
            )
            ids = dict.fromkeys(id for (id,) in await cursor.fetchall())
        if keys := self.table.on.get(kind):
            ids |= dict.fromkeys(keys(recorded))
        return ids

    async def _load(self, db: Connection, places: Iterable[Place]) -> None:
        wanted = [place for place in places if place not in self._rows]
        if not wanted:
            return
        cursor = db.cursor(binary=True)
        await cursor.execute(
            f"SELECT tenant, id, position, body, personal FROM {self.name}"
            " JOIN unnest(%s::text[], %s::text[]) AS wanted (tenant, id) USING (tenant, id)",
            ([tenant for tenant, _ in wanted], [id for _, id in wanted]),
        )
        for place in wanted:
            self._rows[place] = _Row(None, 0)
        for tenant, id, first, body, personal in await cursor.fetchall():
            document = self._documents.decode(Stored(body, personal)) if body else None
            self._rows[tenant, id] = _Row(document, first)

    async def settle(self, db: Connection, whole: bool = False) -> None:
        """Empty the memory when it is full, or at the end."""
        if whole or len(self._rows) > KEPT:
            await self._flush(db)
            self._rows.clear()

    async def _flush(self, db: Connection) -> None:
        dirty = iter([(place, row) for place, row in self._rows.items() if row.dirty])
        while chunk := list(islice(dirty, CHUNK)):
            await self._write(db, chunk)
            self._written += len(chunk)
        if self._written > 2 * self._analyzed:
            await self._analyze(db)

    async def _analyze(self, db: Connection) -> None:
        """As the table doubles: nobody else does, and Postgres takes any index for as good as the
        one that finds a few of a tenant's rows."""
        await db.execute(f"ANALYZE {self.name}")
        self._analyzed = self._written

    async def _write(self, db: Connection, chunk: Sequence[tuple[Place, _Row[D]]]) -> None:
        names = "".join(f", {name}" for name in self.table.columns)
        types = "".join(f", {name} {column.type}" for name, column in self.table.columns.items())
        kept = ("position", "body", "personal", *self.table.columns)
        await db.execute(
            f"INSERT INTO {self.name} (tenant, id, position, body, personal{names})"
            " SELECT tenant, id, position, convert_to(body::text, 'UTF8'),"
            f" convert_to(personal::text, 'UTF8'){names} FROM json_to_recordset(%s::json) AS rows"
            f" (tenant text, id text, position bigint, body json, personal json{types})"
            f" ON CONFLICT (tenant, id) DO UPDATE SET"
            f" {', '.join(f'{name} = excluded.{name}' for name in kept)}",
            (self._documents.payload([self._raw(place, row) for place, row in chunk]),),
        )
        for _, row in chunk:
            row.dirty = False

    def _raw(self, place: Place, row: _Row[D]) -> dict[str, Any]:
        raw: dict[str, Any] = {"tenant": place[0], "id": place[1], "position": row.first}
        if row.document is None:
            return raw
        stored = self._documents.encode(row.document)
        return {**raw, **stored.raw(), **self._documents.columns(row.document)}
