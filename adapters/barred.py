"""Who may do nothing any more, and which tenants take no commands: the few exceptions, known whole
to every process, so that no request asks for its own."""

import asyncio
import time

from msgspec import Struct
from psycopg.errors import UndefinedTable

from adapters.postgres.pools import Pool, borrow
from application.ports import Unavailable
from projections.identity import REMOVED
from projections.tenants import ARCHIVED

FRESH = 1.0  # seconds that it is trusted without looking again
PATIENCE = 0.5  # seconds that a request waits for news, where something is known


class Known(Struct, frozen=True):
    """``members``: as (tenant, user)."""

    members: frozenset[tuple[str, str]] = frozenset()
    tenants: frozenset[str] = frozenset()


class Barred:
    """``pool``: one that reads all tenants."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: Known | None = None
        self._until = 0.0
        self._looking: asyncio.Task[None] | None = None

    async def __call__(self) -> Known:
        """A second old at the most, unless Postgres is away. Raises Unavailable where nothing has
        been known yet."""
        if time.monotonic() >= self._until:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look(), name="souk-barred")
            await asyncio.wait({self._looking}, timeout=PATIENCE if self._known else None)
        if self._known is None:
            raise Unavailable("postgres")
        return self._known

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def _look(self) -> None:
        try:
            async with borrow(self._pool) as db:
                members = await (
                    await db.execute(f"SELECT tenant, id FROM read.{REMOVED.name}")
                ).fetchall()
                tenants = await (
                    await db.execute(f"SELECT tenant FROM read.{ARCHIVED.name}")
                ).fetchall()
            self._known = Known(frozenset(members), frozenset(tenant for (tenant,) in tenants))
        except UndefinedTable:  # the projections are still being built
            self._known = self._known or Known()
        except Unavailable:
            pass  # what is known stands
        self._until = time.monotonic() + FRESH
