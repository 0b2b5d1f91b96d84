"""What is known of a backup: where it stands, and what is kept apart from it."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from adapters.backup.shelves import OBJECTS as OBJECTS
from adapters.embedded.home import write_private

FILE, BASE = "manifest.json", "base"


class Manifest(Struct, frozen=True):
    """``position``: of the log, which the backup has at least; ``began``, ``ended``: it is whole
    from ``ended`` on; ``segment``: the first of the write-ahead log that it wants; ``wal`` and
    ``receipts``: where the instance keeps what a restore needs besides; ``objects``: how many;
    ``system``: the Postgres that it is of; ``keys``: the fingerprint of those that it wants."""

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

    @property
    def data(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self))

    def write(self, folder: Path) -> None:
        write_private(folder / FILE, self.data)


class NoBackup(Exception):
    """There is no whole backup in that directory."""


def read(folder: Path) -> Manifest:
    """Raises NoBackup."""
    try:
        return parsed((folder / FILE).read_bytes())
    except (OSError, msgspec.MsgspecError) as error:
        raise NoBackup(f"{folder} has no whole backup") from error


def parsed(data: bytes) -> Manifest:
    return msgspec.json.decode(data, type=Manifest)


def kept(folder: Path) -> dict[Path, Manifest]:
    """The whole backups in a directory, oldest first."""
    found: dict[Path, Manifest] = {}
    for path in _backups(folder):
        with suppress(NoBackup):
            found[path] = read(path)
    return found


def damaged(folder: Path) -> list[Path]:
    """Backups whose manifest cannot be read: neither counted nor removed."""
    whole = kept(folder)
    return [path for path in _backups(folder) if path not in whole]


def _backups(folder: Path) -> list[Path]:
    found = (path.parent for path in folder.glob(f"*/{FILE}"))
    return sorted(path for path in found if not path.name.startswith("."))
