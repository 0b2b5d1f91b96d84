"""A read table beside its fold, row by row, in one statement."""

from typing import Any

from adapters.postgres.pools import Connection
from adapters.projector.verify.difference import (
    CHANGED,
    EXTRA,
    MISSING,
    Difference,
    Found,
    differing,
)
from adapters.projector.verify.scratch import Scratch


async def compare(
    db: Connection, scratch: Scratch[Any], table: str, position: int, found: Found
) -> int:
    """Tell every difference; how many rows the table has. ``table``: what it is called now.

    A row's position is any of those at which it was as it is, which depends on the projector's
    batches: it is only held against the row's first event and the projection's ``position``.
    """
    async with db.cursor(name=f"differences_{scratch.table.name}", binary=True) as cursor:
        await cursor.execute(_differences(scratch, table), (position, position))
        async for tenant, id, at, *pair, columns in cursor:
            found(Difference(f"read.{scratch.table.name}", tenant, id, *_told(at, pair, columns)))
    count = await db.execute(f"SELECT count(*) FROM {table}")
    ((rows,),) = await count.fetchall()
    return int(rows)


def _differences(scratch: Scratch[Any], table: str) -> str:
    differs = [f"(f.{name})::text IS DISTINCT FROM (r.{name})::text" for name in _names(scratch)]
    columns = ", ".join(
        f"CASE WHEN {test} THEN '{name} (column)' END"
        for name, test in zip(_names(scratch), differs, strict=True)
    )
    wrong = "r.position NOT BETWEEN f.position AND %s"
    return (
        f"SELECT tenant, id, CASE WHEN f.id IS NULL THEN '{EXTRA}' WHEN r.id IS NULL THEN"
        f" '{MISSING}' WHEN {wrong} THEN 'position' ELSE '' END AS at, f.body, r.body, f.personal,"
        f" r.personal, array_remove(ARRAY[{columns}]::text[], NULL)"
        f" FROM (SELECT * FROM {scratch.name} WHERE body IS NOT NULL) f"
        f" FULL JOIN {table} r USING (tenant, id)"
        " WHERE f.id IS NULL OR r.id IS NULL OR f.body IS DISTINCT FROM r.body"
        f" OR f.personal IS DISTINCT FROM r.personal OR {' OR '.join([wrong, *differs])}"
    )


def _names(scratch: Scratch[Any]) -> list[str]:
    return list(scratch.table.columns)


def _told(at: str, pair: list[bytes | None], columns: list[str]) -> tuple[str, tuple[str, ...]]:
    if at in (EXTRA, MISSING):
        return at, ()
    expected, body, *personal = pair
    fields = list(differing(expected, body))
    if personal[0] != personal[1]:
        fields.append("personal")
    return CHANGED, tuple(filter(None, (at, *fields, *columns)))
