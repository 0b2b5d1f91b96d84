"""A backup of what runs into a bucket, and what has come since, piece by piece, after it."""

import hashlib
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from adapters.backup import basing
from adapters.backup.archive import BASE, WAL, Archive
from adapters.backup.manifest import FILE, Manifest
from adapters.backup.named import named
from adapters.backup.pages import grown
from adapters.backup.shelves import ANY, OBJECTS, PURGED, SOURCES
from adapters.backup.source import (
    Based,
    Failed,
    Source,
    Standing,
    alone,
    keys_of,
    looking,
    standing,
)
from adapters.backup.source import settle as cut_here
from adapters.backup.taking import check_owner, name_of
from adapters.embedded.home import write_private
from adapters.embedded.wal import NAME, PARTIAL, segments
from adapters.erasing.receipts import FOLDER as RECEIPTS
from adapters.media.objects import Gone


class Pushing:
    """``to``: the archive's address, by which the instance knows what it has sent there."""

    def __init__(self, source: Source, archive: Archive, to: str) -> None:
        self._source, self._archive, self._to = source, archive, to
        mark = hashlib.sha256(to.encode()).hexdigest()[:16]
        self._record = source.home / f"pushed.{mark}"

    async def take(self, keep: int) -> tuple[str, Manifest]:
        """A whole one, and its name. Raises Failed, Unavailable."""
        try:
            with alone(self._source.home):
                began, now, _ = datetime.now(UTC), *await self._known()
                made = await self._take(began, now)
                oldest = await self._archive.forget(keep)
                await self._cut_there(oldest, await self._archive.unsure())
                await self._push(oldest)
        except OSError as error:
            raise Failed(str(error)) from error
        return made

    async def damaged(self) -> list[str]:
        """Names of those there that are so."""
        return await self._archive.damaged()

    async def catch_up(self) -> int:
        """What has come since the last time; how many files. Raises Failed, Unavailable."""
        try:
            with alone(self._source.home):
                _, whole = await self._known()
                if not whole:
                    raise Failed(f"{self._to} has no backup yet that something could follow on")
                return await self._push(min(whole, key=lambda each: each.segment[8:]))
        except OSError as error:
            raise Failed(str(error)) from error

    async def _known(self) -> tuple[Standing, list[Manifest]]:
        now, whole = await standing(self._source), [*(await self._archive.kept()).values()]
        check_owner(now.system, whole, self._to)
        return now, whole

    async def _take(self, began: datetime, now: Standing) -> tuple[str, Manifest]:
        name = name_of(began)
        await self._objects()
        segment = await basing.send(self._source.postgres_url, self._archive, f"{name}/{BASE}")
        based = Based(began, datetime.now(UTC), segment)
        manifest = now.manifest(self._source, based, await self._objects())
        await self._archive.put_data(f"{name}/{FILE}", manifest.data)
        if (arrivals := self._source.arrivals) is not None:
            arrivals.begin(now.position)
        return name, manifest

    async def _objects(self) -> int:
        """Those that are not there yet, as in ``taking``; how many the bucket has."""
        if self._source.objects is None:
            return 0
        there, keys = {*await self._archive.names(OBJECTS)}, await keys_of(self._source.objects)
        with tempfile.TemporaryDirectory(prefix="souk-backup-") as folder:
            room = Path(folder) / "object"
            for key in keys:
                name = f"{OBJECTS}/{key}"
                if name not in there or "/uploads/" in key:
                    try:
                        await self._source.objects.fetch(key, room, ANY)
                    except Gone:
                        continue
                    await self._archive.put(name, room)
        return len(keys)

    async def _cut_there(self, oldest: Manifest, unsure: bool) -> None:
        """What no backup there needs any more goes, unless it is ``unsure`` what one needs; and
        it is written down what there is."""
        async with looking(self._source.postgres_url) as db:
            keep = {f"{OBJECTS}/{n.key}" async for n in named(db, since=oldest.position)}
        objects = await self._archive.names(OBJECTS)
        log = await self._archive.names(WAL)
        gone = [name for name in objects if name not in keep]
        gone += [name for name in log if _is_before(name, oldest.segment)]
        gone = [] if unsure else gone
        await self._archive.remove(gone)
        notes = [name for folder in (SOURCES, PURGED) for name in await self._archive.names(folder)]
        growing = {name for name in log if name.endswith(PARTIAL)}
        self._write({*objects, *log, *notes} - {*gone} - growing)

    async def _push(self, oldest: Manifest) -> int:
        """The log as it stands now, after the objects that it names."""
        wal, growing = _as_it_stands(self._segments(oldest.segment))
        position = await self._follow()
        done = self._read()
        before = len(done)
        try:
            await self._send(wal, growing, done)
        finally:
            self._write(done)  # also of one that broke off: the next goes on from there
        last = wal[-1].name[:NAME] if wal else oldest.segment
        await cut_here(self._source, self._to, last, position)
        return len(done) - before

    async def _send(self, wal: list[Path], growing: dict[str, bytes], done: set[str]) -> None:
        """All that is not ``done`` yet; what is sent becomes so at once."""
        for name, path in _files(self._source):
            if name not in done:
                await self._archive.put(name, path)
                done.add(name)
        for path in wal:
            data = growing.get(path.name)
            name = f"{WAL}/{path.name}"
            known = name if data is None else f"{name} {hashlib.sha256(data).hexdigest()}"
            if known not in done:
                await self._segment(name, path, data)
                done.add(known)

    def _segments(self, first: str) -> list[Path]:
        if not self._source.wal.is_dir():
            return []
        return [path for path in segments(self._source.wal) if path.name[8:] >= first[8:]]

    async def _segment(self, name: str, path: Path, data: bytes | None) -> None:
        if data is not None:
            await self._archive.put_data(name, data)
            return
        await self._archive.put(name, path)
        await self._archive.remove([f"{name}{PARTIAL}"])

    async def _follow(self) -> int:
        """Where the arrivals are whole up to."""
        if (arrivals := self._source.arrivals) is None:
            return 0
        async with looking(self._source.postgres_url) as db:
            return await arrivals.catch_up(db)

    def _read(self) -> set[str]:
        return {*self._record.read_text().splitlines()} if self._record.exists() else set()

    def _write(self, names: Iterable[str]) -> None:
        write_private(self._record, "\n".join(sorted(names)).encode())


def _as_it_stands(wal: list[Path]) -> tuple[list[Path], dict[str, bytes]]:
    """The segments, and what there is of the one being filled, by its name."""
    found: list[Path] = []
    growing: dict[str, bytes] = {}
    for path in wal:
        if path.suffix == PARTIAL:
            try:
                growing[path.name] = grown(path)
            except FileNotFoundError:  # it was filled meanwhile, and has its name now
                found.append(path.with_suffix(""))
                continue
        found.append(path)
    return found, growing


def _is_before(name: str, first: str) -> bool:
    """A segment; what tells of timelines stays."""
    segment = name.removeprefix(f"{WAL}/").removesuffix(PARTIAL)
    return len(segment) == NAME and segment[8:] < first[8:]


def _files(source: Source) -> list[tuple[str, Path]]:
    """All that is pushed but segments, by the names that the archive has for them."""
    found = [
        (f"{path.relative_to(source.arrived)}", path)
        for folder in (OBJECTS, SOURCES, PURGED)
        for path in sorted((source.arrived / folder).rglob("*"))
        if path.is_file() and path.suffix != ".new"
    ]
    found += [(f"{WAL}/{path.name}", path) for path in source.wal.glob("*.history")]
    if source.receipts:
        folder = Path(source.receipts)
        kept = [path for path in folder.glob("*/*.json*") if path.suffix != ".new"]
        names = ((path.relative_to(folder), path) for path in kept)
        found += [(f"{RECEIPTS}/{name}", path) for name, path in names]
    return found
