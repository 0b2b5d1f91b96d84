"""Reads of one tenant's rows, under its row-level security, one round trip each."""

from typing import Any

from psycopg.errors import UndefinedColumn, UndefinedTable

from adapters.postgres.pools import Pool, borrow
from application.ports import Unavailable


class TenantReader:
    """``projections.kernel.Reader`` over a pool of souk_read connections."""

    def __init__(self, pool: Pool, tenant: str) -> None:
        self._pool, self.tenant = pool, tenant

    async def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a SELECT. Unavailable when the pool is full or the server is away."""
        async with borrow(self._pool) as db:
            cursor = db.cursor(binary=True)
            try:
                async with db.pipeline():
                    await db.execute("BEGIN READ ONLY")
                    await db.execute("SELECT set_config('souk.tenant', %s, true)", (self.tenant,))
                    await cursor.execute(sql, params)
                    await db.execute("COMMIT")
            except (UndefinedTable, UndefinedColumn):
                raise Unavailable("projection") from None  # not built yet, or of another version
            return await cursor.fetchall()


class PostgresReader:
    """Makes readers: ``reader(tenant)``. The pool is the caller's, opened under souk_read."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def __call__(self, tenant: str) -> TenantReader:
        return TenantReader(self._pool, tenant)
