"""/reels"""

from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from application.ports import Missing, Receipt
from application.reels import UNKNOWN, Reels
from domain.reels import LONGEST_CAPTION, LONGEST_REASON
from entrypoints.http.caller import Caller
from entrypoints.http.commands import On, Sent, SentToCreate
from entrypoints.http.names import NAME, text
from entrypoints.http.routes import changes, creates, lists, reads, slices
from entrypoints.http.slicing import Slicing, slicing
from entrypoints.http.views import Paging, View, digest
from entrypoints.wiring import Souk
from projections import analytics, engagement, reels
from projections.kernel import Found

OWN = {"missing": UNKNOWN, "denied": "reels.not_yours", "purged": "reels.purged"}
Caption: TypeAlias = Annotated[str, Meta(max_length=LONGEST_CAPTION, examples=["Made by hand"])]


class NewReel(Struct, forbid_unknown_fields=True):
    """``media``: a video of one's own, rendered by the time that the reel is published."""

    product: Annotated[UUID, Meta(examples=["018f2f0e-6f3c-7c1e-9a51-0e7a4b6f1a2d"])]
    caption: Caption = ""
    media: UUID | None = None


class NewCaption(Struct, forbid_unknown_fields=True):
    """What is written under a reel from now on."""

    caption: Caption


class Shows(Struct, forbid_unknown_fields=True):
    """The film that a reel shows: an asset of one's own that was stored."""

    media: UUID


class Hiding(Struct, forbid_unknown_fields=True):
    """Why a reel is shown no longer."""

    reason: Annotated[str, Meta(max_length=LONGEST_REASON)] = ""


class Counters(Struct, frozen=True):
    """How many like a reel now, its comments, and views of two seconds and more."""

    likes: int = 0
    comments: int = 0
    views: int = 0


class Shown(reels.Reel, kw_only=True):
    """A reel as the feed shows it."""

    counters: Counters


_COUNTERS = msgspec.json.Decoder(Counters)
_NONE = Counters()
Category: TypeAlias = Annotated[str | None, QueryParameter(max_length=200)]
Seller: TypeAlias = Annotated[str | None, QueryParameter(pattern=NAME)]
TheReel: TypeAlias = NamedDependency[On[Reels]]


async def reel(
    id: FromPath[UUID],
    call: Sent,
    caller: NamedDependency[Caller],
    souk: NamedDependency[Souk],
) -> On[Reels]:
    return On(souk.reels, call, str(id), caller.as_owner("reels"))


class ReelsController(Controller):
    path = "/reels"
    tags = ["reels"]
    opt = {"projection": "reels"}
    dependencies = {"reel": Provide(reel), "slicing": Provide(slicing)}

    @post(
        "/",
        **creates(
            "reels:create",
            "catalog.retired",
            "reels.caption_too_long",
            "reels.media_not_video",
            missing="catalog.unknown_product media.unknown_asset",
            denied="catalog.not_yours",
        ),
    )
    async def draft(
        self,
        data: JSONBody[NewReel],
        creating: SentToCreate,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Begin a reel about a product of one's own. Nobody else sees it yet."""
        owner, film = caller.as_owner("reels"), text(data.media)
        product = str(data.product)
        return await souk.reels.draft(creating, creating.id, owner, product, data.caption, film)

    @post(
        "/{id:uuid}/media",
        **changes(
            "reels:update",
            "reels.published",
            "reels.media_not_video",
            **OWN | {"missing": f"{UNKNOWN} media.unknown_asset"},
        ),
    )
    async def media(self, data: JSONBody[Shows], reel: TheReel) -> Receipt:
        """Say which video it shows."""
        return await reel(Reels.set_media, str(data.media))

    @post(
        "/{id:uuid}/publish",
        **changes(
            "reels:update",
            "reels.hidden",
            "reels.media_missing",
            "reels.media_not_rendered",
            "media.attached_too_often",
            **OWN,
        ),
    )
    async def publish(self, reel: TheReel) -> Receipt:
        """Show it in the feed. Its video must be rendered."""
        return await reel(Reels.publish)

    @post("/{id:uuid}/caption", **changes("reels:update", "reels.caption_too_long", **OWN))
    async def caption(self, data: JSONBody[NewCaption], reel: TheReel) -> Receipt:
        """Say something else under it."""
        return await reel(Reels.caption, data.caption)

    @post(
        "/{id:uuid}/hide",
        **changes("reels:update", "reels.reason_too_long", **OWN),
    )
    async def hide(self, data: JSONBody[Hiding], reel: TheReel) -> Receipt:
        """Take it out of the feed, or off the drafts; nothing is lost. What staff hides only staff
        restores."""
        return await reel(Reels.hide, data.reason)

    @delete("/{id:uuid}", **changes("reels:update", **OWN))
    async def hide_by_delete(self, reel: TheReel) -> Receipt:
        """The same as hide."""
        return await reel(Reels.hide)

    @post(
        "/{id:uuid}/restore",
        **changes(
            "reels:update",
            "reels.hidden_by_staff",
            "media.not_rendered",
            "media.attached_too_often",
            **OWN,
        ),
    )
    async def restore(self, reel: TheReel) -> Receipt:
        """Put it back where it was: in the feed, or among the drafts."""
        return await reel(Reels.restore)

    @get("/", **slices("reels:read", Shown, shared=True))
    async def feed(
        self,
        view: NamedDependency[View],
        slicing: NamedDependency[Slicing],
        seller: Seller = None,
        product: FromQuery[UUID | None] = None,
        category: Category = None,
    ) -> ASGIResponse:
        """What is shown, the last published first, with what became of it so far."""
        wanted = reels.Filter(seller, text(product), category)
        found = await reels.feed(view.db, wanted, slicing.before, slicing.limit)
        bodies, state = await _counted(view, found.items)
        return view.slice(bodies, digest([state, found.next]), found.next)

    @get("/mine", **lists("reels:update", reels.Reel))
    async def mine(
        self, view: NamedDependency[View], paging: NamedDependency[Paging], seller: Seller = None
    ) -> ASGIResponse:
        """The seller's own, drafts and hidden ones too; staff sees everyone's, or one seller's."""
        whose = view.caller.sees_of("reels", seller)
        return view.page(await reels.mine(view.db, whose, paging.page, paging.limit), paging)

    @get("/{id:uuid}", **reads("reels:read", Shown, UNKNOWN))
    async def one(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """One reel with its counters; what is not shown is there for its seller and for staff."""
        found = await shown(view, str(id))
        (body,), ((_, position, counted),) = await _counted(view, [found])
        return view.sent(body, f"{position}.{counted}")

    @get(
        "/{id:uuid}/performance",
        **reads("analytics:view", analytics.ReelPerformance, UNKNOWN, of="analytics"),
    )
    async def performance(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """How often it was watched and liked, and what was bought because of it."""
        seller = None if view.caller.sees_all("analytics") else view.caller.user
        return view.one(await analytics.reel(view.db, str(id), seller), UNKNOWN)


async def shown(view: View, id: str) -> Found:
    """Raises Missing for what its caller may not see, and for what is not there."""
    found = await reels.reel(view.db, id)
    if found is None or not (reels.is_visible(found) or _may_see(view.caller, found)):
        raise Missing(UNKNOWN)
    return found


def _may_see(caller: Caller, found: Found) -> bool:
    return caller.sees_all("reels") or reels.seller_of(found) == caller.user


State: TypeAlias = tuple[str, int, int]  # a reel, the position of its card, of its counters


async def _counted(view: View, found: list[Found]) -> tuple[list[bytes], list[State]]:
    """The cards with their counters, all of which are read at once; and their states."""
    await view.await_too("engagement")
    counted = await engagement.of(view.counts, [row.id for row in found])
    bodies, state = list[bytes](), list[State]()
    for row in found:
        counters = counted.get(row.id)
        read = _COUNTERS.decode(counters.body) if counters else _NONE
        bodies.append(b'%s,"counters":%s}' % (row.body[:-1], msgspec.json.encode(read)))
        state.append((row.id, row.position, counters.position if counters else 0))
    return bodies, state
