"""One job of a worker: fetch, render, put, and then tell the log, in this order."""

import asyncio
import hashlib
from functools import reduce
from itertools import takewhile
from pathlib import Path
from uuid import uuid5

from msgspec.structs import astuple, replace

from adapters.media import folders, keys, rendering
from adapters.media.locks import alone
from adapters.media.objects import Gone, Objects, TooLarge
from adapters.media.sweeping import is_over
from adapters.media.verdict import CONTENT_TYPES, Job, Unacceptable, Verdict
from adapters.postgres.pools import Connection
from application.commands import Commands
from application.media import Media
from application.ports import Call, Key, Log, Origin
from application.work import stream_of
from domain import media, storage
from domain.kernel import Recorded, Rejected
from domain.media import Asset, Crop, rendering_of
from domain.storage import Store

WORKER = "worker:media"
BYTES = "application/octet-stream"


class Rendering:
    """Whatever kills it, the next one finds the upload and the log as they were, puts the same
    keys and appends once. Raises Unavailable while a server is away."""

    def __init__(self, log: Log, objects: Objects) -> None:
        self._log, self._objects = log, objects
        self._media = Media(Commands(log))

    async def run(self, db: Connection, tenant: str, id: str) -> None:
        """``db``: where locks are taken."""
        past = (await self._log.read(tenant, [stream := stream_of(tenant, media, id)]))[stream]
        asset: Asset = reduce(media.evolve, (r.event for r in past), media.EMPTY)
        if is_over(asset):  # told, but perhaps not removed
            await self._objects.remove(keys.upload(tenant, id))
        if not asset.waits:
            return
        call = _call(past)
        try:
            with folders.folder() as folder:
                await self._render(db, call, id, asset, _overtaken(past, asset), Path(folder))
        except Unacceptable as reason:
            refusal = media.Reject(reason.code, reason.detail)
            await self._media.change(_keyed(call, "reject"), id, None, refusal)
        await self._objects.remove(keys.upload(tenant, id))

    async def _render(
        self,
        db: Connection,
        call: Call,
        id: str,
        asset: Asset,
        overtaken: set[Crop | None],
        folder: Path,
    ) -> None:
        source, made = folder / "source", folder / "made"
        made.mkdir()
        await self._fetch(call.tenant, id, asset, source)
        if asset.declared and asset.declared != await asyncio.to_thread(_sha256, source):
            raise Unacceptable(
                "media.checksum_wrong", "these are not the bytes that were announced"
            )
        crop = astuple(asset.crop) if asset.crop else None
        job = Job("video" if asset.kind == "video" else "image", crop, asset.largest)
        verdict = await rendering.render(source, made, job)
        async with alone(db, call.tenant, verdict.sha256):
            if overtaken:  # whoever was at one may have been killed when its files were put
                await self._spare(call.tenant, verdict.sha256, overtaken)
            await self._keep(call.tenant, verdict, asset.crop, source, made)
            await self._tell(call, id, _made(verdict, asset.crop, source.stat().st_size))

    async def _fetch(self, tenant: str, id: str, asset: Asset, to: Path) -> None:
        """What was uploaded, or what it was when it was looked at first."""
        known = asset.sha256 and keys.source(tenant, asset.sha256)
        try:
            await self._objects.fetch(known or keys.upload(tenant, id), to, asset.largest)
        except Gone:
            raise Unacceptable("media.upload_gone", "it is not there any more") from None
        except TooLarge:
            raise Unacceptable("media.too_large", f"at most {asset.largest:,} bytes") from None

    async def _keep(
        self, tenant: str, verdict: Verdict, crop: Crop | None, source: Path, folder: Path
    ) -> None:
        await self._objects.ready()
        await self._objects.put_file(keys.source(tenant, verdict.sha256), source, BYTES)
        for made in verdict.renditions:
            name = f"{made.name}.{made.format}"
            key = keys.rendition(tenant, verdict.sha256, crop, name)
            await self._objects.put_file(key, folder / made.file, CONTENT_TYPES[made.format])

    async def _tell(self, call: Call, id: str, made: media.Render) -> None:
        try:
            await self._media.finish(call, id, made)
        except Rejected as refusal:
            await self._spare(call.tenant, made.sha256, {made.crop})
            raise Unacceptable(refusal.code, refusal.detail) from None
        # If it was purged or cropped anew meanwhile: that is no news.
        await self._spare(call.tenant, made.sha256, {made.crop})

    async def _spare(self, tenant: str, sha256: str, crops: set[Crop | None]) -> None:
        """Remove the files of those crops for which no room was taken; all files, if nobody holds
        the object. What was counted once stays: another asset may show it."""
        store = await self._store(tenant, sha256)
        if not store.holders:
            await self._objects.remove_under(keys.all_of(tenant, sha256))
            return
        if spare := {rendering_of(crop) for crop in crops}.difference(store.renderings):
            places = tuple(keys.named(tenant, sha256, rendering, "") for rendering in spare)
            there = await self._objects.under(keys.all_of(tenant, sha256))
            await self._objects.remove(*(key for key in there if key.startswith(places)))

    async def _store(self, tenant: str, sha256: str) -> Store:
        stream = stream_of(tenant, storage, sha256)
        past = (await self._log.read(tenant, [stream]))[stream]
        return reduce(storage.evolve, (r.event for r in past), storage.EMPTY)


def _sha256(source: Path) -> str:
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _made(verdict: Verdict, crop: Crop | None, size: int) -> media.Render:
    renditions = tuple(
        media.Rendition(r.name, r.format, r.width, r.height, r.size, r.sha256)
        for r in verdict.renditions
    )
    shape = (verdict.format, verdict.width, verdict.height, size, verdict.duration)
    return media.Render(verdict.sha256, *shape, crop, renditions)


def _overtaken(past: list[Recorded], asset: Asset) -> set[Crop | None]:
    """The crops that it was to have since it was rendered last, but for the one that it waits
    for."""
    since = takewhile(lambda r: not isinstance(r.event, media.Rendered), reversed(past))
    return {r.event.crop for r in since if isinstance(r.event, media.CropSet)} - {asset.crop}


def _call(past: list[Recorded]) -> Call:
    """The call that follows from what the asset waits since."""
    since = next(r for r in reversed(past) if isinstance(r.event, media.Stored | media.CropSet))
    return Call(
        tenant=since.tenant,
        actor=WORKER,
        command_id=uuid5(since.event_id, WORKER),
        correlation=since.correlation,
        causation=since.event_id,
        key=Key(WORKER, "render", str(since.event_id), b""),
        origin=Origin("worker"),
    )


def _keyed(call: Call, route: str) -> Call:
    assert call.key is not None
    return replace(
        call, command_id=uuid5(call.command_id, route), key=replace(call.key, route=route)
    )
