"""A backup brought back to a moment, in a directory of its own; nothing is ever written over."""

import asyncio
import re
import shutil
import signal
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import psycopg
from msgspec import Struct
from msgspec.structs import replace
from psycopg import AsyncConnection

from adapters.backup import pages, secrets
from adapters.backup.manifest import Manifest
from adapters.backup.pages import SEGMENT as SEGMENT
from adapters.backup.source import Failed, run
from adapters.embedded.child import Child, Died
from adapters.embedded.home import HALF, Half, Home
from adapters.embedded.ports import free_ports
from adapters.embedded.postgres import SETTINGS, Postgres, program
from adapters.embedded.wal import segments

LOOK = 0.05  # seconds
RECOVERY = "recovery"  # the child, and its log
WRONG_KEY = "password authentication failed"
OF_SYSTEM = 24  # bytes, after which the first page of a segment names the Postgres
ENDED = re.compile(r"recovery ended before configured recovery target was reached")
# What Postgres says of where it ends, and before that of why.
_DONE = re.compile(r"(?:LOG: +(.*)\n.*)?LOG: +redo done at ([0-9A-F]+)/([0-9A-F]+)")
_SWITCH = re.compile(r"^\d+\t([0-9A-F]+)/([0-9A-F]+)\t", re.MULTILINE)
# What was recovered knows nothing of the old receiver's slot, nor of the target any more.
_SIGNAL, _SETTINGS = "recovery.signal", "postgresql.auto.conf"


class Occupied(Exception):
    """The directory to restore into has something in it."""


class Foreign(Exception):
    """The write-ahead log is another instance's."""


class TooEarly(Exception):
    """The moment is before the backup was whole."""


class TooLate(Exception):
    """The write-ahead log that is there does not reach the moment."""


class Backup(Protocol):
    """One backup, and the write-ahead log that came after it, wherever they are."""

    @property
    def manifest(self) -> Manifest: ...
    async def lay_base(self, data: Path) -> None:
        """As the directory of a Postgres, which does not exist yet."""
        ...

    async def lay_log(self, place: Path, first: str) -> None:
        """Beside the base's own, the segments from that one on; also the one being filled."""
        ...


class Wanted(Struct, frozen=True):
    """``to`` None: as far as the write-ahead log goes. ``keys``: where the instance's keys are."""

    backup: Backup
    home: Path
    keys: Path
    to: datetime | None


class Reached(Struct, frozen=True):
    """Where the log stands, and when its last event was recorded. ``hole``: where the write-ahead
    log that is there ends, though there is more."""

    position: int
    at: datetime
    hole: str | None = None


async def restore(wanted: Wanted) -> Reached:
    """Postgres, recovered and stopped again, with the instance's keys. Raises Occupied, Half,
    TooEarly, TooLate, Foreign, NoKeys, Failed, Died; what was laid out by then is gone."""
    manifest, keys = wanted.backup.manifest, secrets.load(wanted.keys)
    secrets.prove(keys, manifest, wanted.keys)
    if wanted.to is not None and wanted.to < manifest.ended:
        raise TooEarly(f"this backup is whole from {manifest.ended.isoformat()} on")
    if wanted.home.exists() and any(wanted.home.iterdir()):
        if (wanted.home / HALF).exists():
            raise Half(wanted.home)
        raise Occupied(f"{wanted.home} is not empty, and nothing is written over")
    home, new = Home(wanted.home), not wanted.home.exists()
    home.hold()
    try:
        (home.path / HALF).touch()
        secrets.install(home, keys)
        return await _recover(home, wanted, manifest)
    except BaseException:
        for path in home.path.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if new:
            with suppress(OSError):  # what went wrong before is what is told
                home.path.rmdir()
        raise
    finally:
        home.free()


async def _recover(home: Home, wanted: Wanted, manifest: Manifest) -> Reached:
    data, server = home.path / "postgres", Postgres(home)
    await wanted.backup.lay_base(data)
    data.chmod(0o700)
    await run("pg_verifybackup", "-q", str(data))
    await wanted.backup.lay_log(data / "pg_wal", manifest.segment)
    hole = await asyncio.to_thread(checked, data)
    last = await asyncio.to_thread(pages.last, data / "pg_wal", manifest.segment)
    settings = _settings(data)
    with (data / _SETTINGS).open("ab") as file:
        file.write(_targeted(wanted.to).encode())
    (data / _SIGNAL).touch(mode=0o600)
    if server.account:
        await asyncio.to_thread(_give, data, server)
    try:
        reached = await _run_until_recovered(home, server, data)
    except TooLate as late:
        if (hole := _broken(home, last, _replayed(home, data)) or hole) is None:
            raise
        told = f"before that moment the write-ahead log has a hole: from {hole} on nothing"
        raise TooLate(f"{told} can be restored; `latest` goes as far as that") from late
    (data / _SETTINGS).write_bytes(settings)
    if wanted.to is not None:
        return reached
    return replace(reached, hole=_broken(home, last, _switched(data)) or hole)


def _settings(data: Path) -> bytes:
    """pg_verifybackup passes over them. Raises Failed."""
    try:
        return (data / _SETTINGS).read_bytes()
    except FileNotFoundError as error:
        raise Failed(f"the backup is damaged: its base has no {_SETTINGS}") from error


def _switched(data: Path) -> int:
    """Where the timeline that was begun after the recovery leaves the one before it."""
    newest = max((data / "pg_wal").glob("*.history"), key=lambda path: path.name)
    high, low = _SWITCH.findall(newest.read_text())[-1]
    return _address(high, low)


def _replayed(home: Home, data: Path) -> int:
    """Where a recovery ended that began no timeline."""
    found = _DONE.search(home.log(RECOVERY).read_text(errors="replace"))
    return pages.end_of(data / "pg_wal", _address(found[2], found[3])) if found else 0


def _address(high: str, low: str) -> int:
    return (int(high, 16) << 32) + int(low, 16)


def _broken(home: Home, last: pages.Last, end: int) -> str | None:
    """The place, with what Postgres says of it, if there is more after the replay's end, or the
    whole of a record."""
    if not last.is_beyond(end) and not last.is_spoilt(end):
        return None
    found = _DONE.search(home.log(RECOVERY).read_text(errors="replace"))
    why = f" ({found[1]})" if found and found[1] else ""
    return f"{pages.name_of(end // SEGMENT)}, byte {end % SEGMENT}{why}"


def checked(data: Path) -> str | None:
    """The first segment that is not there, or not whole, though later ones are. Raises Foreign."""
    system, found = (data / "global/pg_control").read_bytes()[:8], segments(data / "pg_wal")
    for path in found:
        with path.open("rb") as file:
            start = file.read(OF_SYSTEM + 8)
        if len(start) > OF_SYSTEM and any(start) and start[OF_SYSTEM:] != system:
            raise Foreign(f"{path.name} is of another instance's write-ahead log")
    sizes: dict[int, int] = {}
    for path in found:
        number = pages.number(path.name)
        sizes[number] = max(sizes.get(number, 0), _size(path))
    newest = max(sizes, default=0)
    for number in range(min(sizes, default=0), newest + 1):
        if sizes.get(number) != SEGMENT and (number < newest or sizes[number]):
            return pages.name_of(number)
    return None


def _size(path: Path) -> int:
    """Bytes; 0 of one that was begun and not yet made as large as they are, with nothing in it."""
    size = path.stat().st_size
    return size if size == SEGMENT or any(path.read_bytes()) else 0


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
    child = Child(home, RECOVERY, command, signal.SIGINT, 60.0, server.account)
    child.start()
    try:
        while child.alive:
            try:
                return await _reached(server.at(port))
            except psycopg.OperationalError as error:
                if WRONG_KEY in str(error):
                    raise secrets.NoKeys("the keys are those of another instance") from error
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
