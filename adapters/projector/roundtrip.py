"""A transaction that is one round trip, whatever it writes, and statements that stay short."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from psycopg.pq import TransactionStatus

from adapters.postgres.pools import Connection

T = TypeVar("T")
MOST = 5_000  # rows in one statement: an event may touch more than it would have time for


def slices(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """In order, each for one statement; none of nothing."""
    return (rows[start : start + MOST] for start in range(0, len(rows), MOST))


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
