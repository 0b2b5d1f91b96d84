"""/reels/{id}/like"""

from typing import Annotated, TypeAlias
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response.base import ASGIResponse
from msgspec import Struct

from application.likes import Liked
from application.reels import UNKNOWN
from domain.likes import like_id
from entrypoints.http.commands import Sent, SentToCreate
from entrypoints.http.names import NamedInPath
from entrypoints.http.routes import changes, reads
from entrypoints.http.views import View
from entrypoints.wiring import Souk
from projections import likes

UNLIKED = "likes.unknown_like"
MOST = 100  # reels asked for at once


class LikedReels(Struct, frozen=True):
    """Which of the reels that were asked for one likes oneself."""

    reels: list[str]


Some: TypeAlias = Annotated[
    list[UUID], QueryParameter(name="reel", min_items=1, max_items=MOST, description="ids")
]


class LikesController(Controller):
    path = "/reels"
    tags = ["reels"]
    opt = {"projection": "likes"}

    @put("/{id:uuid}/like", **changes("reels:like", missing=UNKNOWN))
    async def like(self, id: FromPath[UUID], call: Sent, souk: NamedDependency[Souk]) -> Liked:
        """Like it; again, it changes nothing."""
        return await souk.likes.like(call, str(id))

    @delete("/{id:uuid}/like", **changes("reels:like", missing=UNKNOWN))
    async def unlike(self, id: FromPath[UUID], call: Sent, souk: NamedDependency[Souk]) -> Liked:
        """Take the like back; again, it changes nothing."""
        return await souk.likes.unlike(call, str(id))

    @post("/{id:uuid}/like", **changes("reels:like", missing=UNKNOWN))
    async def toggle(
        self, id: FromPath[UUID], creating: SentToCreate, souk: NamedDependency[Souk]
    ) -> Liked:
        """Like it, or take that back: the other way each time. Its key makes it safe to repeat."""
        return await souk.likes.toggle(creating, str(id))

    @get("/{id:uuid}/likes/{viewer:str}", **reads("reels:read", likes.Like, UNLIKED))
    async def one(
        self, id: FromPath[UUID], viewer: NamedInPath, view: NamedDependency[View]
    ) -> ASGIResponse:
        """Whether, and since when, somebody likes it."""
        found = await likes.like(view.db, like_id(str(id), viewer))
        return view.one(found, UNLIKED)

    @get("/liked", **reads("reels:read", LikedReels))
    async def liked(self, view: NamedDependency[View], reels: Some) -> ASGIResponse:
        """Those of up to 100 reels that the caller likes."""
        asked = [str(reel) for reel in reels]
        return view.document(LikedReels(await likes.liked(view.db, view.caller.user, asked)))
