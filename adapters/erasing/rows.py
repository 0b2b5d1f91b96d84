"""What Postgres holds of a person besides the log: rows, changes, kept answers, snapshots.

The log keeps their sealed bytes, which nobody can open any more, and so its chain. Everything else
is written over in place.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from psycopg.errors import UndefinedTable
from psycopg.sql import SQL, Composed, Identifier

from adapters.log.erased import Scrubbed, needle
from adapters.postgres.pools import Connection

SLICE = 10_000  # rows at once: the projection waits as long, and then begins anew
_ANSWERS = "tenant = %s AND position(%s::bytea IN answer) > 0"
T = TypeVar("T")


async def purge_rows(db: Connection, tenant: str, subject: str) -> dict[str, int]:
    """Of all projections, also those that are being built and those that were replaced; as
    souk_project. How many rows and changes had something."""
    purged = {"rows": 0, "changes": 0}
    while True:
        projections = await _projections(db)
        try:
            for name, tables in projections:
                await _move(db, name)  # what is folded from now on is without them
                for table in tables:
                    purged["rows"] += await _table(db, name, table, tenant, subject)
                purged["changes"] += await _changes(db, name, tenant, subject)
        except UndefinedTable:
            if await _projections(db) == projections:
                raise
        if await _projections(db) == projections:  # else one took another's place meanwhile
            return purged


async def _projections(db: Connection) -> list[tuple[str, list[str]]]:
    cursor = await db.execute("SELECT name, tables FROM read.projections ORDER BY name")
    return [(name, tables) for name, tables in await cursor.fetchall()]


async def _move(db: Connection, projection: str) -> int:
    """Its leader finds out, and forgets what it has in memory; it waits while this is not
    committed. Answers its position."""
    moved = await db.execute(
        "UPDATE read.projections SET generation = generation + 1 WHERE name = %s"
        " RETURNING position",
        (projection,),
    )
    found = await moved.fetchone()
    return int(found[0]) if found else 0


async def _table(db: Connection, projection: str, table: str, tenant: str, subject: str) -> int:
    name, columns = Identifier("read", table), await _texts(db, table)
    theirs, about = "tenant = %s AND position(%s IN personal) > 0", (tenant, needle(subject))
    found = await db.execute(SQL(f"SELECT id FROM {{}} WHERE {theirs}").format(name), about)
    purged = 0
    for ids in _slices([id for (id,) in await found.fetchall()]):
        async with db.transaction():
            position = await _move(db, projection)
            cursor = await db.execute(
                SQL(f"SELECT id, personal FROM {{}} WHERE {theirs} AND id = ANY(%s)").format(name),
                (*about, ids),
            )
            rows = [(id, Scrubbed(data, subject)) for id, data in await cursor.fetchall()]
            purged += await _write_over(db, name, columns, position, tenant, rows)
    return purged


async def _write_over(
    db: Connection,
    table: Identifier,
    columns: Sequence[str],
    position: int,
    tenant: str,
    rows: Sequence[tuple[str, Scrubbed]],
) -> int:
    """They are at ``position`` afterwards: whoever has kept one finds that it has changed."""
    changed = [(id, each.data, ",".join(each.lookups)) for id, each in rows if each.data]
    if changed:
        ids, data, lookups = zip(*changed, strict=True)
        told = SQL(
            "UPDATE {} AS t SET personal = new.personal, position = %s{} FROM unnest"
            "(%s::text[], %s::bytea[], %s::text[]) AS new (id, personal, lookups)"
            " WHERE t.tenant = %s AND t.id = new.id"
        ).format(table, _without_lookups(columns if any(lookups) else ()))
        await db.execute(told, (position, list(ids), list(data), list(lookups), tenant))
    return len(changed)


def _without_lookups(columns: Sequence[str]) -> Composed:
    """Columns that hold a hash which is to go: hex digits, so without a comma."""
    gone = "t.{0} = ANY(string_to_array(new.lookups, ','))"
    one = SQL(f", {{0}} = CASE WHEN {gone} THEN NULL ELSE t.{{0}} END")
    return SQL("").join(one.format(Identifier(name)) for name in columns)


def _slices(found: Sequence[T]) -> Iterator[list[T]]:
    return (list(found[at : at + SLICE]) for at in range(0, len(found), SLICE))


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
    scrubbed = [(seq, Scrubbed(data, subject).data) for seq, data in await found.fetchall()]
    changed = [(seq, data) for seq, data in scrubbed if data is not None]
    for some in _slices(changed):
        seqs, data = zip(*some, strict=True)
        await db.execute(
            "UPDATE read.changes AS c SET personal = new.personal"
            " FROM unnest(%s::bigint[], %s::bytea[]) AS new (seq, personal)"
            " WHERE c.projection = %s AND c.seq = new.seq",
            (list(seqs), list(data), projection),
        )
    return len(changed)


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
