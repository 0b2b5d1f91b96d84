"""Which folds there are: rows of asof.folds."""

import secrets
from collections.abc import Collection, Sequence

from adapters.asof.wanted import Fold, Folding, Wanted
from adapters.postgres.pools import Connection

KEPT = "24 hours"  # since a fold was last used
WRONG = "1 minute"  # that one is served in which something could not be folded: it may be mended
_FOLD = ", ".join(Fold.__struct_fields__)
_OF = "tenant = %(tenant)s AND projection = %(projection)s AND version = %(version)s"
_OF += " AND shape = %(shape)s"
_READY = (
    f"SELECT {_FOLD} FROM asof.folds WHERE ready AND {_OF} AND through >= %(position)s AND"
    " CASE WHEN %(until)s::timestamptz IS NULL THEN until IS NULL AND last <= %(position)s"
    " ELSE until = %(until)s END AND (parked = '{}'"
    f" OR made_at > clock_timestamp() - interval '{WRONG}') ORDER BY last DESC LIMIT 1"
)
# A later time can only be folded on from an earlier one; whether it may is for the log to say.
_BELOW = (
    f"SELECT {_FOLD} FROM asof.folds WHERE ready AND {_OF} AND parked = '{{}}'"
    " AND last <= %(position)s AND"
    " CASE WHEN %(until)s::timestamptz IS NULL THEN until IS NULL ELSE until <= %(until)s END"
    " ORDER BY until DESC NULLS LAST, last DESC LIMIT 1 FOR UPDATE"
)
_LEAST = (
    "SELECT id FROM asof.folds WHERE ready AND id <> %s ORDER BY used_at DESC, id OFFSET %s"
    " FOR UPDATE"
)
_DROP = "DELETE FROM asof.folds WHERE id = ANY(%s) RETURNING tables"


def new_id() -> str:
    """Never one that there was, also when the server lost which there were."""
    return secrets.token_hex(6)


async def ready(db: Connection, wanted: Wanted) -> Fold | None:
    """The very fold, which is used now."""
    cursor = await db.execute(_READY, _params(wanted))
    row = await cursor.fetchone()
    if row is None:
        return None
    fold = Fold(*row)
    cursor = await db.execute(
        "UPDATE asof.folds SET used_at = clock_timestamp() WHERE id = %s RETURNING 1", (fold.id,)
    )
    return fold if await cursor.fetchone() else None  # dropped just now


async def below(db: Connection, wanted: Wanted) -> Fold | None:
    """The nearest one to fold on from; it stays to the end of the transaction."""
    cursor = await db.execute(_BELOW, _params(wanted))
    row = await cursor.fetchone()
    return Fold(*row) if row else None


async def reaches(db: Connection, fold: Fold, position: int) -> None:
    """Nothing happened between it and there."""
    await db.execute(
        "UPDATE asof.folds SET through = greatest(through, %s), used_at = clock_timestamp()"
        " WHERE id = %s",
        (position, fold.id),
    )


async def enter(db: Connection, wanted: Wanted, id: str, tables: Sequence[str]) -> None:
    await db.execute(
        "INSERT INTO asof.folds (id, name, tenant, projection, version, shape, until, tables)"
        " VALUES (%(id)s, %(name)s, %(tenant)s, %(projection)s, %(version)s, %(shape)s, %(until)s,"
        " %(tables)s)",
        _params(wanted) | {"id": id, "name": wanted.name, "tables": list(tables)},
    )


async def expects(db: Connection, id: str, total: int) -> None:
    await db.execute("UPDATE asof.folds SET total = %s WHERE id = %s", (total, id))


async def advanced(db: Connection, id: str, events: int) -> None:
    await db.execute("UPDATE asof.folds SET events = events + %s WHERE id = %s", (events, id))


async def finish(db: Connection, fold: Fold) -> bool:
    """Last of all: from now on it is served. Whether it is: it was not, if it was forgotten while
    it was made."""
    cursor = await db.execute(
        "UPDATE asof.folds SET last = %s, through = %s, parked = %s, events = %s, took = %s,"
        " ready = true, made_at = clock_timestamp(), used_at = clock_timestamp() WHERE id = %s",
        (fold.last, fold.through, fold.parked, fold.events, fold.took, fold.id),
    )
    return cursor.rowcount == 1


async def progress(db: Connection, name: str) -> Folding:
    cursor = await db.execute(
        "SELECT events, total, extract(epoch FROM clock_timestamp() - made_at)::float8"
        " FROM asof.folds WHERE name = %s AND NOT ready ORDER BY made_at DESC LIMIT 1",
        (name,),
    )
    events, total, since = await cursor.fetchone() or (0, 0, 0.0)
    return Folding(events, total, since * (total - events) / events if events else 0.0)


async def forget(db: Connection, ids: Collection[str]) -> list[str]:
    """The names of their tables, which nobody finds any more."""
    cursor = await db.execute(_DROP, (list(ids),))
    return [table for (tables,) in await cursor.fetchall() for table in tables]


async def forget_tenant(db: Connection, tenant: str) -> list[list[str]]:
    """The names of the tables of each that was served. One that is being made is not served
    either: who makes it finds it gone, and drops its tables.

    In a transaction. Nobody copies one meanwhile into one that this would not see.
    """
    await db.execute("LOCK TABLE asof.folds IN EXCLUSIVE MODE")
    cursor = await db.execute(
        "DELETE FROM asof.folds WHERE tenant = %s RETURNING ready, tables", (tenant,)
    )
    return [tables for ready, tables in await cursor.fetchall() if ready]


async def abandon(db: Connection, ids: Collection[str]) -> list[str]:
    """As ``forget``, of those alone that were never finished."""
    cursor = await db.execute(
        "DELETE FROM asof.folds WHERE id = ANY(%s) AND NOT ready RETURNING tables", (list(ids),)
    )
    return [table for (tables,) in await cursor.fetchall() for table in tables]


async def least_used(db: Connection, new: str, kept: int) -> list[str]:
    """Those beyond the number that is kept, the new one among them."""
    cursor = await db.execute(_LEAST, (new, max(kept - 1, 0)))
    return [id for (id,) in await cursor.fetchall()]


async def outdated(db: Connection, shapes: Collection[str]) -> list[str]:
    """Of other code than ``shapes``, each "projection version shape", or not used for a day."""
    cursor = await db.execute(
        "SELECT id FROM asof.folds WHERE ready AND (projection || ' ' || version || ' ' || shape"
        f" <> ALL(%s) OR used_at < clock_timestamp() - interval '{KEPT}')",
        (list(shapes),),
    )
    return [id for (id,) in await cursor.fetchall()]


async def unfinished(db: Connection, name: str | None = None) -> list[tuple[str, str]]:
    """The id and the name of what is being folded, or was when its process died."""
    cursor = await db.execute(
        "SELECT id, name FROM asof.folds WHERE NOT ready AND name = coalesce(%s, name)", (name,)
    )
    return [(id, name) for id, name in await cursor.fetchall()]


async def known(db: Connection) -> set[str]:
    cursor = await db.execute("SELECT unnest(tables) FROM asof.folds")
    return {table for (table,) in await cursor.fetchall()}


def _params(wanted: Wanted) -> dict[str, object]:
    return {field: getattr(wanted, field) for field in wanted.__struct_fields__}
