"""/identity"""

from typing import Literal

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Struct

from application.ports import Receipt
from entrypoints.http.commands import Sent, SentToCreate
from entrypoints.http.names import Code, Line, Name, NamedInPath
from entrypoints.http.routes import changes, creates, lists, reads
from entrypoints.http.views import Paging, View
from entrypoints.wiring import Souk
from projections import identity

UNKNOWN = "identity.unknown_member"
REMOVED = "identity.removed"
NO_LONGER = "identity.no_longer_member"


class NewMember(Struct, forbid_unknown_fields=True):
    """Who becomes a member, and as what. ``name``: sealed with a key of that person's own."""

    user: Name
    role: Literal["buyer", "seller", "admin", "auditor"]
    name: Line | None = None


class Shop(Struct, forbid_unknown_fields=True):
    """What a member sells as. ``tier``: `importateur` above `grossiste` above `fournisseur`;
    null: none."""

    shop: Line
    tier: Literal["fournisseur", "grossiste", "importateur"] | None = None


class Dismissal(Struct, forbid_unknown_fields=True):
    """Why someone is a member no longer, as a word of one's own choice."""

    reason: Code = "other"


class IdentityController(Controller):
    path = "/identity/members"
    tags = ["identity"]
    opt = {"projection": "identity"}

    @post(
        "/",
        **creates(
            "members:manage",
            "identity.member_exists",
            "identity.unknown_role",
            missing="tenants.unknown_tenant",
        ),
    )
    async def add(
        self, data: JSONBody[NewMember], creating: SentToCreate, souk: NamedDependency[Souk]
    ) -> Receipt:
        """Add a member to the tenant."""
        return await souk.identity.add_member(creating, data.user, data.role, data.name)

    @post(
        "/{user:str}/appoint-seller",
        **changes(
            "members:manage",
            "identity.shop_missing",
            "identity.unknown_tier",
            REMOVED,
            missing=UNKNOWN,
        ),
    )
    async def appoint_seller(
        self, user: NamedInPath, data: JSONBody[Shop], call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """Make a member a seller, or change the shop's name or tier."""
        return await souk.identity.appoint_seller(call, user, data.shop, data.tier)

    @post("/{user:str}/dismiss-seller", **changes("members:manage", REMOVED, missing=UNKNOWN))
    async def dismiss_seller(
        self, user: NamedInPath, data: JSONBody[Dismissal], call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """The member sells no longer; their orders go on."""
        return await souk.identity.dismiss_seller(call, user, data.reason)

    @post(
        "/{user:str}/remove",
        **changes("members:manage", "identity.yourself", NO_LONGER, missing=UNKNOWN),
    )
    async def remove(
        self, user: NamedInPath, data: JSONBody[Dismissal], call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """Their tokens are refused from now on; who sold sells no longer. Nothing is lost."""
        return await souk.identity.remove_member(call, user, data.reason)

    @post("/{user:str}/restore", **changes("members:manage", NO_LONGER, missing=UNKNOWN))
    async def restore(self, user: NamedInPath, call: Sent, souk: NamedDependency[Souk]) -> Receipt:
        """They are a member again; who sold is to be appointed anew."""
        return await souk.identity.restore_member(call, user)

    @get("/", **lists("members:read_all", identity.Member))
    async def members(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        sells: FromQuery[bool | None] = None,
        removed: FromQuery[bool] = False,
    ) -> ASGIResponse:
        """The tenant's members, or those who were removed, by user id."""
        found = await identity.members(view.db, sells, removed, paging.page, paging.limit)
        return await view.opened_page(found, paging)

    @get("/{user:str}", **reads("products:read", identity.Member, UNKNOWN))
    async def member(self, user: NamedInPath, view: NamedDependency[View]) -> ASGIResponse:
        """A member; their name is shown to themselves and to staff."""
        found = await identity.member(view.db, user)
        if user == view.caller.user or view.caller.sees_all("members"):
            return await view.opened(found, UNKNOWN)
        return view.one(found, UNKNOWN)
