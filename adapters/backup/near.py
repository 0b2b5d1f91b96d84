"""A backup in a directory, with the write-ahead log and the arrivals that the instance kept."""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

from adapters.backup import arrivals, shelves
from adapters.backup.manifest import BASE, Manifest, read
from adapters.backup.pages import grown
from adapters.backup.shelves import Shelf
from adapters.backup.source import Failed
from adapters.embedded.wal import NAME, PARTIAL, segments


class Near:
    """``wal``, ``arrived``: None for where the backup says. Raises NoBackup."""

    def __init__(self, path: Path, wal: Path | None = None, arrived: Path | None = None) -> None:
        self._path = path
        self.manifest: Manifest = read(path)
        self._wal = wal or Path(self.manifest.wal)
        self._arrived = arrived or self._wal.parent / arrivals.FOLDER

    @property
    def shelves(self) -> list[Shelf]:
        return [shelves.Folder(self._path), shelves.Folder(self._arrived)]

    async def lay_base(self, data: Path) -> None:
        """Raises Failed."""
        base = self._path / BASE
        if not base.is_dir():
            raise Failed(f"{self._path} is damaged: it has no {BASE}")
        try:
            await asyncio.to_thread(shutil.copytree, base, data)
        except shutil.Error as error:
            raise Failed(f"{base} cannot be copied: {_first(error)}") from error

    async def lay_log(self, place: Path, first: str) -> None:
        if self._wal.is_dir():
            await asyncio.to_thread(_copy, self._wal, place, first)


def _first(error: shutil.Error) -> str:
    """It has one reason for each file, and a disk that is full fails them all."""
    (_, _, why), *others = error.args[0]
    return f"{why}, and {len(others)} more" if others else str(why)


def _copy(wal: Path, place: Path, first: str) -> None:
    for path in segments(wal):
        to = place / path.name.removesuffix(PARTIAL)
        if path.name[8:NAME] >= first[8:NAME] and (path.suffix != PARTIAL or not to.exists()):
            _copy_segment(path, to)
            to.chmod(0o600)
    for path in wal.glob("*.history"):
        shutil.copyfile(path, place / path.name)


def _copy_segment(path: Path, to: Path) -> None:
    if path.suffix == PARTIAL:
        with suppress(FileNotFoundError):  # it was filled meanwhile, and has its name now
            to.write_bytes(grown(path))
            return
    shutil.copyfile(path.with_suffix(""), to)
