"""Reads of one tenant's rows, under its row-level security, many in one round trip."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from psycopg.errors import Error, UndefinedColumn, UndefinedTable

from adapters.postgres.pools import AWAY, Connection, Pool, borrow
from adapters.postgres.together import Together
from application.ports import Unavailable

AT_ONCE = 4  # round trips under way
MOST = 64  # queries in one round trip
ALIKE = 3  # queries from which on those that differ in their parameters alone are one statement
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

    Queries of one tenant that wait together are read in one transaction, the same one only once,
    and several of the same words in one statement: each costs the client as much as reading it.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._readings = Together(self._read, AT_ONCE, MOST, pool.patience)
        self._unlike: set[str] = set()  # statements that did not work for several at once

    def __call__(self, tenant: str) -> TenantReader:
        return TenantReader(self._readings, tenant)

    async def _read(self, tenant: str, queries: Sequence[Query]) -> list[Rows | Exception]:
        asked = {_name(query): query for query in queries}
        distinct = list(asked.values())
        groups = _alike(distinct, self._unlike)
        async with borrow(self._pool) as db:
            try:
                found: list[Rows | Exception] = list(await _grouped(db, tenant, distinct, groups))
            except AWAY:
                raise
            except Error:  # one of them spoils the transaction of all
                found = await self._apart(db, tenant, distinct, groups)
        answers = dict(zip(asked, found, strict=True))
        return [answers[_name(query)] for query in queries]

    async def _apart(
        self, db: Connection, tenant: str, queries: Sequence[Query], groups: Sequence[list[int]]
    ) -> list[Rows | Exception]:
        """Each group for itself, and each query that is in none."""
        found: dict[int, Rows | Exception] = {}
        for numbers in groups:
            group = [queries[number] for number in numbers]
            found |= zip(numbers, await self._together(db, tenant, group), strict=True)
        for number, query in enumerate(queries):
            if number not in found:
                found[number] = await _alone(db, tenant, query)
        return [found[number] for number in range(len(queries))]

    async def _together(
        self, db: Connection, tenant: str, group: Sequence[Query]
    ) -> list[Rows | Exception]:
        """What is answered one by one, but not at once, is not asked at once again."""
        await db.rollback()
        try:
            return list(await _grouped(db, tenant, group, [range(len(group))]))
        except AWAY:
            raise
        except Error:
            found = [await _alone(db, tenant, query) for query in group]
            if not any(isinstance(each, Exception) for each in found):
                self._unlike.add(group[0][0])
            return found


def _name(query: Query) -> tuple[str, str]:
    """What tells it from others; parameters may be lists."""
    sql, params = query
    return sql, repr(params)


def _alike(queries: Sequence[Query], unlike: Collection[str]) -> list[list[int]]:
    """The numbers of queries that differ in their parameters alone, all of them texts."""
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for number, (sql, params) in enumerate(queries):
        if params and sql not in unlike and all(isinstance(p, str | None) for p in params):
            alike[sql].append(number)
    return [numbers for numbers in alike.values() if len(numbers) >= ALIKE]


async def _grouped(
    db: Connection, tenant: str, queries: Sequence[Query], groups: Sequence[Sequence[int]]
) -> list[Rows]:
    """The rows of each query; each group is one statement."""
    merged = {number for numbers in groups for number in numbers}
    single = [number for number in range(len(queries)) if number not in merged]
    statements = [queries[number] for number in single]
    statements += [_merged([queries[number] for number in numbers]) for numbers in groups]
    found = await _rows(db, tenant, statements)
    answers: list[Rows] = [[] for _ in queries]
    for number, rows in zip(single, found, strict=False):
        answers[number] = rows
    for numbers, rows in zip(groups, found[len(single) :], strict=True):
        for nth, *row in rows:
            answers[numbers[nth - 1]].append(tuple(row))
    return answers


def _merged(queries: Sequence[Query]) -> Query:
    """One statement for queries of the same words, whose rows begin with the query's number, from
    1. Each is still planned as it stands (that is what OFFSET is for), never as a join."""
    sql = queries[0][0]
    names = [f"p{n}" for n in range(len(queries[0][1]))]
    before, *after = sql.split("%s")
    own = before + "".join(f"asked.{n}{part}" for n, part in zip(names, after, strict=True))
    arrays = ", ".join("%s::text[]" for _ in names)
    return (
        f"SELECT asked.nth, found.* FROM unnest({arrays})"
        f" WITH ORDINALITY AS asked ({', '.join(names)}, nth),"
        f" LATERAL (SELECT * FROM ({own}) AS one OFFSET 0) AS found",
        tuple(list(column) for column in zip(*(params for _, params in queries), strict=True)),
    )


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
