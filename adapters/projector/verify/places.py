"""Where the tables of a snapshot are by now: a rebuild beside it lets names change places.

Its rows are still in the table that had the name then; to the snapshot the one that has it now is
empty.
"""

from adapters.postgres.pools import Connection


async def places(db: Connection) -> dict[str, int]:
    """The read tables by the names that they have in the transaction's snapshot."""
    cursor = await db.execute(
        "SELECT relname, oid FROM pg_class WHERE relnamespace = 'read'::regnamespace"
    )
    return {name: int(oid) for name, oid in await cursor.fetchall()}


async def held(db: Connection, place: int | None) -> str | None:
    """What that table is called now, and until the transaction ends. None: it is gone."""
    while name := await _called(db, place):
        await db.execute(f"LOCK TABLE {name} IN ACCESS SHARE MODE")
        if name == await _called(db, place):
            break
    return name


async def _called(db: Connection, place: int | None) -> str | None:
    """As everybody sees it, whatever the snapshot says."""
    cursor = await db.execute(
        "SELECT nullif(oid::regclass::text, oid::text) FROM (SELECT %s::oid) AS place (oid)",
        (place,),
    )
    name: str | None
    ((name,),) = await cursor.fetchall()
    return name
