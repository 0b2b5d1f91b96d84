"""The objects that arrived since the oldest backup, kept beside the write-ahead log.

The log is followed: what it names is copied as soon as it says so. An object never changes under
its key, so that the backup's objects and these are those of any moment in between.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg

from adapters.backup.named import added, named
from adapters.backup.shelves import ANY, OBJECTS, PURGED, SOURCES
from adapters.embedded.home import write_private
from adapters.log.codec import tag_of
from adapters.log.tail import STORED, house_codec, passage
from adapters.media.objects import Gone, Objects
from adapters.postgres import packed
from adapters.postgres.pools import Connection
from adapters.projector.leader import connected
from application.ports import Unavailable
from domain.kernel import Recorded
from domain.media import Purged, Rendered, Stored

FOLDER, POSITION, LOCK = "arrived", "position", "lock"
TAGS = packed.texts(tag_of(kind) for kind in (Stored, Rendered, Purged))
LOOK = 1.0  # seconds between two looks at the log
LIMIT, SPAN = 200, 50_000  # events taken at once, and positions looked through for them
NAME = "souk-arrivals"


class Arrivals:
    """``folder``: in the data directory. Nothing is kept before there is a backup."""

    def __init__(self, folder: Path, objects: Objects) -> None:
        self._folder, self._objects = folder, objects

    def begin(self, position: int) -> None:
        """There is a backup that has all up to there."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self._folder / POSITION).exists():
            self._write(position)

    async def run(self, url: str, tell: Callable[[str], None]) -> None:
        """Until cancelled; what fails is tried again, and told once. Nothing else depends on it."""
        told = ""
        while True:
            try:
                if self._begun:
                    async with connected(url, NAME) as db:
                        while True:
                            await self.catch_up(db)
                            told = ""
                            await asyncio.sleep(LOOK)
            except (Unavailable, psycopg.OperationalError):
                pass  # a server that is away: whoever keeps it tells
            except Exception as error:  # a full disk, for one
                if str(error) != told:
                    tell(f"objects are not kept for a restore: {type(error).__name__}: {error}")
                told = str(error)
            await asyncio.sleep(LOOK)

    async def catch_up(self, db: Connection) -> int:
        """To the end of the log; where that was, 0 before there is a backup. Raises Unavailable,
        OSError."""
        if not self._begun:
            return 0
        async with self._alone():
            while not await self._step(db):
                pass
            return self._position

    async def cut(self, db: Connection, needed: int) -> None:
        """What arrived before that position is in every backup."""
        if not self._begun:
            return
        async with self._alone():
            keep = {n.key async for n in named(db, since=needed) if n.position > needed}
            place = self._folder / OBJECTS
            for path in [path for path in place.rglob("*") if path.is_file()]:
                if str(path.relative_to(place)) not in keep:
                    path.unlink()

    @property
    def _position(self) -> int:
        return int((self._folder / POSITION).read_bytes())

    @property
    def _begun(self) -> bool:
        return (self._folder / POSITION).exists()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """`souk up` and `souk backup` take turns."""
        handle = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await asyncio.to_thread(fcntl.flock, handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    async def _step(self, db: Connection) -> bool:
        """Whether that was the end of the log."""
        position = self._position
        found = await passage(db, position, LIMIT, TAGS, SPAN)
        for row in found.rows:
            await self._take(_recorded(row))
        if found.reached != position:
            self._write(found.reached)
        return found.last

    async def _take(self, recorded: Recorded) -> None:
        id = recorded.stream.split("/", 2)[2]
        match recorded.event:
            case Rendered(sha256=sha256):
                await self._keep(recorded)
                self._note(f"{SOURCES}/{recorded.tenant}/{id}", sha256.encode())
            case Purged():
                self._note(f"{PURGED}/{recorded.tenant}/{id}", b"")
            case _:
                await self._keep(recorded)

    async def _keep(self, recorded: Recorded) -> None:
        for each in added(recorded):
            place = self._folder / OBJECTS / each.key
            if not place.exists():
                await copy(self._objects, each.key, place)

    def _note(self, name: str, content: bytes) -> None:
        place = self._folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        write_private(place, content)

    def _write(self, position: int) -> None:
        write_private(self._folder / POSITION, str(position).encode())


async def copy(objects: Objects, key: str, place: Path) -> bool:
    """Into a file, whole or not at all; False: it is gone. Raises Unavailable, OSError."""
    draft = place.with_name(f"{place.name}.new")
    draft.parent.mkdir(parents=True, exist_ok=True)
    try:
        await objects.fetch(key, draft, ANY)
    except Gone:
        return False
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    draft.rename(place)
    return True


def _recorded(row: tuple[object, ...]) -> Recorded:
    said = dict(zip(STORED, row, strict=True))
    event = house_codec().decode(str(said["tag"]), said.pop("data"), said["position"])  # type: ignore[arg-type]
    del said["schema_version"]
    return Recorded(**said, event=event)  # type: ignore[arg-type]
