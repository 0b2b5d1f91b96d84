"""A recovered database made an instance again: its erasures, its files, and proof that it is whole.

Valkey and NATS begin empty: what they had is derived, and told anew.
"""

import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from pathlib import Path

from msgspec import Struct

from adapters.backup.filling import Filled, fill
from adapters.backup.jumping import jump
from adapters.backup.named import Named
from adapters.backup.named import named as files
from adapters.backup.shelves import Living, Shelf
from adapters.backup.source import looking
from adapters.embedded.child import Died
from adapters.embedded.home import HALF, Held, Home, Unwritable
from adapters.embedded.stack import Stack
from adapters.embedded.urls import Urls
from adapters.erasing.replaying import replay
from adapters.log.log import PostgresLog
from adapters.media.objects import Objects
from adapters.media.sending import AGAIN
from adapters.media.waiting import answering, awake
from adapters.projector.rebuild import rebuild
from adapters.projector.verify import Difference, Progress, verify
from adapters.schema import establish
from entrypoints.instance import Unknown, running, settings_of
from entrypoints.proving import prove
from entrypoints.settings import Settings
from entrypoints.wiring import eraser_of
from projections import PROJECTIONS

ELSEWHERE = "not started"
_BEGUN = "SELECT name FROM read.projections WHERE name = ANY(%s) AND position > 0 ORDER BY name"


class NoBucket(Exception):
    """The bucket that has the receipts of erasures, or files that the log names, is not there."""


class Revived(Struct, frozen=True):
    """``position``: that the log goes on from; ``files``: that it names, and that are there now or
    not; ``erased``: people, once more; ``differences``: between the log and what was made of
    it."""

    position: int
    files: Filled
    erased: int
    differences: list[str]


class _Quiet(Progress):
    def start(self, total: int) -> None:
        pass

    def advance(self, done: int) -> None:
        pass


async def revive(
    directory: Path,
    shelves: Sequence[Shelf],
    receipts: Path | None,
    given: Urls | None = None,
    old: Path | None = None,
) -> Revived:
    """``given``: servers to use instead of own ones; ``old``: the data directory that was, which
    may still have objects that no shelf has. Raises Forged, Foreign, Unavailable, Died."""
    stack = Stack(directory, given)
    async with stack as urls:
        settings = settings_of(stack.home, urls)
        _, outdated = await establish(settings.postgres_url, PROJECTIONS)
        await prove(settings)
        position = await jump(settings.postgres_url)
        objects = Objects(settings.s3_url, again=AGAIN)
        try:
            if settings.s3_url and await _names_any(settings):
                await awake(objects)
            # Erased first: their files do not come back at all.
            erased = await _erase_again(settings, objects, receipts)
            filled = await _fill(settings, objects, shelves, old)
        finally:
            objects.close()
        await _build(settings, outdated)
        revived = Revived(position, filled, erased, await _differences(settings))
    (stack.home.path / HALF).unlink(missing_ok=True)
    return revived


async def go_on(settings: Settings, receipts: Path | None) -> Revived:
    """The same for servers of one's own, which somebody else has restored: nothing else of Souk
    runs on them yet. ``receipts`` None: those in the bucket or the directory that is set. Raises
    NoBucket, Forged, Foreign, Unavailable."""
    _, outdated = await establish(settings.postgres_url, PROJECTIONS)
    await prove(settings)
    await _expect_bucket(settings)
    objects = Objects(settings.s3_url, again=AGAIN)
    try:
        position = await jump(settings.postgres_url)
        if receipts is not None:
            shutil.copytree(receipts, settings.receipts, dirs_exist_ok=True)
        async with PostgresLog(settings.postgres_url, settings.master_key) as log:
            eraser = eraser_of(settings, log, objects)
            erased = len(await replay(eraser))
        there = await _there(settings, objects)
    finally:
        objects.close()
    await _build(settings, outdated)
    return Revived(position, there, erased, await _differences(settings))


async def _expect_bucket(settings: Settings) -> None:
    """Made now, it would pass for one from which nobody was ever erased. It is asked for once: a
    server that is away is told of before anything is begun."""
    if settings.receipts and not settings.s3_url:
        return
    objects = Objects(settings.s3_url)
    try:
        there = await objects.there()
    finally:
        objects.close()
    if not there and (not settings.receipts or await _names_any(settings)):
        raise NoBucket(
            "The S3 server has no bucket of that name: SOUK_S3_URL names another one, or it is to"
            " be restored first. Only if there never was one, make it."
        )


async def _there(settings: Settings, objects: Objects) -> Filled:
    """Nobody has rolled the bucket back: what it has of what the log names."""
    if not settings.s3_url:
        return Filled(0, [], [])
    await objects.ready()
    there = {*await objects.under("")}
    async with looking(settings.postgres_url) as db:
        named = {n.key: n async for n in files(db)}
    missing = [n for key, n in named.items() if key not in there and not n.awaited]
    return Filled(len(named.keys() & there), missing, [])


async def _fill(
    settings: Settings, objects: Objects, shelves: Sequence[Shelf], old: Path | None
) -> Filled:
    """From the shelves; and what they lack from the instance that was, if it is there still."""
    if not settings.s3_url:
        return Filled(0, [], [])
    async with looking(settings.postgres_url) as db:
        filled = await fill(objects, files(db), shelves)
    if not filled.missing:
        return filled
    async with _living(old) as living:
        more = await fill(objects, _each(filled.missing), living)
    return Filled(filled.files + more.files, more.missing, filled.purged)


async def _names_any(settings: Settings) -> bool:
    async with looking(settings.postgres_url) as db, aclosing(files(db)) as found:
        async for _ in found:
            return True
    return False


async def _each(found: list[Named]) -> AsyncGenerator[Named, None]:
    for each in found:
        yield each


@asynccontextmanager
async def _living(old: Path | None) -> AsyncIterator[list[Shelf]]:
    """Its bucket, by the server that runs or by one that is started for this."""
    if old is None or not (old / "s3").is_dir():
        yield []
        return
    async with AsyncExitStack() as stack:
        shelves: list[Shelf] = []
        with suppress(Died, Held, Unwritable, TimeoutError):
            objects = Objects(await _address(old, stack), again=AGAIN)
            stack.callback(objects.close)
            await answering(objects)
            shelves.append(Living(objects))
        yield shelves


async def _address(old: Path, stack: AsyncExitStack) -> str:
    try:
        return running(Home(old)).s3
    except Unknown:
        alone = Urls(postgres=ELSEWHERE, valkey=ELSEWHERE, nats=ELSEWHERE)
        return (await stack.enter_async_context(Stack(old, alone))).s3 or ""


async def _erase_again(settings: Settings, objects: Objects, receipts: Path | None) -> int:
    """Of whatever moment the receipts are: what the state knows already is done twice, at no
    harm."""
    if receipts is None:
        return 0
    shutil.copytree(receipts, settings.receipts, dirs_exist_ok=True)
    async with PostgresLog(settings.postgres_url, settings.master_key) as log:
        eraser = eraser_of(settings, log, objects)
        return len(await replay(eraser))


async def _build(settings: Settings, outdated: list[str]) -> None:
    """What an older version has left is built by this one, as a projector would do later, so that
    it is compared as well. What never was there has nothing that could differ."""
    async with looking(settings.postgres_url) as db:
        cursor = await db.execute(_BEGUN, (outdated,))
        begun = [name for (name,) in await cursor.fetchall()]
    for name in begun:
        await rebuild(settings.postgres_url, name, PROJECTIONS[name])


async def _differences(settings: Settings) -> list[str]:
    found: list[Difference] = []
    url, master = settings.postgres_url, settings.master_key
    await verify(url, None, PROJECTIONS, _Quiet(), found.append, master=master)
    return [str(difference) for difference in found]
