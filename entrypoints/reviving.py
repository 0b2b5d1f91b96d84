"""A recovered database made an instance again: its files, its erasures, and proof that it is whole.

Valkey and NATS begin empty: what they had is derived, and told anew.
"""

import shutil
from pathlib import Path

from msgspec import Struct

from adapters.backup.jumping import jump
from adapters.backup.manifest import OBJECTS
from adapters.backup.restoring import put_back
from adapters.embedded.home import HALF
from adapters.embedded.stack import Stack
from adapters.embedded.urls import Urls
from adapters.erasing.replaying import replay
from adapters.log.log import PostgresLog
from adapters.media.objects import Objects
from adapters.media.waiting import awake
from adapters.projector.verify import Difference, Progress, verify
from adapters.schema import establish
from entrypoints.instance import settings_of
from entrypoints.settings import Settings
from entrypoints.wiring import eraser_of
from projections import PROJECTIONS


class Revived(Struct, frozen=True):
    """``position``: that the log goes on from; ``erased``: people, once more; ``differences``:
    between the log and what was made of it."""

    position: int
    objects: int
    erased: int
    differences: list[str]


class _Quiet(Progress):
    def start(self, total: int) -> None:
        pass

    def advance(self, done: int) -> None:
        pass


async def revive(
    directory: Path, backup: Path, receipts: Path | None, given: Urls | None = None
) -> Revived:
    """``given``: servers to use instead of own ones. Raises Forged, Unavailable, Died."""
    files = (backup / OBJECTS).is_dir()
    stack = Stack(directory, given, s3=files)
    async with stack as urls:
        settings = settings_of(stack.home, urls)
        await establish(settings.postgres_url, PROJECTIONS)
        position = await jump(settings.postgres_url)
        objects = Objects(settings.s3_url)
        try:
            put = await _files(objects, backup) if files else 0
            erased = await _erase_again(settings, objects, receipts)
        finally:
            objects.close()
        revived = Revived(position, put, erased, await _differences(settings))
    (stack.home.path / HALF).unlink(missing_ok=True)
    return revived


async def go_on(settings: Settings, receipts: Path | None) -> Revived:
    """The same for servers of one's own, which somebody else has restored: nothing else of Souk
    runs on them yet. ``receipts`` None: those in the bucket or the directory that is set."""
    await establish(settings.postgres_url, PROJECTIONS)
    position = await jump(settings.postgres_url)
    objects = Objects(settings.s3_url)
    try:
        if receipts is not None:
            shutil.copytree(receipts, settings.receipts, dirs_exist_ok=True)
        async with PostgresLog(settings.postgres_url, settings.master_key) as log:
            eraser = eraser_of(settings, log, objects)
            erased = len(await replay(eraser, await eraser.receipts.all()))
    finally:
        objects.close()
    return Revived(position, 0, erased, await _differences(settings))


async def _files(objects: Objects, backup: Path) -> int:
    await awake(objects)
    return await put_back(backup, objects)


async def _erase_again(settings: Settings, objects: Objects, receipts: Path | None) -> int:
    """Of whatever moment the receipts are: what the state knows already is done twice, at no
    harm."""
    if receipts is None:
        return 0
    shutil.copytree(receipts, settings.receipts, dirs_exist_ok=True)
    async with PostgresLog(settings.postgres_url, settings.master_key) as log:
        eraser = eraser_of(settings, log, objects)
        return len(await replay(eraser, await eraser.receipts.all()))


async def _differences(settings: Settings) -> list[str]:
    found: list[Difference] = []
    await verify(settings.postgres_url, None, PROJECTIONS, _Quiet(), found.append)
    return [str(difference) for difference in found]
