"""Transactions in which one tenant's log is to be seen, and nothing else."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from adapters.postgres.pools import Connection, Pool, borrow

_TENANT = "SELECT set_config('souk.tenant', %s, true)"


@asynccontextmanager
async def seeing(pool: Pool, tenant: str) -> AsyncIterator[Connection]:
    """``pool``: of souk_audit. Unavailable when it is full or the server is away."""
    async with borrow(pool) as db, db.transaction():
        await db.execute(_TENANT, (tenant,))
        yield db


async def rows(db: Connection, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Planned for these very parameters: what is rare is looked for otherwise than what is not."""
    cursor = db.cursor(binary=True)
    await cursor.execute(sql, params, prepare=False)
    return await cursor.fetchall()
