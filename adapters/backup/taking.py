"""A backup of what runs: Postgres whole and checked, and the objects. Never the keys.

It is made beside its place and moved there: one that was ended half-way is none.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict

from adapters.backup.manifest import BASE, OBJECTS, Manifest, kept, read
from adapters.embedded.postgres import program
from adapters.embedded.wal import keep_from
from adapters.erasing.receipts import FOLDER
from adapters.media.objects import Objects

DRAFT = ".new-"
_START = re.compile(rb"START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)")
_NOW = "SELECT position, current_setting('server_version') FROM log.head"


class Failed(Exception):
    """A program that makes or checks a backup said no; what it said."""


class Source(Struct, frozen=True):
    """What is backed up. ``objects`` None: there is no S3 server."""

    postgres_url: str
    objects: Objects | None
    wal: Path
    receipts: str


async def take(source: Source, folder: Path, keep: int) -> Path:
    """The new backup's directory, in ``folder``; the oldest beyond ``keep`` go, and with them the
    write-ahead log that none needs any more. Raises Failed, Unavailable."""
    began = datetime.now(UTC)
    name = f"{began:%Y%m%dT%H%M%S.%fZ}"
    draft = folder / f"{DRAFT}{name}"
    draft.mkdir(parents=True, mode=0o700)
    try:
        position, postgres = await _standing(source.postgres_url)
        await _base(source.postgres_url, draft / BASE)
        manifest = Manifest(
            position=position,
            began=began,
            ended=datetime.now(UTC),
            segment=_segment(draft / BASE),
            wal=str(source.wal),
            receipts=source.receipts,
            objects=await _objects(source.objects, draft / OBJECTS),
            code=version("souk"),
            postgres=postgres,
        )
        manifest.write(draft)
        done = draft.rename(folder / name)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    forget(folder, keep, source.wal)
    return done


async def _standing(url: str) -> tuple[int, str]:
    async with await AsyncConnection.connect(url) as db:
        row = await (await db.execute(_NOW)).fetchone()
        assert row is not None, "the log has a head"
        return int(row[0]), str(row[1])


async def _base(url: str, place: Path) -> None:
    parts = conninfo_to_dict(url)
    options = ["-h", str(parts["host"]), "-p", str(parts["port"]), "-U", str(parts["user"])]
    options += ["-D", str(place), "-X", "stream", "-c", "fast", "--manifest-checksums=SHA256"]
    await run("pg_basebackup", *options, environment={"PGPASSWORD": str(parts["password"])})
    await run("pg_verifybackup", "-q", str(place))


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


def _segment(base: Path) -> str:
    found = _START.search((base / "backup_label").read_bytes())
    if found is None:
        raise Failed("pg_basebackup left no label")
    return found[1].decode()


async def _objects(objects: Objects | None, place: Path) -> int:
    """After the database: what that names is there, unless it was purged meanwhile. Receipts of
    erasures are kept apart from backups."""
    if objects is None:
        return 0
    keys = [key for key in await objects.under("") if not key.startswith(f"{FOLDER}/")]
    for key in keys:
        path = place / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join([part async for part in objects.read(key)]))
    return len(keys)


def forget(folder: Path, keep: int, wal: Path) -> None:
    """Backups beyond the newest ``keep``, drafts that were left, and segments that none needs."""
    backups = kept(folder)
    for old in backups[: max(0, len(backups) - keep)]:
        shutil.rmtree(old)
    for left in folder.glob(f"{DRAFT}*"):
        shutil.rmtree(left, ignore_errors=True)
    if (backups := kept(folder)) and wal.is_dir():
        keep_from(wal, min((read(backup).segment for backup in backups), key=lambda s: s[8:]))
