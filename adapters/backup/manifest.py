"""What is known of a backup: where it stands, and what is kept apart from it."""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from adapters.backup.places import NAME
from adapters.backup.shelves import OBJECTS as OBJECTS
from adapters.embedded.home import write_private

FILE, BASE = "manifest.json", "base"
MISSING = (FileNotFoundError, NotADirectoryError)
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)


class Manifest(Struct, frozen=True):
    """``position``: of the log, which the backup has at least; ``began``, ``ended``: it is whole
    from ``ended`` on; ``segment``: the first of the write-ahead log that it wants; ``wal`` and
    ``receipts``: where the instance keeps what a restore needs besides; ``objects``: how many;
    ``system``: the Postgres that it is of; ``keys``: the fingerprint of those that it wants;
    ``secret``: that of another one, which older backups lack."""

    position: int
    began: datetime
    ended: datetime
    segment: str
    wal: str
    receipts: str
    objects: int
    code: str
    postgres: str
    system: str = ""
    keys: str = ""
    secret: str = ""

    @property
    def data(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self))

    def write(self, folder: Path) -> None:
        write_private(folder / FILE, self.data)


class NoBackup(Exception):
    """There is no whole backup in that directory."""


class Damaged(NoBackup):
    """There is one, but its manifest cannot be read."""


def read(folder: Path) -> Manifest:
    """Raises NoBackup, Damaged; OSError where it may well be one, and cannot be read just now."""
    try:
        return parsed((folder / FILE).read_bytes())
    except MISSING as error:
        raise NoBackup(f"{folder} has no whole backup") from error
    except UNREADABLE as error:
        raise Damaged(f"{folder} is damaged: its {FILE} cannot be read ({error})") from error


def parsed(data: bytes) -> Manifest:
    return msgspec.json.decode(data, type=Manifest)


def kept(folder: Path) -> dict[Path, Manifest]:
    """The whole backups in a directory, oldest first. Raises OSError: one that was passed over
    would lose what is kept for it."""
    found: dict[Path, Manifest] = {}
    for path in _backups(folder):
        with suppress(NoBackup):
            found[path] = read(path)
    return found


def damaged(folder: Path) -> list[Path]:
    """Backups whose manifest cannot be read: neither counted nor removed."""
    whole = kept(folder)
    return [path for path in _backups(folder) if path not in whole]


def unsure(folder: Path) -> bool:
    """Whether one that is damaged is the oldest: nothing tells what it needs."""
    return min(_backups(folder)) not in kept(folder)


def _backups(folder: Path) -> list[Path]:
    found = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(path for path in found if _is_one(path))


def _is_one(path: Path) -> bool:
    try:
        os.lstat(path / FILE)
    except MISSING:
        return False
    except PermissionError:  # a stranger's, such as lost+found
        if NAME.fullmatch(path.name):
            raise
        return False
    return True
