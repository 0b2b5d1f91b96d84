"""The read tables themselves: made from what a projection declares, by the owner."""

import hashlib
from collections.abc import Mapping
from typing import Any

import structlog
from psycopg import AsyncConnection

from adapters.postgres.pools import PROJECT
from adapters.projector.documents import shape
from projections.kernel import Projection, Table

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('souk.tables', 0))"
logger = structlog.get_logger(__name__)


async def create_tables(
    owner: AsyncConnection[Any], projections: Mapping[str, Projection]
) -> list[str]:
    """Make what is missing. Tables of another version or shape stay, and are served, until the
    projector has built the others beside them.

    Runs as the owner of the schema; safe to run again and from several processes at once.
    Those of a newer version than this code stay for good. Returns the names of the projections
    that are built from the first event.
    """
    async with owner.transaction():
        await owner.execute(_LOCK)
        return [n for n, projection in projections.items() if await _create(owner, n, projection)]


async def _create(owner: AsyncConnection[Any], name: str, projection: Projection) -> bool:
    cursor = await owner.execute(
        "SELECT version, shape, position, silent_until FROM read.projections"
        " WHERE name = %s FOR UPDATE",
        (name,),
    )
    old = await cursor.fetchone()
    if old and old[:2] == (projection.VERSION, shape_of(projection)):
        return False
    if old and old[0] > projection.VERSION:
        return False
    if old is None or old[2] == 0:  # nobody reads anything there yet
        silent_until = old[3] if old else 0
        await start(owner, name, projection, shape_of(projection), silent_until)
        await owner.execute(
            "INSERT INTO read.relays (projection, seq) VALUES (%s, 0) ON CONFLICT DO NOTHING",
            (name,),
        )
    logger.info("projection is built", projection=name, version=projection.VERSION)
    return True


async def start(
    owner: AsyncConnection[Any], name: str, projection: Projection, digest: str, silent_until: int
) -> None:
    """Empty tables, and a projection that has yet to fold the first event into them."""
    for table in projection.TABLES:
        await owner.execute(f"DROP TABLE IF EXISTS read.{table.name}")
        await owner.execute("; ".join(definition(table)))
    await owner.execute("DELETE FROM read.dead_letters WHERE projection = %s", (name,))
    await owner.execute(
        "INSERT INTO read.projections (name, version, shape, position, silent_until, tables)"
        " VALUES (%s, %s, %s, 0, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET version = excluded.version, shape = excluded.shape,"
        " position = 0, silent_until = excluded.silent_until, tables = excluded.tables,"
        " generation = projections.generation + 1, moved_at = now()",
        (name, projection.VERSION, digest, silent_until, [t.name for t in projection.TABLES]),
    )


def shape_of(projection: Projection) -> str:
    return hashlib.sha256(" ".join(map(shape, projection.TABLES)).encode()).hexdigest()[:16]


def definition(
    table: Table[Any], schema: str = "read", writer: str = PROJECT, kind: str = "TABLE"
) -> list[str]:
    """The statements that make one table, its indexes, policies and grants. ``writer``: the role
    that fills it."""
    name = f"{schema}.{table.name}"
    columns = "".join(f", {column} {c.type}" for column, c in table.columns.items())
    return [
        f"CREATE {kind} {name} (tenant text NOT NULL, id text NOT NULL, position bigint NOT NULL,"
        f" body bytea NOT NULL, personal bytea{columns}, PRIMARY KEY (tenant, id))",
        *indexes(table, name),
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {name} FOR SELECT TO souk_read"
        " USING (tenant = current_setting('souk.tenant', true))",
        f"CREATE POLICY project ON {name} TO {writer} USING (true) WITH CHECK (true)",
        f"GRANT SELECT ON {name} TO souk_read",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {writer}",
    ]


def indexes(table: Table[Any], name: str) -> list[str]:
    """The statements that make a table's indexes on whatever has its columns."""
    return [_index(table, name, columns) for columns in table.indexes]


def _index(table: Table[Any], name: str, columns: str) -> str:
    """Arrays and objects are searched by what they contain, which a tenant cannot lead."""
    if columns in table.columns and table.columns[columns].type.endswith(("[]", "jsonb")):
        return f"CREATE INDEX ON {name} USING gin ({columns})"
    return f"CREATE INDEX ON {name} (tenant, {columns})"
