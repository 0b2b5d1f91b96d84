"""What is not worth keeping goes: folds of other code, unused, too many, or never finished."""

from collections.abc import Mapping

from adapters.asof import registry, scratch
from adapters.postgres.pools import ASOF, Connection
from adapters.projector.leader import connected, take
from adapters.projector.tables import shape_of
from projections.kernel import Projection

LONGEST_READING = "90s"  # of a fold: whoever reads it gives up before


async def trim(url: str, db: Connection, new: str, kept: int) -> None:
    """Drop the least recently used beyond ``kept``."""
    async with db.transaction():
        gone = await registry.least_used(db, new, kept)
        tables = await registry.forget(db, gone)
    await scratch.drop(url, tables)


async def drop_all(url: str, tenant: str) -> int:
    """Every fold of a tenant, when what may be in them must be gone; how many were served."""
    async with connected(url, "souk-asof", ASOF) as db, db.transaction():
        gone = await registry.forget_tenant(db, tenant)
    await scratch.drop(url, [table for tables in gone for table in tables], LONGEST_READING)
    return len(gone)


async def tidy(url: str, db: Connection, projections: Mapping[str, Projection]) -> None:
    """Also what a process or a crash of the server left behind. Safe beside whoever folds."""
    shapes = [f"{name} {p.VERSION} {shape_of(p)}" for name, p in projections.items()]
    tables = await scratch.there_are(db)  # first: what is made meanwhile is known by then
    for id, name in await registry.unfinished(db):
        if await take(db, name):
            await registry.abandon(db, [id])  # unless it was finished just now
            await db.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (name,))
    await registry.forget(db, await registry.outdated(db, shapes))
    await scratch.drop(url, tables - await registry.known(db))
