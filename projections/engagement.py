"""Engagement: how often each reel was liked, commented and watched."""

from collections.abc import Sequence

from domain.comments import CommentAdded, CommentRemoved, CommentRestored
from domain.engagement import ViewsCounted
from domain.kernel import Recorded, but
from domain.likes import ReelLiked, ReelUnliked
from domain.reels import ReelPublished
from projections.kernel import Column, Counts, Document, Found, Table, own

VERSION = 2
# A reel's counters change with every like; whoever watches them is told five times a second.
PAUSE = 0.2


class Engagement(Document):
    """How many like a reel now, its comments, and views of two seconds and more."""

    id: str
    seller: str
    likes: int = 0
    comments: int = 0
    views: int = 0


def evolve(counters: Engagement | None, recorded: Recorded, id: str) -> Engagement | None:
    event = recorded.event
    if isinstance(event, ReelPublished):
        return counters or Engagement(id, event.seller)
    if counters is None:
        return None
    match event:
        case ReelLiked():
            return but(counters, likes=counters.likes + 1)
        case ReelUnliked():
            return but(counters, likes=counters.likes - 1)
        case CommentAdded() | CommentRestored():
            return but(counters, comments=counters.comments + 1)
        case CommentRemoved():
            return but(counters, comments=counters.comments - 1)
        case ViewsCounted(count=count):
            return but(counters, views=counters.views + count)
    return counters


def _of_reel(recorded: Recorded) -> tuple[str]:
    return (recorded.event.reel,)


REELS = Table(
    name="engagement_reels",
    document=Engagement,
    on={
        ReelPublished: own,
        ViewsCounted: own,
        **dict.fromkeys(
            (ReelLiked, ReelUnliked, CommentAdded, CommentRemoved, CommentRestored), _of_reel
        ),
    },
    evolve=evolve,
    columns={"seller": Column("text", lambda e: e.seller)},
    indexes=("seller",),
    topic=lambda id, counters: f"engagement.{id}.{counters.seller}",
    counters=True,
)
TABLES = (REELS,)


async def of(counts: Counts, reels: Sequence[str]) -> dict[str, Found]:
    """By reel."""
    return await counts.rows(REELS.name, reels)
