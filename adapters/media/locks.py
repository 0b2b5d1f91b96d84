"""Who works on what, among all processes: advisory locks, which end with their connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.postgres.pools import Connection

LOOK = 0.1  # seconds
_LOCK = "hashtextextended(%s, 0)"
_TRY = f"SELECT pg_try_advisory_lock({_LOCK})"


async def take(db: Connection, tenant: str, asset: str) -> bool:
    """Whether the job is ours now."""
    cursor = await db.execute(_TRY, (_job(tenant, asset),))
    return await cursor.fetchone() == (True,)


async def leave(db: Connection, tenant: str, asset: str) -> None:
    await db.execute(f"SELECT pg_advisory_unlock({_LOCK})", (_job(tenant, asset),))


@asynccontextmanager
async def alone(db: Connection, tenant: str, sha256: str) -> AsyncIterator[None]:
    """With an object's files: nobody erases them while they are written and not yet held."""
    name = (f"souk-object/{tenant}/{sha256}",)
    while await (await db.execute(_TRY, name)).fetchone() != (True,):  # noqa: ASYNC110
        await asyncio.sleep(LOOK)  # who has it may put them over a slow line, for minutes
    try:
        yield
    finally:
        await db.execute(f"SELECT pg_advisory_unlock({_LOCK})", name)


def _job(tenant: str, asset: str) -> str:
    return f"souk-media/{tenant}/{asset}"
