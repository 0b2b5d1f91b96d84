"""What Postgres holds of a person besides the log: rows, changes, kept answers, snapshots.

The log keeps their sealed bytes, which nobody can open any more, and so its chain. Everything else
is written over in place.
"""

from collections.abc import Sequence

from psycopg.sql import SQL, Composed, Identifier

from adapters.log.erased import Scrubbed, needle
from adapters.postgres.pools import Connection

_ANSWERS = "tenant = %s AND position(%s::bytea IN answer) > 0"


async def purge_rows(db: Connection, tenant: str, subject: str) -> dict[str, int]:
    """Of all projections, also those that are being built and those that were replaced; as
    souk_project. How many rows and changes had something."""
    cursor = await db.execute("SELECT name, tables FROM read.projections ORDER BY name")
    purged = {"rows": 0, "changes": 0}
    for name, tables in await cursor.fetchall():
        async with db.transaction():
            # Its leader finds out, and forgets what it has in memory; meanwhile it waits.
            moved = await db.execute(
                "UPDATE read.projections SET generation = generation + 1 WHERE name = %s"
                " RETURNING position",
                (name,),
            )
            ((position,),) = await moved.fetchall()
            for table in tables:
                purged["rows"] += await _table(db, table, position, tenant, subject)
            purged["changes"] += await _changes(db, name, tenant, subject)
    return purged


async def _table(db: Connection, table: str, position: int, tenant: str, subject: str) -> int:
    """Its rows are at ``position`` afterwards: whoever has kept one finds that it has changed."""
    name, columns = Identifier("read", table), await _texts(db, table)
    found = await db.execute(
        SQL(
            "SELECT id, personal FROM {} WHERE tenant = %s AND position(%s IN personal) > 0"
        ).format(name),
        (tenant, needle(subject)),
    )
    purged = 0
    for id, personal in await found.fetchall():
        scrubbed = Scrubbed(personal, subject)
        if scrubbed.data is not None:
            change, lookups = _change(columns, scrubbed.lookups)
            await db.execute(
                SQL(
                    "UPDATE {} SET personal = %s, position = %s{} WHERE tenant = %s AND id = %s"
                ).format(name, change),
                (scrubbed.data, position, *lookups, tenant, id),
            )
            purged += 1
    return purged


def _change(columns: Sequence[str], lookups: list[str]) -> tuple[Composed, list[list[str]]]:
    """Columns that hold a hash which is to go."""
    one = SQL(", {0} = CASE WHEN {0} = ANY(%s) THEN NULL ELSE {0} END")
    wanted = [Identifier(name) for name in columns if lookups]
    return SQL("").join(one.format(name) for name in wanted), [lookups] * len(wanted)


async def _texts(db: Connection, table: str) -> list[str]:
    cursor = await db.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
        " AND NOT attisdropped AND atttypid = 'text'::regtype AND attname NOT IN ('tenant', 'id')",
        (f"read.{table}",),
    )
    return [name for (name,) in await cursor.fetchall()]


async def _changes(db: Connection, projection: str, tenant: str, subject: str) -> int:
    found = await db.execute(
        "SELECT seq, personal FROM read.changes WHERE projection = %s AND tenant = %s"
        " AND position(%s IN personal) > 0",
        (projection, tenant, needle(subject)),
    )
    purged = 0
    for seq, personal in await found.fetchall():
        if (data := Scrubbed(personal, subject).data) is not None:
            await db.execute(
                "UPDATE read.changes SET personal = %s WHERE projection = %s AND seq = %s",
                (data, projection, seq),
            )
            purged += 1
    return purged


async def purge_answers(db: Connection, tenant: str, subject: str) -> int:
    """As souk_append. No answer of a command has personal data so far; none shall stay if one
    should."""
    found = await db.execute(
        f"SELECT principal, route, key, answer FROM log.answers WHERE {_ANSWERS}",
        (tenant, needle(subject)),
    )
    purged = 0
    for *slot, answer in await found.fetchall():
        if (data := Scrubbed(answer, subject).data) is not None:
            await db.execute(
                "UPDATE log.answers SET answer = %s"
                " WHERE (tenant, principal, route, key) = (%s, %s, %s, %s)",
                (data, tenant, *slot),
            )
            purged += 1
    return purged


async def purge_snapshots(db: Connection, tenant: str, streams: Sequence[str]) -> int:
    """Of streams with something of theirs: they can be folded again. As souk_append."""
    gone = await db.execute(
        "DELETE FROM log.snapshots WHERE tenant = %s AND stream = ANY(%s)", (tenant, list(streams))
    )
    return gone.rowcount
