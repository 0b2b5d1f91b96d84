"""A backup brought back to a moment, in a directory of its own; nothing is ever written over."""

import asyncio
import re
import shutil
import signal
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from msgspec import Struct
from psycopg import AsyncConnection

from adapters.backup import secrets
from adapters.backup.manifest import BASE, OBJECTS, Manifest, read
from adapters.backup.taking import run
from adapters.embedded.child import Child, Died
from adapters.embedded.home import HALF, Home
from adapters.embedded.ports import free_ports
from adapters.embedded.postgres import SETTINGS, Postgres, program
from adapters.embedded.wal import NAME, PARTIAL, segments
from adapters.media.objects import Objects

LOOK = 0.05  # seconds
KIND = "application/octet-stream"
ENDED = re.compile(r"recovery ended before configured recovery target was reached")
# What was recovered knows nothing of the old receiver's slot, nor of the target any more.
_SIGNAL, _SETTINGS = "recovery.signal", "postgresql.auto.conf"


class Occupied(Exception):
    """The directory to restore into has something in it."""


class TooEarly(Exception):
    """The moment is before the backup was whole."""


class TooLate(Exception):
    """The write-ahead log that is there does not reach the moment."""


class Wanted(Struct, frozen=True):
    """``to`` None: as far as the write-ahead log goes. ``keys``: where the instance's keys are."""

    backup: Path
    home: Path
    keys: Path
    wal: Path
    to: datetime | None


class Reached(Struct, frozen=True):
    """Where the log stands, and when its last event was recorded."""

    position: int
    at: datetime


async def restore(wanted: Wanted) -> Reached:
    """Postgres, recovered and stopped again, with the instance's keys. Raises Occupied, TooEarly,
    TooLate, NoBackup, NoKeys, Failed, Died."""
    manifest, keys = read(wanted.backup), secrets.load(wanted.keys)
    if wanted.to is not None and wanted.to < manifest.ended:
        raise TooEarly(f"this backup is whole from {manifest.ended.isoformat()} on")
    if wanted.home.exists() and any(wanted.home.iterdir()):
        raise Occupied(f"{wanted.home} is not empty, and nothing is written over")
    await run("pg_verifybackup", "-q", str(wanted.backup / BASE))
    home = Home(wanted.home)
    home.hold()
    try:
        (home.path / HALF).touch()
        secrets.install(home, keys)
        return await _recover(home, wanted, manifest)
    finally:
        home.free()


async def _recover(home: Home, wanted: Wanted, manifest: Manifest) -> Reached:
    data, server = home.path / "postgres", Postgres(home)
    await asyncio.to_thread(_lay_out, data, wanted, manifest.segment)
    settings = (data / _SETTINGS).read_bytes()
    with (data / _SETTINGS).open("ab") as file:
        file.write(_targeted(wanted.to).encode())
    (data / _SIGNAL).touch(mode=0o600)
    if server.account:
        await asyncio.to_thread(_give, data, server)
    reached = await _run_until_recovered(home, server, data)
    (data / _SETTINGS).write_bytes(settings)
    return reached


def _lay_out(data: Path, wanted: Wanted, first: str) -> None:
    """The base, and beside its own the segments that came later; the one being filled too."""
    shutil.copytree(wanted.backup / BASE, data)
    data.chmod(0o700)
    for path in segments(wanted.wal) if wanted.wal.is_dir() else ():
        place = data / "pg_wal" / path.name.removesuffix(PARTIAL)
        if path.name[8:NAME] >= first[8:NAME] and (path.suffix != PARTIAL or not place.exists()):
            shutil.copyfile(path, place)
            place.chmod(0o600)
    for path in wanted.wal.glob("*.history") if wanted.wal.is_dir() else ():
        shutil.copyfile(path, data / "pg_wal" / path.name)


def _targeted(to: datetime | None) -> str:
    lines = ["restore_command = 'false'", "recovery_target_timeline = 'latest'"]
    if to is not None:
        moment = to.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
        lines += [f"recovery_target_time = '{moment}'", "recovery_target_action = 'promote'"]
    return "\n".join(["", *lines, ""])


def _give(data: Path, server: Postgres) -> None:
    for path in (data, *data.rglob("*")):
        assert server.account is not None
        server.account.own(path)


async def _run_until_recovered(home: Home, server: Postgres, data: Path) -> Reached:
    """It takes connections only when it is done, however long that takes. Raises Died, TooLate."""
    (port,) = free_ports(1)
    options = {**SETTINGS, "port": str(port), "hot_standby": "off"}
    command = [program("postgres"), "-D", str(data), *(f"--{n}={v}" for n, v in options.items())]
    child = Child(home, "recovery", command, signal.SIGINT, 60.0, server.account)
    child.start()
    try:
        while child.alive:
            with suppress(psycopg.OperationalError):
                return await _reached(server.at(port))
            await asyncio.sleep(LOOK)
    finally:
        await child.stop()
    said = child.last_words()
    if ENDED.search(said):
        raise TooLate("the write-ahead log ends before that moment; restore to `latest`")
    raise Died(f"Postgres does not recover: {said}")


async def _reached(url: str) -> Reached:
    async with await AsyncConnection.connect(url, connect_timeout=5) as db:
        row = await (await db.execute("SELECT position, recorded_at FROM log.head")).fetchone()
        assert row is not None, "the log has a head"
        return Reached(*row)


async def put_back(backup: Path, objects: Objects) -> int:
    """The objects, to an S3 server that runs; how many."""
    place = backup / OBJECTS
    files = [path for path in sorted(place.rglob("*")) if path.is_file()]
    for path in files:
        await objects.put(str(path.relative_to(place)), path.read_bytes(), KIND)
    return len(files)
