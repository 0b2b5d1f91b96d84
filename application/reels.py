"""Reels: a seller's own products only, and only what a worker has rendered is published."""

from application.commands import Attempt, Commands
from application.ports import Answer, Call, Forbidden, Missing, Receipt
from application.work import Work, stream_of
from domain import catalog, media, reels
from domain.catalog import Product
from domain.kernel import Rejected
from domain.media import Asset, rendering_of
from domain.reels import Film, Reel

UNKNOWN = "reels.unknown_reel"


def place(id: str) -> str:
    """Where its video is shown, as the media library says it."""
    return f"reels/{id}"


class Reels:
    """``owner``: the seller whose reels they may change; None for staff. A draft of another's is
    not there."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def draft(
        self, call: Call, id: str, owner: str | None, product: str, caption: str, film: str | None
    ) -> Receipt:
        """``film``: the asset to show; it may be rendered later."""

        async def attempt(work: Work) -> Answer:
            work.begin((reels, id))
            shown: Product = await work.load(catalog, product)
            if not shown.exists:
                raise Missing("catalog.unknown_product")
            if owner not in (None, shown.seller):
                raise Forbidden("catalog.not_yours")
            if shown.retired:
                raise Rejected("catalog.retired", "restore the product first")
            about = shown.name, shown.describing.category, shown.price
            new = reels.DraftReel(shown.seller, product, *about, caption)
            await work.decide(reels, id, new)
            if film is not None:
                await _set(work, id, owner, film)
            return work.receipt(reels, id)

        return await self._commands.run(call, Receipt, attempt)

    async def set_media(self, call: Call, id: str, owner: str | None, film: str) -> Receipt:
        async def attempt(work: Work) -> Answer:
            await _own(work, id, owner)
            await _set(work, id, owner, film)
            return work.receipt(reels, id)

        return await self._run(call, id, attempt)

    async def publish(self, call: Call, id: str, owner: str | None) -> Receipt:
        """Its video is public from now on."""

        async def attempt(work: Work) -> Answer:
            reel = await _own(work, id, owner)
            if reel.media is None:
                raise Rejected("reels.media_missing", "set its video first")
            asset: Asset = await work.load(media, reel.media)
            await work.decide(reels, id, reels.PublishReel(film_of(asset)))
            await work.decide(media, reel.media, media.Attach(place(id)))
            return work.receipt(reels, id)

        return await self._run(call, id, attempt)

    async def caption(self, call: Call, id: str, owner: str | None, caption: str) -> Receipt:
        async def attempt(work: Work) -> Answer:
            await _own(work, id, owner)
            await work.decide(reels, id, reels.ChangeCaption(caption))
            return work.receipt(reels, id)

        return await self._run(call, id, attempt)

    async def hide(self, call: Call, id: str, owner: str | None, reason: str = "") -> Receipt:
        """Its video is no longer public, unless something else shows it, but kept."""

        async def attempt(work: Work) -> Answer:
            reel = await _own(work, id, owner)
            by_staff = owner is None and call.actor != reel.seller
            await work.decide(reels, id, reels.HideReel(reason, by_staff))
            if reel.shown:  # a draft shows nothing yet
                await work.decide(media, reel.media or "", media.Withhold(place(id)))
            return work.receipt(reels, id)

        return await self._run(call, id, attempt)

    async def restore(self, call: Call, id: str, owner: str | None) -> Receipt:
        async def attempt(work: Work) -> Answer:
            reel = await _own(work, id, owner)
            await work.decide(reels, id, reels.RestoreReel(owner is None))
            if reel.shown:
                await work.decide(media, reel.media or "", media.Attach(place(id)))
            return work.receipt(reels, id)

        return await self._run(call, id, attempt)

    async def _run(self, call: Call, id: str, attempt: Attempt) -> Receipt:
        return await self._commands.run(call, Receipt, attempt, [stream_of(call.tenant, reels, id)])


def film_of(asset: Asset) -> Film:
    """Rejects what is no video, or not rendered (yet)."""
    files = {made.name: made for made in asset.renditions}
    if not asset.rendered or asset.duration is None or "video" not in files:
        raise Rejected("reels.media_not_rendered", f"its video is {asset.status or 'missing'}")
    poster = next(made for made in asset.renditions if made.name == "poster")
    return Film(
        rendering_of(asset.rendered_crop),
        files["video"].file,
        poster.file,
        asset.width,
        asset.height,
        asset.duration,
        files["video"].size,
    )


async def _own(work: Work, id: str, owner: str | None) -> Reel:
    reel: Reel = await work.load(reels, id)
    if not reel.exists or (not reel.shown and owner not in (None, reel.seller)):
        raise Missing(UNKNOWN)
    if owner not in (None, reel.seller):
        raise Forbidden("reels.not_yours")
    return reel


async def _set(work: Work, id: str, owner: str | None, film: str) -> None:
    asset: Asset = await work.load(media, film)
    if not asset.exists or owner not in (None, asset.owner):
        raise Missing("media.unknown_asset")
    if asset.kind != "video":
        raise Rejected("reels.media_not_video", "a reel shows a video")
    await work.decide(reels, id, reels.SetMedia(film))
