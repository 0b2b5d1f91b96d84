"""Writing a bundle: one snapshot of the database, read as a stream."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from adapters.bundle import figures, manifest
from adapters.bundle.container import Digested, Writer, written
from adapters.bundle.lines import line_of
from adapters.bundle.manifest import End, File, Manifest
from adapters.log.rows import COLUMNS, Row
from adapters.log.tail import head
from adapters.postgres.pools import Connection, unavailable
from adapters.projector.leader import connected
from adapters.projector.verify import Progress
from adapters.roots import rows as roots
from adapters.roots.keys import jwks
from adapters.roots.rows import RootRow

NAME = "souk-export"
AT_ONCE = 2_000  # rows fetched at once
PATIENCE = 60.0  # seconds that the read side has to catch up; then its figures stand further back
PAUSE = 0.05  # seconds between looks
PROJECTIONS = sorted({source.projection for source in figures.SOURCES.values()})


class Nothing(Exception):
    """The tenant has no event."""


class Scope(Struct, frozen=True):
    """What is in a bundle: the tenant's events from ``first`` to ``last``."""

    tenant: str
    first: int
    last: int
    upto: int | None


async def export(
    url: str, tenant: str, path: Path, upto: int | None, progress: Progress
) -> Manifest:
    """The tenant's events up to that position, or all. Raises Nothing, Unavailable; OSError is the
    file's."""
    async with AsyncExitStack() as stack:
        with unavailable():
            db = await stack.enter_async_context(connected(url, NAME))
            if upto is None:
                await _caught_up(db)
            await stack.enter_async_context(db.transaction())
            await db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await db.execute("SET LOCAL statement_timeout = 0")
            scope = await _scope(db, tenant, upto)
        with written(path) as writer:
            return await Export(db, writer, scope).write(progress)


async def _caught_up(db: Connection) -> None:
    wanted, until = await head(db), time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if min((await _positions(db)).values(), default=wanted) >= wanted:
            return
        await asyncio.sleep(PAUSE)


async def _positions(db: Connection) -> dict[str, int]:
    cursor = await db.execute(
        "SELECT name, position FROM read.projections WHERE name = ANY(%s)", (PROJECTIONS,)
    )
    return dict(await cursor.fetchall())


async def _scope(db: Connection, tenant: str, upto: int | None) -> Scope:
    cursor = await db.execute(
        "SELECT min(position), max(position) FROM log.events"
        " WHERE tenant = %s AND position <= coalesce(%s, 9223372036854775807)",
        (tenant, upto),
    )
    ((first, last),) = await cursor.fetchall()
    if first is None:
        raise Nothing(tenant)
    return Scope(tenant, first, last, upto)


class Export:
    """On a connection whose snapshot is everything that it sees."""

    def __init__(self, db: Connection, writer: Writer, scope: Scope) -> None:
        self._db, self._writer, self._scope = db, writer, scope
        self._files: dict[str, File] = {}

    async def write(self, progress: Progress) -> Manifest:
        scope = self._scope
        progress.start(scope.last - scope.first + 1)
        await self._events(progress)
        await self._roots()
        positions = await self._figures()
        said = Manifest(
            tenant=scope.tenant,
            first=scope.first,
            last=scope.last,
            upto=scope.upto,
            end=await self._end(),
            figures=positions,
            files=self._files,
            code=f"souk {_version()}",
            made_at=(await self._one("SELECT clock_timestamp()"))[0],
        )
        with self._writer.file(manifest.MANIFEST) as file:
            file.write(said.written)
        return said

    async def _events(self, progress: Progress) -> None:
        sql = (
            f"SELECT {COLUMNS} FROM log.events WHERE tenant = %s AND position BETWEEN %s AND %s"
            " ORDER BY position"
        )
        scope, at = self._scope, self._scope.first - 1
        with self._writer.file(manifest.EVENTS) as file:
            async for chunk in self._chunks(sql, (scope.tenant, scope.first, scope.last)):
                for columns in chunk:
                    file.write(line_of(Row(*columns)))
                reached = Row(*chunk[-1]).position
                progress.advance(reached - at)
                at = reached
        self._came_to(manifest.EVENTS, file)

    async def _roots(self) -> None:
        """Also those of events that are not there any more, unless less was asked for."""
        sql = (
            f"SELECT {roots.COLUMNS} FROM log.roots WHERE tenant = %s"
            " AND position <= coalesce(%s, 9223372036854775807) ORDER BY size"
        )
        signed: set[str] = set()
        with self._writer.file(manifest.ROOTS) as file:
            async for chunk in self._chunks(sql, (self._scope.tenant, self._scope.upto)):
                for columns in chunk:
                    root = RootRow(*columns).told
                    signed.add(root.key)
                    file.write(root.file)
        self._came_to(manifest.ROOTS, file)
        with unavailable():
            known = await roots.keys(self._db)
        with self._writer.file(manifest.KEYS) as file:
            used = [known[id] for id in sorted(signed & known.keys())]
            file.write(msgspec.json.encode(jwks(used)) + b"\n")
        self._came_to(manifest.KEYS, file)

    async def _figures(self) -> dict[str, int]:
        """Where they stand: all events of the tenant up to there, and none beyond, are in them."""
        told = dict[str, int]()
        with unavailable():
            positions = await _positions(self._db)
        with self._writer.file(manifest.FIGURES) as file:
            for kind, source in figures.SOURCES.items():
                at = positions.get(source.projection)
                if at is not None and not await self._is_beyond(at):
                    told[kind] = at
                    await self._figures_of(kind, source.table, file)
        self._came_to(manifest.FIGURES, file)
        return told

    async def _is_beyond(self, position: int) -> bool:
        """Whether events that are not in the bundle are in the figures."""
        return (
            await self._one(
                "SELECT EXISTS (SELECT FROM log.events WHERE tenant = %s AND position > %s"
                " AND position <= %s)",
                (self._scope.tenant, self._scope.last, position),
            )
        )[0] is True

    async def _figures_of(self, kind: str, table: str, file: Digested) -> None:
        sql = f"SELECT body FROM read.{table} WHERE tenant = %s ORDER BY id"
        async for chunk in self._chunks(sql, (self._scope.tenant,)):
            for (body,) in chunk:
                file.write(figures.line_of(kind, body))

    async def _end(self) -> End | None:
        found = await self._one(
            "SELECT position, hash FROM log.chains WHERE tenant = %s", (self._scope.tenant,)
        )
        upto = self._scope.upto
        if upto is not None and found and found[0] > upto:
            return None
        return End(found[0], found[1].hex()) if found else End(0, "")

    async def _one(self, sql: str, params: Sequence[Any] = ()) -> tuple[Any, ...]:
        with unavailable():
            cursor = await self._db.execute(sql, params)
            return await cursor.fetchone() or ()

    async def _chunks(
        self, sql: str, params: Sequence[Any]
    ) -> AsyncIterator[list[tuple[Any, ...]]]:
        with unavailable():
            async with self._db.cursor(name="souk_export", binary=True) as cursor:
                await cursor.execute(sql, params)
                while rows := await cursor.fetchmany(AT_ONCE):
                    yield rows

    def _came_to(self, name: str, file: Digested) -> None:
        self._files[name] = File(file.lines, file.bytes, file.sha256)


def _version() -> str:
    try:
        return version("souk")
    except PackageNotFoundError:
        return "unknown"
