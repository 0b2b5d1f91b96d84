"""Reads of one tenant's rows, under its row-level security, many in one round trip."""

from collections.abc import Sequence
from typing import Any

from psycopg.errors import Error, UndefinedColumn, UndefinedTable

from adapters.postgres.pools import AWAY, Connection, Pool, borrow
from adapters.postgres.together import Together
from application.ports import Unavailable

AT_ONCE = 4  # round trips under way
MOST = 64  # queries in one round trip
Query = tuple[str, tuple[Any, ...]]
Rows = list[tuple[Any, ...]]


class TenantReader:
    """``projections.kernel.Reader`` of one tenant."""

    def __init__(self, readings: "Together[Query, Rows | Exception]", tenant: str) -> None:
        self._readings, self.tenant = readings, tenant

    async def rows(self, sql: str, params: tuple[Any, ...] = ()) -> Rows:
        """All rows of a SELECT. Unavailable when the pool is full or the server is away."""
        found = await self._readings(self.tenant, (sql, params))
        if isinstance(found, Exception):
            raise found
        return found


class PostgresReader:
    """Makes readers: ``reader(tenant)``. The pool is the caller's, opened under souk_read.

    Queries of one tenant that wait together are read in one transaction, the same one only once.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._readings = Together(self._read, AT_ONCE, MOST)

    def __call__(self, tenant: str) -> TenantReader:
        return TenantReader(self._readings, tenant)

    async def _read(self, tenant: str, queries: Sequence[Query]) -> list[Rows | Exception]:
        asked = {_name(query): query for query in queries}
        async with borrow(self._pool) as db:
            try:
                found: list[Rows | Exception] = list(await _rows(db, tenant, list(asked.values())))
            except AWAY:
                raise
            except Error:  # one of them spoils the transaction of all
                found = [await _alone(db, tenant, query) for query in asked.values()]
        answers = dict(zip(asked, found, strict=True))
        return [answers[_name(query)] for query in queries]


def _name(query: Query) -> tuple[str, str]:
    """What tells it from others; parameters may be lists."""
    sql, params = query
    return sql, repr(params)


async def _rows(db: Connection, tenant: str, queries: Sequence[Query]) -> list[Rows]:
    async with db.pipeline():
        await db.execute("BEGIN READ ONLY")
        await db.execute("SELECT set_config('souk.tenant', %s, true)", (tenant,))
        cursors = [db.cursor(binary=True) for _ in queries]
        for cursor, (sql, params) in zip(cursors, queries, strict=True):
            await cursor.execute(sql, params)
        await db.execute("COMMIT")
    return [await cursor.fetchall() for cursor in cursors]


async def _alone(db: Connection, tenant: str, query: Query) -> Rows | Exception:
    await db.rollback()
    try:
        return (await _rows(db, tenant, [query]))[0]
    except (UndefinedTable, UndefinedColumn):
        return Unavailable("projection")  # not built yet, or of another version
    except AWAY:
        raise
    except Error as error:
        return error
