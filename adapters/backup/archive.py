"""Backups in a bucket: ``<name>/base.tar`` and ``<name>/manifest.json`` of each, and for all of
them ``wal/``, ``objects/``, ``sources/``, ``purged/`` and ``erasures/``.

The manifest comes last and goes first: half a backup is none.
"""

from pathlib import Path

from adapters.backup.manifest import FILE, UNREADABLE, Damaged, Manifest, NoBackup, parsed
from adapters.backup.places import NAME
from adapters.media.objects import Gone, Objects

BASE, WAL = "base.tar", "wal"
KIND = "application/octet-stream"


class Archive:
    """``prefix``: empty, or with a slash at its end."""

    def __init__(self, objects: Objects, prefix: str) -> None:
        self.objects, self.prefix = objects, prefix

    def key(self, name: str) -> str:
        return f"{self.prefix}{name}"

    async def names(self, folder: str) -> list[str]:
        """Of all that is there, with the folder's."""
        found = await self.objects.under(self.key(f"{folder}/"))
        return [key.removeprefix(self.prefix) for key in found]

    async def put(self, name: str, path: Path) -> None:
        await self.objects.put_file(self.key(name), path, KIND)

    async def put_data(self, name: str, data: bytes) -> None:
        await self.objects.put(self.key(name), data, KIND)

    async def remove(self, names: list[str]) -> None:
        if names:
            await self.objects.remove(*(self.key(name) for name in names))

    async def read(self, name: str) -> bytes:
        """Raises Gone."""
        return b"".join([part async for part in self.objects.read(self.key(name))])

    async def manifest(self, name: str) -> Manifest:
        """Raises NoBackup."""
        try:
            return parsed(await self.read(f"{name}/{FILE}"))
        except Gone as error:
            raise NoBackup(f"{self.prefix}{name} is no whole backup") from error
        except UNREADABLE as error:
            told = f"{self.prefix}{name} is damaged: its {FILE} cannot be read ({error})"
            raise Damaged(told) from error

    async def kept(self) -> dict[str, Manifest]:
        """The whole backups, oldest first."""
        return (await self._known())[0]

    async def damaged(self) -> list[str]:
        """Backups whose manifest cannot be read: neither counted nor removed."""
        return (await self._known())[1]

    async def unsure(self) -> bool:
        """Whether one that is damaged is the oldest: nothing tells what it needs."""
        whole, damaged = await self._known()
        return any(name < min(whole) for name in damaged)

    async def _known(self) -> tuple[dict[str, Manifest], list[str]]:
        await self.objects.ready()
        whole: dict[str, Manifest] = {}
        damaged: list[str] = []
        for name in await self._backups():
            try:
                whole[name] = await self.manifest(name)
            except Damaged:
                damaged.append(name)
            except NoBackup:
                continue
        return whole, damaged

    async def _backups(self) -> list[str]:
        folders = await self.objects.folders(self.prefix)
        return sorted(name for name in folders if NAME.fullmatch(name))

    async def forget(self, keep: int) -> Manifest:
        """Those beyond the newest ``keep``, and what was left of one that was ended; the oldest
        that stays."""
        whole, damaged = await self._known()
        for name in [*whole][:-keep]:
            await self.remove([f"{name}/{FILE}"])
            del whole[name]
        for name in await self._backups():
            if name not in (*whole, *damaged) and name < max(whole):
                await self.remove(await self.names(name))
        return min(whole.values(), key=lambda each: each.segment[8:])
