"""One table's rows in Postgres: loaded, written and found set-wise, one statement each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeAlias

from adapters.postgres.pools import Connection
from adapters.projector.documents import Documents, Stored
from projections.kernel import D, Table

Place: TypeAlias = tuple[str, str]  # tenant, id
Condition: TypeAlias = tuple[str, str, tuple[Any, ...]]  # tenant, SQL, its parameters


class Written(NamedTuple):
    """A row as it is to be stored."""

    position: int
    stored: Stored
    columns: dict[str, Any]


class Rows(Generic[D]):
    """The statements of one table."""

    def __init__(self, table: Table[D], documents: Documents[D]) -> None:
        self._name, self._documents = f"read.{table.name}", documents
        self._columns = {name: column.type for name, column in table.columns.items()}
        self._load = (
            f"SELECT tenant, id, body, personal FROM {self._name}"
            " JOIN unnest(%s::text[], %s::text[]) AS wanted (tenant, id) USING (tenant, id)"
        )
        self._delete = (
            f"DELETE FROM {self._name} AS old USING unnest(%s::text[], %s::text[])"
            " AS gone (tenant, id) WHERE old.tenant = gone.tenant AND old.id = gone.id"
        )
        self._upsert = self._upserting()

    def _upserting(self) -> str:
        """One JSON parameter: columns of type json keep the text of a body byte for byte."""
        names = "".join(f", {name}" for name in self._columns)
        types = "".join(f", {name} {type}" for name, type in self._columns.items())
        kept = ", ".join(
            f"{name} = excluded.{name}" for name in ("position", "body", "personal", *self._columns)
        )
        return (
            f"INSERT INTO {self._name} (tenant, id, position, body, personal{names})"
            " SELECT tenant, id, position, convert_to(body::text, 'UTF8'),"
            f" convert_to(personal::text, 'UTF8'){names} FROM json_to_recordset(%s::json) AS rows"
            f" (tenant text, id text, position bigint, body json, personal json{types})"
            f" ON CONFLICT (tenant, id) DO UPDATE SET {kept}"
        )

    async def load(self, db: Connection, places: Iterable[Place]) -> dict[Place, Stored]:
        cursor = db.cursor(binary=True)
        await cursor.execute(self._load, _columns_of(places))
        return {
            (tenant, id): Stored(body, personal)
            for tenant, id, body, personal in await cursor.fetchall()
        }

    async def upsert(self, db: Connection, rows: Mapping[Place, Written]) -> None:
        payload = [
            {
                "tenant": tenant,
                "id": id,
                "position": row.position,
                **row.stored.raw(),
                **row.columns,
            }
            for (tenant, id), row in rows.items()
        ]
        if payload:
            await db.execute(self._upsert, (self._documents.payload(payload),))

    async def delete(self, db: Connection, places: Sequence[Place]) -> None:
        if places:
            await db.execute(self._delete, _columns_of(places))

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


def _columns_of(places: Iterable[Place]) -> tuple[list[str], list[str]]:
    wanted = list(places)
    return [tenant for tenant, _ in wanted], [id for _, id in wanted]
