"""The history of one tenant told from its first event, as it was at one moment; only read."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from adapters.log.codec import tag_of
from adapters.log.rows import COLUMNS, Row
from adapters.log.tail import house_codec
from adapters.postgres.pools import Connection, unavailable
from adapters.projector.leader import connected
from domain.kernel import Event, Recorded

AT_ONCE = 2_000  # events


@asynccontextmanager
async def told(url: str, name: str) -> AsyncIterator[Connection]:
    """A connection with a snapshot, on which nothing can be written. Raises Unavailable."""
    with unavailable():
        async with connected(url, name) as db, db.transaction():
            await db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await db.execute("SET LOCAL statement_timeout = 0")
            yield db


async def history(
    db: Connection, tenant: str, kinds: Iterable[type[Event]]
) -> AsyncIterator[Recorded]:
    """The tenant's events of these kinds, in order; personal data sealed."""
    codec, tags = house_codec(), [tag_of(kind) for kind in kinds]
    async with db.cursor(name="souk_history", binary=True) as cursor:
        await cursor.execute(
            f"SELECT {COLUMNS} FROM log.events WHERE tenant = %s AND tag = ANY(%s)"
            " ORDER BY position",
            (tenant, tags),
        )
        while rows := await cursor.fetchmany(AT_ONCE):
            for row in rows:
                yield Row(*row).decoded(codec)
