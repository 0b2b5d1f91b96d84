"""A backup in a bucket, brought from there as it is wanted."""

import asyncio
import tarfile
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from adapters.backup import shelves
from adapters.backup.archive import BASE, WAL, Archive
from adapters.backup.manifest import Manifest, NoBackup
from adapters.backup.shelves import ANY, Shelf
from adapters.backup.source import Failed
from adapters.embedded.wal import NAME, PARTIAL
from adapters.erasing.receipts import FOLDER as RECEIPTS
from adapters.media.objects import Gone


class Far:
    def __init__(self, archive: Archive, name: str, manifest: Manifest) -> None:
        self._archive, self._name, self.manifest = archive, name, manifest

    @classmethod
    async def open(cls, archive: Archive, name: str, to: datetime | None) -> "Far":
        """``name`` empty: the newest that was whole at that time. Raises NoBackup, Unavailable."""
        if name:
            return cls(archive, name, await archive.manifest(name))
        for name, manifest in reversed((await archive.kept()).items()):
            if to is None or manifest.ended <= to:
                return cls(archive, name, manifest)
        raise NoBackup("there is no backup that is old enough")

    @property
    def shelves(self) -> list[Shelf]:
        return [shelves.Bucket(self._archive.objects, self._archive.prefix)]

    async def lay_base(self, data: Path) -> None:
        """Unpacked as it comes."""

        def unpack(stream: BinaryIO) -> None:
            data.mkdir(mode=0o700)
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                tar.extractall(data, filter="data")

        try:
            await self._archive.objects.take(self._archive.key(f"{self._name}/{BASE}"), unpack)
        except (Gone, tarfile.TarError) as error:
            raise Failed(f"the base of {self._name} is not whole: {error}") from error

    async def lay_log(self, place: Path, first: str) -> None:
        names = [name.rpartition("/")[2] for name in await self._archive.names(WAL)]
        whole = {name for name in names if not name.endswith(PARTIAL)}
        for name in names:
            segment = name.removesuffix(PARTIAL)
            wanted = len(segment) != NAME or segment[8:] >= first[8:]  # timelines: all of them
            if wanted and (name == segment or segment not in whole):
                to = place / segment
                await self._archive.objects.fetch(self._archive.key(f"{WAL}/{name}"), to, ANY)
                await asyncio.to_thread(to.chmod, 0o600)

    async def receipts(self, folder: Path) -> int:
        """Those that were sent there, into a directory; how many."""
        names = await self._archive.names(RECEIPTS)
        for name in names:
            path = folder / name.removeprefix(f"{RECEIPTS}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            await self._archive.objects.fetch(self._archive.key(name), path, ANY)
        return len(names)
