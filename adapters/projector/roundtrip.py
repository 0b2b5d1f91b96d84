"""A transaction that is one round trip, whatever it writes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from psycopg.pq import TransactionStatus

from adapters.postgres.pools import Connection


@asynccontextmanager
async def at_once(db: Connection) -> AsyncIterator[None]:
    """Of statements whose answers nobody waits for inside. psycopg's own transaction makes three
    trips of it, also in a pipeline; it serves where this one is inside another."""
    if db.info.transaction_status != TransactionStatus.IDLE:
        async with db.pipeline(), db.transaction():
            yield
        return
    async with db.pipeline():  # what is sent between two syncs is one transaction
        try:
            yield
        except BaseException:
            with suppress(Exception):
                await db.execute("ROLLBACK")  # or the sync would keep what was sent so far
            raise
