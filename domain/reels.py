"""Reels: a seller's short films of a product, from the draft to the feed."""

from typing import assert_never

from domain.kernel import Command, Event, Rejected, Value, but
from domain.money import Money

LONGEST_CAPTION = 500  # characters
LONGEST_REASON = 200


class Film(Value):
    """What is shown: the asset's renditions as they are when the reel is published.

    ``video`` and ``poster`` are file names under the asset's ``rendering``.
    """

    rendering: str
    video: str
    poster: str
    width: int  # pixels
    height: int
    duration: float  # seconds
    size: int  # bytes of the video


class DraftReel(Command):
    seller: str
    product: str
    product_name: str
    category: str
    price: Money
    caption: str = ""


class ChangeCaption(Command):
    caption: str


class SetMedia(Command):
    media: str


class PublishReel(Command):
    film: Film


class HideReel(Command):
    reason: str = ""
    by_staff: bool = False


class RestoreReel(Command):
    by_staff: bool = False


class PurgeReel(Command):
    """For good: what was hidden does not come back."""


class ReelDrafted(Event, tag="reels.reel_drafted"):
    """The product as it was; what becomes of it later is the catalogue's to say."""

    seller: str
    product: str
    product_name: str
    category: str
    price: Money
    caption: str


class CaptionChanged(Event, tag="reels.caption_changed"):
    caption: str


class MediaSet(Event, tag="reels.media_set"):
    media: str


class ReelPublished(Event, tag="reels.reel_published"):
    seller: str
    product: str
    media: str
    film: Film


class ReelHidden(Event, tag="reels.reel_hidden"):
    reason: str
    by_staff: bool


class ReelRestored(Event, tag="reels.reel_restored"):
    by_staff: bool


class ReelPurged(Event, tag="reels.reel_purged"):
    pass


COMMANDS = DraftReel | ChangeCaption | SetMedia | PublishReel | HideReel | RestoreReel | PurgeReel
EVENTS = (
    ReelDrafted | CaptionChanged | MediaSet | ReelPublished | ReelHidden | ReelRestored | ReelPurged
)


class Reel(Value):
    """``status``: draft, published, hidden or purged; empty while there is none. ``shown``: it has
    been published, so that this is what it comes back to."""

    status: str = ""
    seller: str = ""
    product: str = ""
    caption: str = ""
    media: str | None = None
    by_staff: bool = False  # it was hidden by staff, and only they bring it back
    shown: bool = False

    @property
    def exists(self) -> bool:
        return self.status != ""

    @property
    def published(self) -> bool:
        return self.status == "published"


EMPTY = Reel()


def decide(reel: Reel, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, DraftReel):
        return _draft(reel, command)
    if not reel.exists:
        raise Rejected("reels.unknown_reel")
    if reel.status == "purged" and not isinstance(command, PurgeReel):
        raise Rejected("reels.purged", "it is gone for good")
    match command:
        case ChangeCaption(caption=caption):
            _check_caption(caption)
            return [CaptionChanged(caption)] if caption != reel.caption else []
        case SetMedia(media=media):
            return _set_media(reel, media)
        case PublishReel(film=film):
            return _publish(reel, film)
        case HideReel():
            return _hide(reel, command)
        case RestoreReel(by_staff=by_staff):
            return _restore(reel, by_staff)
        case PurgeReel():
            return _purge(reel)
        case _:
            assert_never(command)


def _draft(reel: Reel, new: DraftReel) -> list[EVENTS]:
    if reel.exists:
        raise Rejected("reels.reel_exists")
    _check_caption(new.caption)
    product = new.product, new.product_name, new.category, new.price
    return [ReelDrafted(new.seller, *product, new.caption)]


def _set_media(reel: Reel, media: str) -> list[EVENTS]:
    if reel.status != "draft":
        raise Rejected("reels.published", "what is seen is not exchanged: make another reel")
    return [MediaSet(media)] if media != reel.media else []


def _publish(reel: Reel, film: Film) -> list[EVENTS]:
    if reel.published:
        return []
    if reel.status == "hidden":
        raise Rejected("reels.hidden", "restore it first")
    if reel.media is None:
        raise Rejected("reels.media_missing", "set its video first")
    return [ReelPublished(reel.seller, reel.product, reel.media, film)]


def _hide(reel: Reel, command: HideReel) -> list[EVENTS]:
    """A draft, too, which nobody saw but its seller. Staff may take over what its seller has hidden
    already."""
    if len(command.reason) > LONGEST_REASON:
        raise Rejected("reels.reason_too_long", f"at most {LONGEST_REASON} characters")
    if reel.status == "hidden" and (reel.by_staff or not command.by_staff):
        return []
    return [ReelHidden(command.reason, command.by_staff)]


def _restore(reel: Reel, by_staff: bool) -> list[EVENTS]:
    if reel.status != "hidden":
        return []
    if reel.by_staff and not by_staff:
        raise Rejected("reels.hidden_by_staff", "only they can restore it")
    return [ReelRestored(by_staff)]


def _purge(reel: Reel) -> list[EVENTS]:
    if reel.status == "purged":
        return []
    if reel.status != "hidden":
        raise Rejected("reels.not_hidden", "hide the reel first")
    return [ReelPurged()]


def _check_caption(caption: str) -> None:
    if len(caption) > LONGEST_CAPTION:
        raise Rejected("reels.caption_too_long", f"at most {LONGEST_CAPTION} characters")


def evolve(reel: Reel, event: EVENTS) -> Reel:
    match event:
        case ReelDrafted(seller=seller, product=product, caption=caption):
            return Reel("draft", seller, product, caption)
        case CaptionChanged(caption=caption):
            return but(reel, caption=caption)
        case MediaSet(media=media):
            return but(reel, media=media)
        case ReelPublished():
            return but(reel, status="published", shown=True)
        case ReelHidden(by_staff=by_staff):
            return but(reel, status="hidden", by_staff=by_staff)
        case ReelRestored():
            return but(reel, status="published" if reel.shown else "draft", by_staff=False)
        case ReelPurged():
            return but(reel, status="purged")
        case _:
            assert_never(event)
