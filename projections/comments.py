"""Comments: one row for each that was not removed; what it says is sealed."""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from domain.comments import CommentAdded, CommentRemoved, CommentRestored
from domain.kernel import Personal, Recorded, Value
from projections.kernel import Column, Document, Found, Reader, Slice, Table, newest, one, own

VERSION = 2


class Said(Value):
    text: Personal


class Comment(Document):
    """``place``: the higher, the newer."""

    id: str
    reel: str
    author: str
    place: int
    commented_at: datetime
    personal: Said | UnsetType = UNSET


def evolve(comment: Comment | None, recorded: Recorded, id: str) -> Comment | None:
    event = recorded.event
    if isinstance(event, CommentAdded):
        at, said = recorded.occurred_at, Said(event.text)
        return Comment(id, event.reel, event.author, recorded.position, at, said)
    if isinstance(event, CommentRestored):
        who = event.reel, event.author
        return Comment(id, *who, event.place, event.said_at, Said(event.text))
    return None


COMMENTS = Table(
    name="comments_comments",
    document=Comment,
    on={CommentAdded: own, CommentRemoved: own, CommentRestored: own},
    evolve=evolve,
    columns={
        "reel": Column("text", lambda comment: comment.reel),
        "author": Column("text", lambda comment: comment.author),
        "place": Column("bigint", lambda comment: comment.place),
    },
    indexes=("reel, place", "author, place", "place"),
    topic=lambda id, comment: f"comments.{id}.{comment.reel}.{comment.author}",
)
TABLES = (COMMENTS,)


async def comment(db: Reader, id: str) -> Found | None:
    return await one(db, COMMENTS.name, id)


def reel_of(found: Found) -> str:
    return _WHERE.decode(found.body).reel


class _Where(Document):
    reel: str


_WHERE = msgspec.json.Decoder(_Where)


async def under(db: Reader, reel: str, before: int, limit: int) -> Slice:
    """A reel's comments, the newest first."""
    return await newest(db, COMMENTS.name, "reel = %s", (reel,), "place", before, limit)
