"""Where copies of objects are: beside a base backup, among the arrivals, in a bucket.

Each holds ``objects/<key>``; ``sources/<tenant>/<asset>``, the SHA-256 that an upload turned out to
have; and ``purged/<tenant>/<asset>`` of what was purged since.
"""

import hashlib
from pathlib import Path
from typing import Protocol

from adapters.media.objects import Gone, Objects

OBJECTS, SOURCES, PURGED = "objects", "sources", "purged"
ANY = 2**62  # bytes: no bound


class Shelf(Protocol):
    async def find(self, name: str, room: Path) -> Path | None:
        """A file with those bytes; ``room``: a place for one."""
        ...


class Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    async def find(self, name: str, room: Path) -> Path | None:
        found = self._path / name
        return found if found.is_file() else None


class Bucket:
    """``prefix``: empty, or with a slash at its end."""

    def __init__(self, objects: Objects, prefix: str) -> None:
        self._objects, self._prefix = objects, prefix

    async def find(self, name: str, room: Path) -> Path | None:
        try:
            await self._objects.fetch(f"{self._prefix}{name}", room, ANY)
        except Gone:
            return None
        return room


class Living:
    """An instance's own bucket, which has objects alone."""

    def __init__(self, objects: Objects) -> None:
        self._bucket = Bucket(objects, "")

    async def find(self, name: str, room: Path) -> Path | None:
        folder, _, key = name.partition("/")
        return await self._bucket.find(key, room) if folder == OBJECTS else None


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
