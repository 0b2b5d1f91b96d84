"""The bin: what is deleted in any context, by whom, since when, and what goes with it for good."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from domain import catalog, categories, comments, costing, identity, materials, media, reels
from domain.kernel import Event, Recorded, Rejected, but
from domain.tenants import RETENTION, RetentionSet
from projections.kernel import Column, Document, Reader, Slice, Table, given, newest, own

VERSION = 1
GONE: tuple[type[Event], ...] = (
    catalog.ProductRetired,
    categories.CategoryRetired,
    comments.CommentRemoved,
    costing.ProductRetired,
    identity.MemberRemoved,
    materials.MaterialRetired,
    reels.ReelHidden,
)
BACK: tuple[type[Event], ...] = (
    catalog.ProductRestored,
    categories.CategoryRestored,
    comments.CommentRestored,
    costing.ProductRestored,
    identity.MemberRestored,
    materials.MaterialRestored,
    reels.ReelRestored,
)
PURGED: tuple[type[Event], ...] = (
    catalog.ProductPurged,
    categories.CategoryPurged,
    comments.CommentPurged,
    costing.ProductPurged,
    materials.MaterialPurged,
    reels.ReelPurged,
)
NAMED: tuple[type[Event], ...] = (
    catalog.ProductCreated,
    catalog.ProductDescribed,
    categories.CategoryCreated,
    categories.CategoryRenamed,
    comments.CommentAdded,
    costing.ProductDefined,
    costing.ProductRenamed,
    identity.MemberAdded,
    identity.SellerAppointed,
    materials.MaterialAdded,
    materials.MaterialDescribed,
    reels.ReelDrafted,
)
SHOWING = (media.Attached, media.Withheld, media.Released)


class Thing(Document):
    """Anything that can be deleted. ``name``: as it is shown; a comment's own words are not.
    ``owner``: empty for what is the tenant's. ``under``: what it belongs to, as context/id.
    ``media``: assets that are shown with it, or would be again. ``place``: the higher, the later
    it was deleted; 0 while it is not."""

    context: str
    id: str
    name: str
    owner: str
    under: str | None = None
    media: tuple[str, ...] = ()
    deleted_by: str | None = None
    deleted_at: datetime | None = None
    place: int = 0


def evolve(thing: Thing | None, recorded: Recorded, id: str) -> Thing | None:
    event, kind = recorded.event, type(recorded.event)
    if kind in NAMED:
        return _named(thing, recorded, id)
    if thing is None or kind in PURGED:
        return None
    if kind in GONE:
        at, by = recorded.recorded_at, recorded.actor
        return but(thing, deleted_by=by, deleted_at=at, place=recorded.position)
    if kind in BACK:
        return but(thing, deleted_by=None, deleted_at=None, place=0)
    others = tuple(asset for asset in thing.media if asset != recorded.id)
    return but(thing, media=others if isinstance(event, media.Released) else (*others, recorded.id))


def _named(thing: Thing | None, recorded: Recorded, id: str) -> Thing | None:
    """Begins the row of a new thing, or calls a known one otherwise."""
    own_id = id.partition(".")[2]
    match recorded.event:
        case catalog.ProductCreated(seller=owner, describing=text):
            return Thing("catalog", own_id, text.name, owner)
        case categories.CategoryCreated(name=name):
            return Thing("categories", own_id, name, "")
        case comments.CommentAdded(reel=reel, author=author):
            return Thing("comments", own_id, "", author, under=f"reels/{reel}")
        case costing.ProductDefined(owner=owner, name=name):
            return Thing("costing", own_id, name, owner)
        case identity.MemberAdded():
            return Thing("identity", own_id, own_id, own_id)
        case materials.MaterialAdded(owner=owner, describing=text):
            return Thing("materials", own_id, text.name, owner)
        case reels.ReelDrafted(seller=seller, product=product, product_name=name):
            return Thing("reels", own_id, name, seller, under=f"catalog/{product}")
    return but(thing, name=_name(recorded.event)) if thing else None


def _name(event: Any) -> str:
    match event:
        case catalog.ProductDescribed() | materials.MaterialDescribed():
            return event.describing.name
        case identity.SellerAppointed():
            return event.shop
    return str(event.name)


def _itself(recorded: Recorded) -> tuple[str]:
    """A tenant's categories are one stream."""
    of_tree = recorded.context == "categories"
    return (f"{recorded.context}.{recorded.event.category if of_tree else recorded.id}",)


def _shower(recorded: Recorded) -> tuple[str]:
    event = recorded.event
    place: str = event.to if isinstance(event, media.Attached) else event.of
    return (place.replace("/", ".", 1),)


THINGS = Table(
    name="bin_things",
    document=Thing,
    on={
        **dict.fromkeys((*NAMED, *GONE, *BACK, *PURGED), _itself),
        **dict.fromkeys(SHOWING, _shower),
    },
    evolve=evolve,
    columns={
        "context": Column("text", lambda t: t.context),
        "owner": Column("text", lambda t: t.owner),
        "place": Column("bigint", lambda t: t.place),
        "deleted_at": Column("timestamptz", lambda t: t.deleted_at),
    },
    indexes=("place", "owner, place", "context, place"),
)


class Terms(Document):
    """``days``: that what is deleted can surely be restored."""

    days: int


TERMS = Table(
    name="bin_terms",
    document=Terms,
    on={RetentionSet: own},
    evolve=lambda _, recorded, id: Terms(recorded.event.days),
)
TABLES = (THINGS, TERMS)
_THING, _TERMS = msgspec.json.Decoder(Thing), msgspec.json.Decoder(Terms)
CONTEXTS = tuple(sorted(kind.__module__.split(".")[1] for kind in GONE))
PURGEABLE = tuple(sorted(kind.__module__.split(".")[1] for kind in PURGED))


async def things(
    db: Reader, context: str | None, owner: str | None, before: int, limit: int
) -> Slice:
    """What is deleted, the last first; None: of any context, of anyone."""
    asked, params = given(("context = %s", context), ("owner = %s", owner))
    return await newest(db, THINGS.name, f"place > 0 AND {asked}", params, "place", before, limit)


def read(body: bytes) -> Thing:
    return _THING.decode(body)


async def retention(db: Reader) -> int:
    """Days."""
    rows = await db.rows(
        f"SELECT body FROM read.{TERMS.name} WHERE tenant = %s AND id = %s", (db.tenant, db.tenant)
    )
    return _TERMS.decode(rows[0][0]).days if rows else RETENTION


async def due(
    db: Reader, context: str | None, days: int | None, now: datetime, most: int, after: int = 0
) -> tuple[int, list[Thing]]:
    """What was deleted at least so many days ago and can be purged: how much, and the first
    ``most``, or those ``after`` a place (then it is not counted). ``context`` None: of all.
    ``days`` None: as long as the tenant keeps it, and if they are fewer, Rejected
    ``bin.within_retention``."""
    kept = await retention(db)
    if days is not None and days < kept:
        raise Rejected("bin.within_retention", f"what is deleted is kept for {kept} days")
    contexts = [one for one in PURGEABLE if context in (None, one)]
    before = now - timedelta(days=kept if days is None else days)
    where = "tenant = %s AND place > 0 AND context = ANY(%s) AND deleted_at <= %s"
    params = (db.tenant, contexts, before)
    count = 0
    if not after:
        sql = f"SELECT count(*) FROM read.{THINGS.name} WHERE {where}"
        (count,), *_ = await db.rows(sql, params)
    sql = f"SELECT body FROM read.{THINGS.name} WHERE {where} AND place > %s"
    rows = await db.rows(f"{sql} ORDER BY place LIMIT %s", (*params, after, most))
    return count, [read(body) for (body,) in rows]
