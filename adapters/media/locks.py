"""Who works on what, among all processes: advisory locks, which end with their connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.postgres.pools import Connection

_LOCK = "hashtextextended(%s, 0)"


async def take(db: Connection, tenant: str, asset: str) -> bool:
    """Whether the job is ours now."""
    cursor = await db.execute(f"SELECT pg_try_advisory_lock({_LOCK})", (_job(tenant, asset),))
    return await cursor.fetchone() == (True,)


async def leave(db: Connection, tenant: str, asset: str) -> None:
    await db.execute(f"SELECT pg_advisory_unlock({_LOCK})", (_job(tenant, asset),))


@asynccontextmanager
async def alone(db: Connection, tenant: str, sha256: str) -> AsyncIterator[None]:
    """With an object's files: nobody erases them while they are written and not yet held."""
    name = (f"souk-object/{tenant}/{sha256}",)
    await db.execute(f"SELECT pg_advisory_lock({_LOCK})", name)
    try:
        yield
    finally:
        await db.execute(f"SELECT pg_advisory_unlock({_LOCK})", name)


def _job(tenant: str, asset: str) -> str:
    return f"souk-media/{tenant}/{asset}"
