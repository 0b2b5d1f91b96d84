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


COMMANDS = DraftReel | ChangeCaption | SetMedia | PublishReel | HideReel | RestoreReel
EVENTS = ReelDrafted | CaptionChanged | MediaSet | ReelPublished | ReelHidden | ReelRestored


class Reel(Value):
    """``status``: draft, published or hidden; empty while there is none."""

    status: str = ""
    seller: str = ""
    product: str = ""
    caption: str = ""
    media: str | None = None
    by_staff: bool = False  # it was hidden by staff, and only they bring it back

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
        raise Rejected("reels.hidden", "it was published before: restore it")
    if reel.media is None:
        raise Rejected("reels.media_missing", "set its video first")
    return [ReelPublished(reel.seller, reel.product, reel.media, film)]


def _hide(reel: Reel, command: HideReel) -> list[EVENTS]:
    """Staff may take over what its seller has hidden already."""
    if len(command.reason) > LONGEST_REASON:
        raise Rejected("reels.reason_too_long", f"at most {LONGEST_REASON} characters")
    if reel.status == "draft":
        raise Rejected("reels.not_published", "nobody sees a draft")
    if reel.status == "hidden" and (reel.by_staff or not command.by_staff):
        return []
    return [ReelHidden(command.reason, command.by_staff)]


def _restore(reel: Reel, by_staff: bool) -> list[EVENTS]:
    if reel.status == "draft":
        raise Rejected("reels.not_published", "publish it first")
    if reel.published:
        return []
    if reel.by_staff and not by_staff:
        raise Rejected("reels.hidden_by_staff", "only they can restore it")
    return [ReelRestored(by_staff)]


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
            return but(reel, status="published")
        case ReelHidden(by_staff=by_staff):
            return but(reel, status="hidden", by_staff=by_staff)
        case ReelRestored():
            return but(reel, status="published", by_staff=False)
        case _:
            assert_never(event)
