"""Media: an upload, from where it is to go to what was made of it, and whoever shows it."""

import re
from typing import assert_never

from domain.kernel import Rejected as Refused
from domain.kernel import Value, but
from domain.media.words import (
    COMMANDS as COMMANDS,
)
from domain.media.words import (
    EVENTS as EVENTS,
)
from domain.media.words import (
    Attach as Attach,
)
from domain.media.words import (
    Attached as Attached,
)
from domain.media.words import (
    Confirm as Confirm,
)
from domain.media.words import (
    Crop as Crop,
)
from domain.media.words import (
    CropSet as CropSet,
)
from domain.media.words import (
    Purge as Purge,
)
from domain.media.words import (
    Purged as Purged,
)
from domain.media.words import (
    Reject as Reject,
)
from domain.media.words import (
    Rejected as Rejected,
)
from domain.media.words import (
    Release as Release,
)
from domain.media.words import (
    Released as Released,
)
from domain.media.words import (
    Render as Render,
)
from domain.media.words import (
    Rendered as Rendered,
)
from domain.media.words import (
    Rendition as Rendition,
)
from domain.media.words import (
    RequestUpload as RequestUpload,
)
from domain.media.words import (
    SetCrop as SetCrop,
)
from domain.media.words import (
    Stored as Stored,
)
from domain.media.words import (
    UploadRequested as UploadRequested,
)
from domain.media.words import (
    Withheld as Withheld,
)
from domain.media.words import (
    Withhold as Withhold,
)

VIDEO_LARGEST = 100_000_000
KINDS = ("image", "video")
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
PLACE = re.compile(r"[a-z]{1,40}/[A-Za-z0-9_-]{1,64}", re.ASCII)
MOST_PLACES = 1000
RECIPE = "r1"  # how renditions are made: raise it with the recipe, and their names are new


class Asset(Value):
    """``status``: requested, stored, rendered, rejected or purged; empty while there is none."""

    owner: str = ""
    kind: str = ""
    largest: int = 0
    declared: str | None = None
    status: str = ""
    sha256: str | None = None
    width: int = 0
    height: int = 0
    duration: float | None = None  # seconds
    renditions: tuple[Rendition, ...] = ()
    crop: Crop | None = None  # wanted
    rendered_crop: Crop | None = None
    attached: tuple[str, ...] = ()  # the places that show it
    withheld: tuple[str, ...] = ()  # those that did, and may again

    @property
    def exists(self) -> bool:
        return self.status != ""

    @property
    def rendered(self) -> bool:
        return self.status == "rendered"

    @property
    def waits(self) -> bool:
        """For a worker."""
        return self.status == "stored" or (self.rendered and self.crop != self.rendered_crop)


EMPTY = Asset()


def rendering_of(crop: Crop | None) -> str:
    """The word that names all renditions of one crop: part of their keys and addresses."""
    if crop is None:
        return RECIPE
    return f"{RECIPE}-{crop.left}-{crop.top}-{crop.width}-{crop.height}"


def decide(asset: Asset, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, RequestUpload):
        return _request(asset, command)
    if not asset.exists:
        raise Refused("media.unknown_asset")
    match command:
        case Confirm(size=size):
            return _confirm(asset, size)
        case Render():
            return _render(asset, command)
        case Reject(reason=reason, detail=detail):
            return [Rejected(reason, detail)] if asset.waits else []
        case SetCrop(crop=crop):
            return _crop(asset, crop)
        case Attach(to=to):
            return _attach(asset, to)
        case Withhold(of=of):
            return [Withheld(of)] if of in asset.attached else []
        case Release(of=of):
            return [Released(of)] if of in asset.attached + asset.withheld else []
        case Purge():
            return _purge(asset)
        case _:
            assert_never(command)


def _request(asset: Asset, new: RequestUpload) -> list[EVENTS]:
    if asset.exists:
        raise Refused("media.asset_exists")
    if new.kind not in KINDS:
        raise Refused("media.kind_unknown", "an image or a video")
    if new.largest < 1:
        raise Refused("media.largest_below_one")
    if new.sha256 is not None and not SHA256.fullmatch(new.sha256):
        raise Refused("media.checksum_malformed", "64 hexadecimal digits in lower case")
    return [UploadRequested(new.owner, new.kind, new.largest, new.sha256)]


def _confirm(asset: Asset, size: int) -> list[EVENTS]:
    """Too large is not refused but kept: its uploader reads why nothing comes of it."""
    if asset.status == "purged":
        raise Refused("media.purged")
    if asset.status != "requested":
        return []
    if size > asset.largest:
        return [Stored(size), Rejected("media.too_large", f"at most {asset.largest:,} bytes")]
    return [Stored(size)]


def _render(asset: Asset, made: Render) -> list[EVENTS]:
    """Once for each crop: of two workers the second has no news."""
    if not asset.waits or made.crop != asset.crop:
        return []
    return [
        Rendered(
            made.sha256,
            made.format,
            made.width,
            made.height,
            made.size,
            made.duration,
            made.crop,
            made.renditions,
        )
    ]


def _crop(asset: Asset, crop: Crop | None) -> list[EVENTS]:
    if not asset.rendered:
        raise Refused("media.not_rendered", "it must be rendered first")
    if asset.kind != "image":
        raise Refused("media.not_cropped", "only images are")
    if crop is not None and not _within(asset, crop):
        raise Refused("media.crop_outside", f"the picture has {asset.width} by {asset.height}")
    return [CropSet(crop)] if crop != asset.crop else []


def _within(asset: Asset, crop: Crop) -> bool:
    inside = crop.left + crop.width <= asset.width and crop.top + crop.height <= asset.height
    return inside and min(crop.left, crop.top) >= 0 and min(crop.width, crop.height) >= 1


def _attach(asset: Asset, to: str) -> list[EVENTS]:
    if not asset.rendered:
        raise Refused("media.not_rendered", "it must be rendered first")
    if not PLACE.fullmatch(to):
        raise Refused("media.place_malformed", "a context and an id, as in catalog/<id>")
    if to in asset.attached:
        return []
    if to not in asset.withheld and len(asset.attached + asset.withheld) >= MOST_PLACES:
        raise Refused("media.attached_too_often", f"at most {MOST_PLACES} places")
    return [Attached(to)]


def _purge(asset: Asset) -> list[EVENTS]:
    if asset.attached:
        raise Refused("media.attached", "something still shows it")
    if asset.withheld:
        raise Refused("media.withheld", "something may show it again")
    return [] if asset.status == "purged" else [Purged(asset.sha256)]


def evolve(asset: Asset, event: EVENTS) -> Asset:
    match event:
        case UploadRequested(owner=owner, kind=kind, largest=largest, sha256=sha256):
            return Asset(owner, kind, largest, sha256, "requested")
        case Stored():
            return but(asset, status="stored")
        case Rendered():
            return _rendered(asset, event)
        case Rejected():
            return _rejected(asset)
        case CropSet(crop=crop):
            return but(asset, crop=crop)
        case Attached(to=to):
            return but(_gone(asset, to), attached=(*asset.attached, to))
        case Withheld(of=of):
            return but(_gone(asset, of), withheld=(*asset.withheld, of))
        case Released(of=of):
            return _gone(asset, of)
        case Purged():
            return but(asset, status="purged")
        case _:
            assert_never(event)


def _gone(asset: Asset, of: str) -> Asset:
    attached, withheld = (
        tuple(place for place in places if place != of)
        for places in (asset.attached, asset.withheld)
    )
    return but(asset, attached=attached, withheld=withheld)


def _rendered(asset: Asset, event: Rendered) -> Asset:
    return but(
        asset,
        status="rendered",
        sha256=event.sha256,
        width=event.width,
        height=event.height,
        duration=event.duration,
        renditions=event.renditions,
        rendered_crop=event.crop,
    )


def _rejected(asset: Asset) -> Asset:
    """What was rendered before stays: only its new crop came to nothing."""
    if asset.rendered:
        return but(asset, crop=asset.rendered_crop)
    return but(asset, status="rejected")
