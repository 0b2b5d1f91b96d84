"""Reels: one card for each, as the feed shows it."""

from datetime import datetime
from typing import Any

import msgspec

from domain.catalog import PriceChanged, ProductDescribed, ProductRestored, ProductRetired
from domain.kernel import Recorded, but
from domain.money import Price
from domain.reels import (
    CaptionChanged,
    MediaSet,
    ReelDrafted,
    ReelHidden,
    ReelPublished,
    ReelPurged,
    ReelRestored,
)
from projections.kernel import (
    Column,
    Document,
    Found,
    Page,
    Reader,
    Slice,
    Table,
    given,
    newest,
    one,
    own,
    page,
)

VERSION = 2
FIRST = 2**63 - 1  # the cursor before the newest


class Film(Document):
    """Public while the reel is shown. Pixels, seconds and bytes of the video."""

    video: str  # a path of this API
    poster: str
    width: int
    height: int
    duration: float
    size: int


class Reel(Document):
    """``visible``: it is in the feed: published, not hidden, and its product is on sale.
    ``place``: the higher, the earlier in the feed; 0 for what was never published."""

    id: str
    version: int
    seller: str
    product: str
    product_name: str
    category: str
    price: Price
    on_sale: bool
    caption: str
    status: str
    visible: bool
    created_at: datetime
    media: str | None = None
    film: Film | None = None
    reason: str = ""
    by_staff: bool = False  # hidden by them
    published_at: datetime | None = None
    place: int = 0


def evolve(reel: Reel | None, recorded: Recorded, id: str) -> Reel | None:
    event = recorded.event
    if isinstance(event, ReelDrafted):
        return _drafted(event, recorded)
    if reel is None or isinstance(recorded.event, ReelPurged):
        return None
    reel = _changed(reel, recorded)
    return but(reel, visible=reel.status == "published" and reel.on_sale)


def _drafted(event: ReelDrafted, recorded: Recorded) -> Reel:
    return Reel(
        id=recorded.id,
        version=recorded.version,
        seller=event.seller,
        product=event.product,
        product_name=event.product_name,
        category=event.category,
        price=Price.of(event.price),
        on_sale=True,
        caption=event.caption,
        status="draft",
        visible=False,
        created_at=recorded.occurred_at,
    )


def _changed(reel: Reel, recorded: Recorded) -> Reel:
    match recorded.event:
        case ProductDescribed(describing=text):
            return but(reel, product_name=text.name, category=text.category)
        case PriceChanged(new=price):
            return but(reel, price=Price.of(price))
        case ProductRetired():
            return but(reel, on_sale=False)
        case ProductRestored():
            return but(reel, on_sale=True)
    return _moved(but(reel, version=recorded.version), recorded)


def _moved(reel: Reel, recorded: Recorded) -> Reel:
    match recorded.event:
        case CaptionChanged(caption=caption):
            return but(reel, caption=caption)
        case MediaSet(media=media):
            return but(reel, media=media)
        case ReelPublished() as event:
            at, film = recorded.occurred_at, _film(event, recorded.tenant)
            place = recorded.position
            return but(reel, status="published", film=film, published_at=at, place=place)
        case ReelHidden(reason=reason, by_staff=by_staff):
            return but(reel, status="hidden", reason=reason, by_staff=by_staff)
        case ReelRestored():
            status = "published" if reel.place else "draft"
            return but(reel, status=status, reason="", by_staff=False)
    return reel


def _film(event: ReelPublished, tenant: str) -> Film:
    film = event.film
    front = f"/api/v1/media/public/{tenant}/{event.media}/{film.rendering}"
    files = f"{front}/{film.video}", f"{front}/{film.poster}"
    return Film(*files, film.width, film.height, film.duration, film.size)


def _of_product(recorded: Recorded) -> tuple[str, tuple[Any, ...]]:
    return "product = %s", (recorded.id,)


REELS = Table(
    name="reels_reels",
    document=Reel,
    on=dict.fromkeys(
        (
            ReelDrafted,
            CaptionChanged,
            MediaSet,
            ReelPublished,
            ReelHidden,
            ReelRestored,
            ReelPurged,
        ),
        own,
    ),
    related=dict.fromkeys(
        (ProductDescribed, PriceChanged, ProductRetired, ProductRestored), _of_product
    ),
    evolve=evolve,
    columns={
        "seller": Column("text", lambda r: r.seller),
        "product": Column("text", lambda r: r.product),
        "category": Column("text", lambda r: r.category),
        "visible": Column("boolean", lambda r: r.visible),
        "place": Column("bigint", lambda r: r.place),
        "created_at": Column("timestamptz", lambda r: r.created_at),
    },
    indexes=(
        "visible, place",
        "seller, visible, place",
        "product, visible, place",
        "category, visible, place",
        "seller, created_at",
        "created_at",
    ),
    topic=lambda id, reel: f"reels.{id}.{reel.seller}",
)
TABLES = (REELS,)


class Filter(Document):
    """What the feed is narrowed to; None: no such filter."""

    seller: str | None = None
    product: str | None = None
    category: str | None = None


async def reel(db: Reader, id: str) -> Found | None:
    return await one(db, REELS.name, id)


async def feed(db: Reader, wanted: Filter, before: int, limit: int) -> Slice:
    """What is shown, the last published first."""
    where, params = given(
        ("seller = %s", wanted.seller),
        ("product = %s", wanted.product),
        ("category = %s", wanted.category),
    )
    return await newest(db, REELS.name, f"visible AND {where}", params, "place", before, limit)


async def mine(db: Reader, seller: str | None, number: int, limit: int) -> Page:
    """A seller's, or everyone's, whatever their status; the last drafted first."""
    asked = given(("seller = %s", seller))
    return await page(db, REELS.name, *asked, "created_at DESC, id", number, limit)


def is_visible(found: Found) -> bool:
    return _WHOSE.decode(found.body).visible


def seller_of(found: Found) -> str:
    return _WHOSE.decode(found.body).seller


class _Whose(Document):
    seller: str
    visible: bool


_WHOSE = msgspec.json.Decoder(_Whose)
