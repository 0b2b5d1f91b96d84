"""A fold's own tables: the projection's under other names, in the schema ``asof``."""

import re
from collections.abc import Collection
from dataclasses import replace

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from adapters.postgres.pools import ASOF, Connection
from adapters.projector.beside import Beside
from adapters.projector.tables import definition
from projections.kernel import Projection

SCHEMA = "asof"
PATIENCE = "2s"  # that whoever reads a table is waited for
OURS = re.compile(r"f[0-9a-f]{12}_\w+")


def named(id: str, table: str) -> str:
    return f"f{id}_{table}"


def renamed(projection: Projection, id: str) -> Beside:
    tables = tuple(replace(table, name=named(id, table.name)) for table in projection.TABLES)
    return Beside(projection.VERSION, tables, projection.__name__)


async def make(url: str, tables: Beside) -> None:
    """As the owner, who alone may. Unlogged: what is lost is folded again."""
    async with await AsyncConnection.connect(url, autocommit=True) as owner, owner.transaction():
        for table in tables.TABLES:
            made = definition(table, SCHEMA, ASOF, "UNLOGGED TABLE")
            await owner.execute("; ".join(made))


async def copy(db: Connection, projection: Projection, origin: str, id: str) -> None:
    for table in projection.TABLES:
        await db.execute(
            SQL("INSERT INTO {} SELECT * FROM {}").format(
                Identifier(SCHEMA, named(id, table.name)),
                Identifier(SCHEMA, named(origin, table.name)),
            )
        )


async def analyze(url: str, tables: Beside) -> None:
    """Or the first questions are planned as for empty tables; a small sample will do for that."""
    async with await AsyncConnection.connect(url, autocommit=True) as owner:
        await owner.execute("SET default_statistics_target = 10")
        names = SQL(", ").join(Identifier(SCHEMA, table.name) for table in tables.TABLES)
        await owner.execute(SQL("ANALYZE {}").format(names))


async def drop(url: str, tables: Collection[str], patience: str = PATIENCE) -> None:
    if not tables:
        return
    async with await AsyncConnection.connect(url, autocommit=True) as owner:
        await owner.execute(f"SET lock_timeout = '{patience}'")
        for table in tables:
            name = Identifier(SCHEMA, table)
            await owner.execute(SQL("DROP TABLE IF EXISTS {}").format(name))


async def there_are(db: Connection) -> set[str]:
    cursor = await db.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (SCHEMA,))
    return {table for (table,) in await cursor.fetchall() if OURS.fullmatch(table)}
