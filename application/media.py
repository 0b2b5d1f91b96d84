"""Media: uploads within the tenant's quota, what is made of them, and who shows them."""

from uuid import uuid5

from msgspec import Struct
from msgspec.structs import replace

from application.commands import Attempt, Commands
from application.ports import Answer, Call, Forbidden, Missing, Receipt
from application.work import Work, stream_of
from domain import catalog, media, storage
from domain.catalog import Product
from domain.kernel import Rejected
from domain.media import VIDEO_LARGEST, Asset, rendering_of
from domain.storage import USAGE, Store

SOURCE = "source"  # the rendering that is the upload itself


class Requested(Struct, frozen=True, gc=False):
    """As a Receipt, and how many bytes the upload may have."""

    id: str
    version: int
    position: int
    largest: int


class Media:
    """Assets. Whoever uploaded one changes only their own: ``owner`` is their id, None for staff.

    What is another's is not there, as for those who ask for it.
    """

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def request(
        self, call: Call, id: str, kind: str, size: int | None, sha256: str | None
    ) -> Requested:
        """``size``: bytes of what will be uploaded, where that is known: then no more are taken.
        Rejects what is too large for its kind, or for the room that is left."""

        async def attempt(work: Work) -> Answer:
            largest = await _request(work, id, kind, size, sha256)
            version = work.version(media, id)
            return lambda recorded: Requested(id, version, work.landed(recorded), largest)

        return await self._commands.run(call, Requested, attempt)

    async def begin(self, call: Call, id: str, kind: str, size: int, sha256: str) -> Requested:
        """As ``request``, for who confirms it with the same call: sent again, it is the same
        upload, whatever came between the two."""
        key = call.key and replace(call.key, route=f"{call.key.route} begun")
        call = replace(call, command_id=uuid5(call.command_id, "begun"), key=key)
        return await self.request(call, id, kind, size, sha256)

    async def confirmed(self, call: Call) -> Receipt | None:
        """What the same request came to before. Raises KeyReused."""
        return await self._commands.known(call, Receipt)

    async def looked_at(self, call: Call, id: str) -> bool:
        """Whether no worker needs its bytes any more, by the log as it is now."""

        async def attempt(work: Work) -> bool:
            asset: Asset = await work.load(media, id)
            return not asset.waits

        return await self._commands.look(call, attempt)

    async def awaited(self, call: Call, id: str, owner: str | None) -> bool:
        """Whether its bytes are still to be confirmed."""
        asset: Asset = await self._commands.peek(call, media, id)
        _check(asset, owner)
        return asset.status == "requested"

    async def confirm(self, call: Call, id: str, owner: str | None, size: int | None) -> Receipt:
        """``size``: bytes of what is there; None: nothing is."""

        async def attempt(work: Work) -> Answer:
            asset = await _own(work, id, owner)
            if asset.status == "requested" and size is None:
                raise Rejected("media.not_uploaded", "send the bytes first")
            await work.decide(media, id, media.Confirm(size or 0))
            return work.receipt(media, id)

        return await self._run(call, id, attempt)

    async def attach(self, call: Call, id: str, owner: str | None, product: str) -> Receipt:
        """Show it with a product, one of the owner's own."""

        async def attempt(work: Work) -> Answer:
            await _own(work, id, owner)
            shown: Product = await work.load(catalog, product)
            if not shown.exists or shown.purged:
                raise Missing("catalog.unknown_product")
            if owner is not None and shown.seller != owner:
                raise Forbidden("catalog.not_yours")
            if shown.retired:  # what hung on it goes when it is purged, as it was seen in the bin
                raise Rejected("catalog.retired")
            await work.decide(media, id, media.Attach(f"catalog/{product}"))
            return work.receipt(media, id)

        return await self._run(call, id, attempt)

    async def release(self, call: Call, id: str, owner: str | None, product: str) -> Receipt:
        return await self.change(call, id, owner, media.Release(f"catalog/{product}"))

    async def change(
        self, call: Call, id: str, owner: str | None, command: media.COMMANDS
    ) -> Receipt:
        async def attempt(work: Work) -> Answer:
            await _own(work, id, owner)
            await work.decide(media, id, command)
            return work.receipt(media, id)

        return await self._run(call, id, attempt)

    async def finish(self, call: Call, id: str, made: media.Render) -> Receipt:
        """A worker's renderings: the object is held, and the room that is new to it is taken."""

        async def attempt(work: Work) -> Answer:
            if await work.decide(media, id, made):
                room = await _hold(work, id, made)
                await work.decide(storage, USAGE, storage.Take(room))
            return work.receipt(media, id)

        return await self._run(call, id, attempt, stream_of(call.tenant, storage, USAGE))

    async def purge(self, call: Call, id: str, version: int) -> Receipt:
        """As it was at that version; Rejected if it has changed, or while anything shows it. Its
        object goes with its last asset."""

        async def attempt(work: Work) -> Answer:
            asset = await _own(work, id, None)
            if work.version(media, id) != version:
                raise Rejected("media.changed_meanwhile")
            await work.decide(media, id, media.Purge())
            if asset.sha256:
                for event in await work.decide(storage, asset.sha256, storage.LetGo(id)):
                    if isinstance(event, storage.ObjectDropped):
                        await work.decide(storage, USAGE, storage.Free(event.size))
            return work.receipt(media, id)

        return await self._run(call, id, attempt)

    async def _run(self, call: Call, id: str, attempt: Attempt, *queues: str) -> Receipt:
        queued = [stream_of(call.tenant, media, id), *queues]
        return await self._commands.run(call, Receipt, attempt, queued)


async def _request(work: Work, id: str, kind: str, size: int | None, sha256: str | None) -> int:
    """The bytes that it may have."""
    work.begin((media, id))
    store: Store = await work.load(storage, USAGE)
    largest = store.largest_image if kind == "image" else VIDEO_LARGEST
    if size is not None and size > largest:
        raise Rejected("media.too_large", f"at most {largest:,} bytes")
    if not store.room(size or 1):
        raise Rejected("storage.quota_reached", f"of {store.quota:,} bytes too few are left")
    largest = size or largest
    await work.decide(media, id, media.RequestUpload(work.call.actor, kind, largest, sha256))
    return largest


async def _own(work: Work, id: str, owner: str | None) -> Asset:
    asset: Asset = await work.load(media, id)
    _check(asset, owner)
    return asset


def _check(asset: Asset, owner: str | None) -> None:
    if not asset.exists or owner not in (None, asset.owner):
        raise Missing("media.unknown_asset")


async def _hold(work: Work, id: str, made: media.Render) -> int:
    """How many bytes the tenant keeps more by it: none for what was there already."""
    files = {
        SOURCE: made.size,
        rendering_of(made.crop): sum(rendition.size for rendition in made.renditions),
    }
    room = 0
    for rendering, size in files.items():
        told = await work.decide(storage, made.sha256, storage.Hold(id, rendering, size))
        room += sum(event.size for event in told if isinstance(event, storage.ObjectGrew))
    return room
