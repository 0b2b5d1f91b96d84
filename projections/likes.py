"""Likes: one row for each viewer and reel, as long as they like it."""

from datetime import datetime

from domain.kernel import Recorded
from domain.likes import ReelLiked, ReelUnliked
from projections.kernel import Column, Document, Found, Reader, Table, one, own

VERSION = 1


class Like(Document):
    """That one viewer likes one reel."""

    id: str
    reel: str
    viewer: str
    liked_at: datetime


def evolve(like: Like | None, recorded: Recorded, id: str) -> Like | None:
    event = recorded.event
    if isinstance(event, ReelLiked):
        return Like(id, event.reel, event.viewer, recorded.occurred_at)
    return None


LIKES = Table(
    name="likes_likes",
    document=Like,
    on={ReelLiked: own, ReelUnliked: own},
    evolve=evolve,
    columns={
        "reel": Column("text", lambda like: like.reel),
        "viewer": Column("text", lambda like: like.viewer),
        "liked_at": Column("timestamptz", lambda like: like.liked_at),
    },
    indexes=("viewer, reel", "reel, liked_at"),
    topic=lambda id, like: f"likes.{id}.{like.reel}.{like.viewer}",
)
TABLES = (LIKES,)


async def like(db: Reader, id: str) -> Found | None:
    return await one(db, LIKES.name, id)


async def liked(db: Reader, viewer: str, reels: list[str]) -> list[str]:
    """Those of the reels that the viewer likes."""
    rows = await db.rows(
        f"SELECT reel FROM read.{LIKES.name} WHERE tenant = %s AND viewer = %s"
        " AND reel = ANY(%s) ORDER BY reel",
        (db.tenant, viewer, reels),
    )
    return [reel for (reel,) in rows]
