"""/reels/{id}/comments"""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from application.ports import Missing, Receipt
from application.reels import UNKNOWN
from domain.comments import LONGEST
from entrypoints.http.caller import Caller
from entrypoints.http.commands import Sent, SentToCreate
from entrypoints.http.names import Code
from entrypoints.http.reels import shown
from entrypoints.http.routes import changes, creates, reads, slices
from entrypoints.http.slicing import Slicing, slicing
from entrypoints.http.views import View
from entrypoints.wiring import Souk
from projections import comments

UNSAID = "comments.unknown_comment"
OWN = {"missing": UNSAID, "denied": "comments.not_yours", "purged": "comments.purged"}


class NewComment(Struct, forbid_unknown_fields=True):
    """What is said about a reel."""

    text: Annotated[str, Meta(min_length=1, max_length=LONGEST, examples=["Does it shrink?"])]


class CommentsController(Controller):
    path = "/reels/{id:uuid}/comments"
    tags = ["reels"]
    opt = {"projection": "comments"}
    dependencies = {"slicing": Provide(slicing)}

    @post("/", **creates("comments:create", "comments.empty", missing=UNKNOWN))
    async def add(
        self,
        id: FromPath[UUID],
        data: JSONBody[NewComment],
        creating: SentToCreate,
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Say something under it, in 1 to 500 characters."""
        return await souk.comments.add(creating, creating.id, str(id), data.text)

    @delete(
        "/{comment:uuid}",
        **changes("comments:update", "comments.reason_malformed", **OWN),
    )
    async def remove(
        self,
        id: FromPath[UUID],
        comment: FromPath[UUID],
        call: Sent,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
        reason: FromQuery[Code] = "",
    ) -> Receipt:
        """By its author, the reel's seller, or staff."""
        owner = caller.as_owner("comments")
        return await souk.comments.remove(call, str(comment), owner, str(id), reason)

    @post(
        "/{comment:uuid}/restore",
        **changes(
            "comments:update",
            "comments.removed_by_other",
            "comments.erased",
            "reels.purged",
            **OWN,
        ),
    )
    async def restore(
        self,
        id: FromPath[UUID],
        comment: FromPath[UUID],
        call: Sent,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Back to where it stood, by whoever removed it. Staff may overrule a seller."""
        owner = caller.as_owner("comments")
        return await souk.comments.restore(call, str(comment), owner, str(id))

    @get("/", **slices("reels:read", comments.Comment, UNKNOWN))
    async def under(
        self, id: FromPath[UUID], view: NamedDependency[View], slicing: NamedDependency[Slicing]
    ) -> ASGIResponse:
        """What was said under it, the newest first."""
        await _under(view, id)
        found = await comments.under(view.db, str(id), slicing.before, slicing.limit)
        return await view.opened_slice(found)

    @get("/{comment:uuid}", **reads("reels:read", comments.Comment, f"{UNSAID} {UNKNOWN}"))
    async def one(
        self, id: FromPath[UUID], comment: FromPath[UUID], view: NamedDependency[View]
    ) -> ASGIResponse:
        """One comment, as a push that names it leads to it."""
        await _under(view, id)
        found = await comments.comment(view.db, str(comment))
        if found is None or comments.reel_of(found) != str(id):
            raise Missing(UNSAID)
        return await view.opened(found, UNSAID)


async def _under(view: View, id: UUID) -> None:
    """Raises Missing: who may not see a reel reads nothing under it."""
    await view.await_too("reels")
    await shown(view, str(id))
