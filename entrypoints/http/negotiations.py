"""/negotiations"""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from application.negotiations import UNKNOWN, Agreed, Proposed
from application.ports import Receipt
from domain.money import Price
from entrypoints.http.caller import Caller
from entrypoints.http.commands import Sent, SentToCreate
from entrypoints.http.names import Short, money, text
from entrypoints.http.offers import ORDER, Note, Quantity
from entrypoints.http.routes import changes, lists, reads
from entrypoints.http.views import Paging, View
from entrypoints.wiring import Souk
from projections import negotiations
from projections.kernel import Found

TURN = ("negotiations.over", "negotiations.not_your_turn")
Status: TypeAlias = Literal["open", "accepted", "declined", "withdrawn", "expired"]


class Countering(Struct, forbid_unknown_fields=True):
    """``unit_price`` null: what the offer asks at that quantity."""

    quantity: Quantity
    unit_price: Price | None = None
    note: Note | None = None


class Ending(Struct, forbid_unknown_fields=True):
    """Why one side ends a negotiation; the other reads it, as its notes."""

    reason: Annotated[Short, Meta(examples=["too dear"])] = ""


class NegotiationsController(Controller):
    path = "/negotiations"
    tags = ["offers"]
    opt = {"projection": "negotiations"}

    @post(
        "/{id:uuid}/counter",
        **changes(
            "offers:update",
            *TURN,
            *ORDER,
            "negotiations.same_proposal",
            "negotiations.too_many_turns",
            "offers.currency_mixed",
            "money.malformed",
            "money.unknown_currency",
            missing=UNKNOWN,
        ),
    )
    async def counter(
        self,
        id: FromPath[UUID],
        data: JSONBody[Countering],
        call: Sent,
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Propose something else; the other side answers."""
        proposed = Proposed(data.quantity, money(data.unit_price), data.note)
        return await souk.negotiations.counter(call, str(id), proposed)

    @post(
        "/{id:uuid}/accept",
        **changes(
            "offers:update",
            *TURN,
            "offers.not_active",
            "offers.not_sold",
            "offers.tier_not_below",
            "negotiations.buyer_of_another_tier",
            "inventory.insufficient",
            missing=UNKNOWN,
        ),
    )
    async def accept(
        self, id: FromPath[UUID], creating: SentToCreate, souk: NamedDependency[Souk]
    ) -> Agreed:
        """Agree to what the other side proposed last: it is ordered and its stock reserved."""
        return await souk.negotiations.accept(creating, str(id))

    @post("/{id:uuid}/decline", **changes("offers:update", "negotiations.over", missing=UNKNOWN))
    async def decline(
        self, id: FromPath[UUID], data: JSONBody[Ending], call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """Leave it, by either side."""
        return await souk.negotiations.decline(call, str(id), data.reason)

    @post(
        "/{id:uuid}/withdraw",
        **changes(
            "offers:update",
            "negotiations.over",
            "negotiations.not_yours_to_withdraw",
            missing=UNKNOWN,
        ),
    )
    async def withdraw(
        self, id: FromPath[UUID], data: JSONBody[Ending], call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """Take one's answer back, by the buyer."""
        return await souk.negotiations.withdraw(call, str(id), data.reason)

    @get("/", **lists("offers:read", negotiations.Negotiation))
    async def mine(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        offer: FromQuery[UUID | None] = None,
        status: FromQuery[Status | None] = None,
    ) -> ASGIResponse:
        """The caller's, on either side; everyone's for staff. The newest first."""
        wanted = negotiations.Filter(_user(view), text(offer), status)
        found = await negotiations.negotiations(view.db, wanted, paging.page, paging.limit)
        if wanted.user is None and not view.caller.manages("offers"):
            return view.page(found, paging)
        return await view.opened_page(found, paging)

    @get("/{id:uuid}", **reads("offers:read", negotiations.Negotiation, UNKNOWN))
    async def one(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """One, with every turn it took. What was written is for its sides, and who manages
        offers."""
        found = await negotiations.negotiation(view.db, str(id), _user(view))
        if found and _may_open(view.caller, found):
            return await view.opened(found, UNKNOWN)
        return view.one(found, UNKNOWN)


def _user(view: View) -> str | None:
    return None if view.caller.sees_all("offers") else view.caller.user


def _may_open(caller: Caller, found: Found) -> bool:
    return caller.manages("offers") or caller.user in negotiations.sides(found)
