"""What is known of a backup: where it stands, and what is kept apart from it."""

from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from adapters.embedded.home import write_private

FILE, BASE, OBJECTS = "manifest.json", "base", "objects"


class Manifest(Struct, frozen=True):
    """``position``: of the log, which the backup has at least; ``began``, ``ended``: it is whole
    from ``ended`` on; ``segment``: the first of the write-ahead log that it wants; ``wal`` and
    ``receipts``: where the instance keeps what a restore needs besides; ``objects``: how many."""

    position: int
    began: datetime
    ended: datetime
    segment: str
    wal: str
    receipts: str
    objects: int
    code: str
    postgres: str

    def write(self, folder: Path) -> None:
        write_private(folder / FILE, msgspec.json.format(msgspec.json.encode(self)))


class NoBackup(Exception):
    """There is no whole backup in that directory."""


def read(folder: Path) -> Manifest:
    """Raises NoBackup."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise NoBackup(f"{folder} has no whole backup") from error


def kept(folder: Path) -> list[Path]:
    """The whole backups in a directory, oldest first."""
    return sorted(path.parent for path in folder.glob(f"*/{FILE}"))
