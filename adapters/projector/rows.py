"""One table's rows in Postgres: loaded, written and found set-wise, one statement each, or a few
for very many."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeAlias

from adapters.postgres import packed
from adapters.postgres.pools import Connection
from adapters.projector.documents import Stored
from adapters.projector.roundtrip import slices
from projections.kernel import D, Table

Place: TypeAlias = tuple[str, str]  # tenant, id
Condition: TypeAlias = tuple[str, str, tuple[Any, ...]]  # tenant, SQL, its parameters


class Written(NamedTuple):
    """A row as it is to be stored; its columns in Postgres's text format."""

    position: int
    stored: Stored
    columns: tuple[str | None, ...]


class Rows(Generic[D]):
    """The statements of one table."""

    def __init__(self, table: Table[D], schema: str) -> None:
        self._name = f"{schema}.{table.name}"
        self._columns = {name: column.type for name, column in table.columns.items()}
        # One by one, by key. It is planned anew each time: a plan that was made while the table
        # was empty goes by any index, and so through all rows of a tenant for each of the wanted.
        by_key = (
            "unnest(%s, %s) AS wanted (tenant, id) CROSS JOIN LATERAL"
            f" (SELECT ctid, * FROM {self._name} AS own"
            " WHERE own.tenant = wanted.tenant AND own.id = wanted.id LIMIT 1) AS row"
        )
        self._load = f"SELECT row.tenant, row.id, row.body, row.personal FROM {by_key}"
        self._delete = (
            f"DELETE FROM {self._name} WHERE ctid = ANY (ARRAY(SELECT row.ctid FROM {by_key}))"
        )
        self._upsert = self._upserting()

    def _upserting(self) -> str:
        """One array for each column; those of the table's own are cast from text."""
        names = ("tenant", "id", "position", "body", "personal", *self._columns)
        casts = "".join(f", {name}::{type}" for name, type in self._columns.items())
        kept = ", ".join(f"{name} = excluded.{name}" for name in names[2:])
        return (
            f"INSERT INTO {self._name} ({', '.join(names)})"
            f" SELECT tenant, id, position, body, personal{casts}"
            f" FROM unnest({', '.join(['%s'] * len(names))}) AS rows ({', '.join(names)})"
            f" ON CONFLICT (tenant, id) DO UPDATE SET {kept}"
        )

    async def load(self, db: Connection, places: Collection[Place]) -> dict[Place, Stored]:
        found: dict[Place, Stored] = {}
        for wanted in slices(list(places)):
            cursor = db.cursor(binary=True)
            await cursor.execute(self._load, _columns_of(wanted), prepare=False)
            for tenant, id, body, personal in await cursor.fetchall():
                found[tenant, id] = Stored(body, personal)
        return found

    async def upsert(self, db: Connection, rows: Mapping[Place, Written]) -> None:
        for places in slices(list(rows)):
            await self._write(db, places, [rows[place] for place in places])

    async def _write(
        self, db: Connection, places: Collection[Place], rows: Sequence[Written]
    ) -> None:
        positions, stored, columns = zip(*rows, strict=True)
        bodies, personal = zip(*stored, strict=True)
        await db.execute(
            self._upsert,
            (
                *_columns_of(places),
                packed.integers(positions),
                packed.blobs(bodies),
                packed.blobs(personal),
                *map(packed.texts, zip(*columns, strict=True)),
            ),
        )

    async def delete(self, db: Connection, places: Collection[Place]) -> None:
        for gone in slices(list(places)):
            await db.execute(self._delete, _columns_of(gone), prepare=False)

    async def find(self, db: Connection, conditions: Sequence[Condition]) -> list[list[str]]:
        """For each condition the ids that meet it, in one round trip."""
        async with db.pipeline():
            cursors = [
                await db.execute(
                    f"SELECT id FROM {self._name} WHERE tenant = %s AND ({sql}) ORDER BY id",
                    (tenant, *params),
                )
                for tenant, sql, params in conditions
            ]
        return [[id for (id,) in await cursor.fetchall()] for cursor in cursors]


def _columns_of(places: Collection[Place]) -> tuple[packed.Texts, packed.Texts]:
    return (
        packed.texts([tenant for tenant, _ in places]),
        packed.texts([id for _, id in places]),
    )
