"""/reels/{id}/view"""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from application.ports import Call
from application.reels import UNKNOWN
from entrypoints.http.reels import shown
from entrypoints.http.routes import changes, reads
from entrypoints.http.views import View
from entrypoints.wiring import Souk
from projections import engagement

WATCHED = 2.0  # seconds that make a view


class Watching(Struct, forbid_unknown_fields=True):
    """``seconds``: that it was watched for."""

    seconds: Annotated[float, Meta(ge=0, le=86_400, examples=[7.5])]


class Watched(Struct, frozen=True):
    """``counted``: it was a view more: watched for 2 seconds, the first time in 30 minutes."""

    counted: bool


class EngagementController(Controller):
    path = "/reels"
    tags = ["reels"]
    opt = {"projection": "engagement"}

    @get("/{id:uuid}/engagement", **reads("reels:read", engagement.Engagement, UNKNOWN))
    async def counters(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """How often it was liked, commented and watched; told anew five times a second."""
        await view.await_too("reels")
        await shown(view, str(id))
        found = (await engagement.of(view.counts, [str(id)])).get(str(id))
        return view.one(found, UNKNOWN)

    @post("/{id:uuid}/view", **changes("reels:like", missing=UNKNOWN))
    async def watched(
        self,
        id: FromPath[UUID],
        data: JSONBody[Watching],
        keyless: NamedDependency[Call],
        souk: NamedDependency[Souk],
    ) -> Watched:
        """Say for how long it was watched. Views are gathered and counted within seconds.

        It takes no Idempotency-Key: sent again, it is looked at again, and within 30 minutes it is
        no view more."""
        reel = str(id)
        await souk.engagement.countable(keyless, reel)
        if data.seconds < WATCHED:
            return Watched(False)
        return Watched(await souk.watched.see(keyless.tenant, reel, keyless.actor))
