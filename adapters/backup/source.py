"""What is backed up, and what its Postgres says of itself."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict

from adapters.backup import arrivals
from adapters.backup.arrivals import Arrivals
from adapters.backup.manifest import Manifest
from adapters.embedded import wal
from adapters.embedded.postgres import program
from adapters.erasing.receipts import FOLDER as RECEIPTS
from adapters.media.objects import Objects
from adapters.postgres.pools import Connection
from adapters.projector.leader import connected
from adapters.roots.outlets import FOLDER as ROOTS

# Receipts are kept apart from backups; roots are in the log, and are published again.
APART = (f"{RECEIPTS}/", f"{ROOTS}/")
_NOW = (
    "SELECT position, current_setting('server_version'), system_identifier::text"
    " FROM log.head, pg_control_system()"
)


class Failed(Exception):
    """A backup cannot be made, or is not whole; the message says why."""


class Source(Struct, frozen=True):
    """``objects`` None: there is no S3 server. ``home``: the data directory; ``receipts``: of
    erasures; ``keys``, ``secret``: the fingerprints of the instance's."""

    postgres_url: str
    objects: Objects | None
    home: Path
    receipts: str
    keys: str = ""
    secret: str = ""

    @property
    def wal(self) -> Path:
        return self.home / wal.FOLDER

    @property
    def arrived(self) -> Path:
        return self.home / arrivals.FOLDER

    @property
    def arrivals(self) -> Arrivals | None:
        return Arrivals(self.arrived, self.objects) if self.objects else None


class Based(Struct, frozen=True):
    """A base backup: from when to when, and the first segment of the log that it needs."""

    began: datetime
    ended: datetime
    segment: str


class Standing(Struct, frozen=True):
    """``system``: which Postgres it is, also of what was restored from it."""

    position: int
    postgres: str
    system: str

    def manifest(self, source: Source, based: Based, objects: int) -> Manifest:
        """Of a backup that was begun when it stood so. ``objects``: how many are in it."""
        return Manifest(
            position=self.position,
            began=based.began,
            ended=based.ended,
            segment=based.segment,
            wal=str(source.wal),
            receipts=source.receipts,
            objects=objects,
            code=version("souk"),
            postgres=self.postgres,
            system=self.system,
            keys=source.keys,
            secret=source.secret,
        )


async def standing(source: Source) -> Standing:
    async with await AsyncConnection.connect(source.postgres_url) as db:
        row = await (await db.execute(_NOW)).fetchone()
        assert row is not None, "the log has a head"
        return Standing(*row)


@asynccontextmanager
async def looking(url: str) -> AsyncIterator[Connection]:
    """A connection that may take its time: a whole log is looked through."""
    async with connected(url, "souk-backup") as db:
        await db.execute("SET statement_timeout = 0")
        yield db


async def keys_of(objects: Objects) -> list[str]:
    return [key for key in await objects.under("") if not key.startswith(APART)]


async def settle(
    source: Source, to: str, segment: str, position: int, unsure: bool = False
) -> None:
    """The backups at ``to`` need the log from ``segment`` on, and the objects that arrived after
    ``position``; what none needs any more goes. ``unsure``: maybe more, and what was kept for
    them stays."""
    if not source.wal.is_dir():
        return
    needed = wal.keep_from(source.wal, segment, to, position, unsure)
    if (kept := source.arrivals) is not None:
        kept.begin(position)  # the first time
        async with looking(source.postgres_url) as db:
            await kept.cut(db, needed)


def password(url: str) -> tuple[list[str], dict[str, str]]:
    """The options and the environment with which Postgres's programs connect."""
    parts = conninfo_to_dict(url)
    options = ["-h", str(parts["host"]), "-p", str(parts["port"]), "-U", str(parts["user"])]
    return options, {"PGPASSWORD": str(parts["password"])}


async def run(name: str, *options: str, environment: Mapping[str, str] | None = None) -> None:
    """One of Postgres's own programs. Raises Failed."""
    child = await asyncio.create_subprocess_exec(
        program(name),
        *options,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
    )
    try:
        said, _ = await child.communicate()
    except asyncio.CancelledError:
        child.terminate()
        await child.wait()
        raise
    if child.returncode:
        raise Failed(f"{name}: {said.decode(errors='replace').strip()}")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One backup at a time: another would take ours for one that was left. Raises Failed."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Failed(f"another backup into {folder} is under way") from error
    finally:
        os.close(handle)
