"""A bucket filled with what a log names, from wherever there is a copy of it."""

import tempfile
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from pathlib import Path

from msgspec import Struct

from adapters.backup.named import Named
from adapters.backup.shelves import OBJECTS, PURGED, SOURCES, Shelf, digest
from adapters.media import keys
from adapters.media.objects import Objects

KIND = "application/octet-stream"


class Filled(Struct, frozen=True):
    """``files``: put, or there already; ``missing``: named, and nowhere whole; ``purged``: the
    same, but somebody had them purged later."""

    files: int
    missing: list[Named]
    purged: list[Named]


async def fill(
    objects: Objects,
    wanted: AsyncGenerator[Named, None],
    shelves: Sequence[Shelf],
    to: str | None = None,
    there: Collection[str] = frozenset(),
) -> Filled:
    """Every byte is compared with the log, which has the digests. ``to``: another tenant, whose
    they become; ``there``: keys that an earlier run has put. Raises Unavailable."""
    seen: set[str] = set()
    files, missing, purged = 0, list[Named](), list[Named]()
    with tempfile.TemporaryDirectory(prefix="souk-objects-") as folder:
        room = Path(folder) / "object"
        async with aclosing(wanted) as all:
            async for named in all:
                if named.key in seen:
                    continue
                seen.add(named.key)
                place = _place(named.key, to)
                if place in there:
                    files += 1
                elif (path := await _whole(named, shelves, room)) is not None:
                    await objects.put_file(place, path, KIND)
                    files += 1
                elif not named.awaited:
                    gone = await _find(f"{PURGED}/{named.asset}", shelves, room)
                    (missing if gone is None else purged).append(named)
    return Filled(files, missing, purged)


def _place(key: str, to: str | None) -> str:
    return key if to is None else f"{to}/{key.partition('/')[2]}"


async def _whole(named: Named, shelves: Sequence[Shelf], room: Path) -> Path | None:
    """A copy of the object, or of what became of an upload, which is the same bytes."""
    if (found := await _good(named.key, named, shelves, room)) is not None:
        return found
    tenant = named.asset.partition("/")[0]
    source = await _find(f"{SOURCES}/{named.asset}", shelves, room)
    if source is None or "/uploads/" not in named.key:
        return None
    return await _good(keys.source(tenant, source.read_text()), named, shelves, room)


async def _good(key: str, named: Named, shelves: Sequence[Shelf], room: Path) -> Path | None:
    for shelf in shelves:
        path = await shelf.find(f"{OBJECTS}/{key}", room)
        if path is not None and _as_named(path, named):
            return path
    return None


def _as_named(path: Path, named: Named) -> bool:
    if named.size is not None and path.stat().st_size != named.size:
        return False
    return named.sha256 is None or digest(path) == named.sha256


async def _find(name: str, shelves: Sequence[Shelf], room: Path) -> Path | None:
    for shelf in shelves:
        if (path := await shelf.find(name, room)) is not None:
            return path
    return None
