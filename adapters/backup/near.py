"""A backup in a directory, with the write-ahead log and the arrivals that the instance kept."""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

from adapters.backup import arrivals, shelves
from adapters.backup.manifest import BASE, Manifest, read
from adapters.backup.pages import grown
from adapters.backup.shelves import Shelf
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
        await asyncio.to_thread(shutil.copytree, self._path / BASE, data)

    async def lay_log(self, place: Path, first: str) -> None:
        if self._wal.is_dir():
            await asyncio.to_thread(_copy, self._wal, place, first)


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
