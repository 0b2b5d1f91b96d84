"""Roots in Postgres."""

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from adapters.postgres.pools import Connection
from adapters.roots.keys import Public
from adapters.roots.statement import Root


class RootRow(Struct, frozen=True):
    """A row of log.roots; the fields are its columns, in order."""

    tenant: str
    size: int
    position: int
    chain_hash: bytes
    root: bytes
    frontier: bytes
    before: bytes
    key_id: str
    signature: bytes
    published_at: datetime

    @classmethod
    def of(cls, root: Root, frontier: bytes) -> "RootRow":
        return cls(
            root.tenant,
            root.size,
            root.position,
            bytes.fromhex(root.chain),
            bytes.fromhex(root.root),
            frontier,
            bytes.fromhex(root.before),
            root.key,
            base64.b64decode(root.signature),
            root.at,
        )

    @property
    def told(self) -> Root:
        return Root(
            tenant=self.tenant,
            size=self.size,
            position=self.position,
            chain=self.chain_hash.hex(),
            root=self.root.hex(),
            before=self.before.hex(),
            at=self.published_at,
            key=self.key_id,
            signature=base64.b64encode(self.signature).decode(),
        )


COLUMNS = ", ".join(RootRow.__struct_fields__)


async def last_position(db: Connection) -> int:
    """Up to there every event is under a root."""
    cursor = await db.execute("SELECT coalesce(max(position), 0) FROM log.roots")
    return int((await cursor.fetchall())[0][0])


async def last_of(db: Connection, tenants: Iterable[str]) -> dict[str, RootRow]:
    """Each tenant's last root."""
    return await _rows_by_tenant(
        db,
        f"SELECT r.* FROM unnest(%s::text[]) AS wanted (tenant) CROSS JOIN LATERAL"
        f" (SELECT {COLUMNS} FROM log.roots AS own WHERE own.tenant = wanted.tenant"
        " ORDER BY own.size DESC LIMIT 1) AS r",
        (list(tenants),),
    )


async def _rows_by_tenant(db: Connection, sql: str, params: tuple[Any, ...]) -> dict[str, RootRow]:
    return {row.tenant: row for row in await rows(db, sql, params)}


async def between(db: Connection, after: int, upto: int, limit: int | None = None) -> list[RootRow]:
    """Those at positions above ``after``, up to ``upto``, in order."""
    return await rows(
        db,
        f"SELECT {COLUMNS} FROM log.roots WHERE position > %s AND position <= %s"
        " ORDER BY position LIMIT %s",
        (after, upto, limit),
    )


async def rows(db: Connection, sql: str, params: tuple[Any, ...]) -> list[RootRow]:
    cursor = db.cursor(binary=True)
    await cursor.execute(sql, params)
    return [RootRow(*row) for row in await cursor.fetchall()]


async def insert(db: Connection, new: Iterable[RootRow]) -> None:
    fields = RootRow.__struct_fields__
    async with db.cursor() as cursor:
        await cursor.executemany(
            f"INSERT INTO log.roots ({COLUMNS}) VALUES ({', '.join(['%s'] * len(fields))})",
            [[getattr(row, name) for name in fields] for row in new],
        )


async def keys(db: Connection) -> dict[str, Public]:
    """Every public key that roots were ever signed with, by id. One that is not what it is called
    is left out: what it signed is then signed by nobody known."""
    cursor = await db.execute("SELECT key_id, public_key FROM log.root_keys ORDER BY key_id")
    found = {}
    for id, raw in await cursor.fetchall():
        if len(raw) == 32 and (public := Public(raw)).id == id:
            found[id] = public
    return found


async def keep_key(db: Connection, public: Public) -> None:
    await db.execute(
        "INSERT INTO log.root_keys (key_id, public_key) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (public.id, public.raw),
    )


async def mark(db: Connection, outlet: str) -> int:
    """The position of the last root that the outlet has."""
    cursor = await db.execute("SELECT position FROM log.root_marks WHERE outlet = %s", (outlet,))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def move(db: Connection, outlet: str, position: int) -> None:
    await db.execute(
        "INSERT INTO log.root_marks (outlet, position) VALUES (%s, %s)"
        " ON CONFLICT (outlet) DO UPDATE SET position = excluded.position",
        (outlet, position),
    )
