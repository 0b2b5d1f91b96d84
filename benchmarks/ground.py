"""The servers that both sides stand on, and a fresh database for each run."""

import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from msgspec.structs import replace
from redis.asyncio import Redis

from adapters.embedded.stack import Stack
from adapters.embedded.urls import Urls
from adapters.schema import establish
from benchmarks.work import Site
from projections import PROJECTIONS

FOLDER = Path(os.environ.get("SOUK_BENCH_DIR") or Path(__file__).parent / "results" / "work")


class Ground:
    """One Postgres with its default settings but memory, fsync on, one Valkey, one NATS."""

    def __init__(self, urls: Urls, folder: Path, seconds: float, scale: float = 1.0) -> None:
        owner, valkey, nats = urls.postgres or "", urls.valkey or "", urls.nats or ""
        self._owner = owner
        self.site = Site(owner, valkey, nats, str(folder), str(folder / "tools"), seconds, scale)
        self._templates: dict[object, str] = {}

    async def template(
        self, key: object, fill: Callable[[Site], Awaitable[None]], base: str = "template1"
    ) -> str:
        """The name of a copy of ``base`` that ``fill`` has filled, once for each ``key``."""
        if key not in self._templates:
            name = await self._create(base)
            await fill(self._at(name))
            await self._sql(name, "VACUUM ANALYZE")
            self._templates[key] = name
        return self._templates[key]

    async def migrated(self) -> str:
        """A database with Souk's schema and no event."""

        async def fill(site: Site) -> None:
            await establish(site.postgres, PROJECTIONS)

        return await self.template("souk", fill)

    @asynccontextmanager
    async def copy(self, template: str) -> AsyncIterator[Site]:
        """A fresh copy of a template, from a fresh checkpoint; Valkey is emptied too."""
        name = await self._create(template)
        async with Redis.from_url(self.site.valkey) as valkey:
            await valkey.flushdb()
        await self._sql(name, "CHECKPOINT")
        try:
            yield self._at(name)
        finally:
            await self._sql("postgres", f"DROP DATABASE {name} WITH (FORCE)")

    async def _create(self, template: str) -> str:
        name = f"bench_{uuid.uuid4().hex[:12]}"
        await self._sql("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def _sql(self, database: str, statement: str) -> list[tuple[object, ...]]:
        at = self._at(database).postgres
        async with await psycopg.AsyncConnection.connect(at, autocommit=True) as owner:
            cursor = await owner.execute(statement.encode())
            return await cursor.fetchall() if cursor.description else []

    def _at(self, database: str) -> Site:
        return replace(self.site, postgres=f"{self._owner.rpartition('/')[0]}/{database}")


@asynccontextmanager
async def ground(seconds: float, folder: Path = FOLDER) -> AsyncIterator[Ground]:
    """Servers on a fresh directory, so that every table of figures starts alike."""
    with servers_in(folder) as directory:
        async with Stack(directory, s3=False) as urls:
            yield Ground(urls, folder, seconds)


@contextmanager
def servers_in(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="servers-", dir=folder, ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)  # Postgres runs as someone else when we are root
        yield directory
