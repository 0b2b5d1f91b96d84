"""/offers"""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from application.negotiations import Proposed
from application.offers import UNKNOWN, Offers
from application.ports import Missing, Receipt
from domain.money import Price, parse
from domain.offers import LARGEST, MOST_BREAKS, MOST_CATEGORIES, Break, Terms
from entrypoints.http.caller import Caller
from entrypoints.http.commands import On, Sent, SentToCreate
from entrypoints.http.names import NAME, Code, Line, Short, Text, Time, in_utc, money, text
from entrypoints.http.routes import changes, creates, lists, reads
from entrypoints.http.views import Paging, View
from entrypoints.wiring import Souk
from projections import identity, offers

Quantity: TypeAlias = Annotated[int, Meta(ge=1, le=LARGEST, examples=[100])]
Note: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500)]
Address: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1000)]
Filed: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200, examples=["tea"])]
Category: TypeAlias = Annotated[str | None, QueryParameter(max_length=200)]
Seller: TypeAlias = Annotated[str | None, QueryParameter(pattern=NAME)]
AtQuantity: TypeAlias = Annotated[
    int | None, QueryParameter(ge=1, le=LARGEST, description="the cheapest first, at that quantity")
]
TERMS = (
    "offers.over_already",
    "offers.breaks_not_ascending",
    "offers.breaks_not_cheaper",
    "offers.currency_mixed",
    "offers.title_missing",
    "money.malformed",
    "money.unknown_currency",
)
ORDER = (
    "offers.not_active",
    "offers.quantity_out_of_range",
    "offers.below_minimum",
    "offers.total_too_large",
)


class NewBreak(Struct, forbid_unknown_fields=True):
    """What each costs from that quantity on."""

    quantity: Quantity
    unit_price: Price


class NewTerms(Struct, forbid_unknown_fields=True, kw_only=True):
    """``breaks``: ascending; the first says how many must be bought. ``minimum``: what an order
    must come to."""

    title: Line
    description: Text = ""
    breaks: Annotated[list[NewBreak], Meta(min_length=1, max_length=MOST_BREAKS)]
    minimum: Price | None = None
    categories: Annotated[list[Filed], Meta(max_length=MOST_CATEGORIES)] = []
    valid_until: Time

    def value(self) -> Terms:
        return Terms(
            self.title,
            tuple(Break(each.quantity, parse(each.unit_price)) for each in self.breaks),
            in_utc(self.valid_until, zoned=True),
            self.description,
            money(self.minimum),
            tuple(self.categories),
        )


class NewOffer(NewTerms, forbid_unknown_fields=True, kw_only=True):
    """``target``: the tier that it is for, below the seller's own."""

    product: UUID
    target: Literal["grossiste", "fournisseur"]


class Closing(Struct, forbid_unknown_fields=True):
    """Why an offer ends before its time, in the seller's words."""

    reason: Short = ""


class NewResponse(Struct, forbid_unknown_fields=True):
    """``unit_price`` null: what the offer asks at that quantity. ``method``: how it will
    be paid."""

    quantity: Quantity
    unit_price: Price | None = None
    note: Note | None = None
    method: Annotated[Code, Meta(examples=["transfer"])] = "cod"
    address: Address | None = None

    @property
    def proposed(self) -> Proposed:
        return Proposed(self.quantity, money(self.unit_price), self.note)


TheOffer: TypeAlias = NamedDependency[On[Offers]]


async def offer(
    id: FromPath[UUID],
    call: Sent,
    caller: NamedDependency[Caller],
    souk: NamedDependency[Souk],
) -> On[Offers]:
    return On(souk.offers, call, str(id), caller.as_owner("offers"))


class OffersController(Controller):
    path = "/offers"
    tags = ["offers"]
    opt = {"projection": "offers"}
    dependencies = {"offer": Provide(offer)}

    @post(
        "/",
        **creates(
            "offers:create",
            "catalog.retired",
            "offers.tier_not_below",
            "offers.seller_gone",
            *TERMS,
            missing="catalog.unknown_product",
            denied="catalog.not_yours",
        ),
    )
    async def publish(
        self,
        data: JSONBody[NewOffer],
        creating: SentToCreate,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Offer a product of one's own to a tier below."""
        owner, about = caller.as_owner("offers"), (str(data.product), data.target)
        return await souk.offers.publish(creating, creating.id, owner, *about, data.value())

    @post(
        "/{id:uuid}/revise",
        **changes(
            "offers:update",
            "offers.not_active",
            "offers.tier_not_below",
            "offers.seller_gone",
            *TERMS,
            missing=UNKNOWN,
        ),
    )
    async def revise(self, data: JSONBody[NewTerms], offer: TheOffer) -> Receipt:
        """Say all its terms anew. What was proposed for it stands as it was proposed."""
        return await offer(Offers.revise, data.value())

    @post("/{id:uuid}/close", **changes("offers:update", missing=UNKNOWN))
    async def close(self, data: JSONBody[Closing], offer: TheOffer) -> Receipt:
        """It can be taken no longer."""
        return await offer(Offers.close, data.reason)

    @post(
        "/{id:uuid}/responses",
        **creates(
            "offers:create",
            "negotiations.own_offer",
            "offers.not_sold",
            "offers.tier_not_below",
            "offers.currency_mixed",
            "money.malformed",
            "money.unknown_currency",
            *ORDER,
            missing=UNKNOWN,
        ),
    )
    async def respond(
        self,
        id: FromPath[UUID],
        data: JSONBody[NewResponse],
        creating: SentToCreate,
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Begin a negotiation: what one would buy, and for how much."""
        asked = data.proposed, data.method, data.address
        return await souk.negotiations.respond(creating, creating.id, str(id), *asked)

    @get("/", **lists("offers:read", offers.Offer))
    async def board(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        category: Category = None,
        product: FromQuery[UUID | None] = None,
        seller: Seller = None,
        quantity: AtQuantity = None,
    ) -> ASGIResponse:
        """What stands for the caller's tier; the newest first, or the cheapest at a quantity."""
        wanted = offers.Filter(await _targets(view), seller, category, text(product), quantity)
        return view.page(await offers.board(view.db, wanted, paging.page, paging.limit), paging)

    @get("/mine", **lists("offers:update", offers.Offer))
    async def mine(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        status: FromQuery[Literal["active", "closed", "expired"] | None] = None,
        seller: Seller = None,
    ) -> ASGIResponse:
        """The seller's own, whatever became of them; staff sees everyone's, or one seller's."""
        whose = view.caller.sees_of("offers", seller)
        found = await offers.mine(view.db, whose, status, paging.page, paging.limit)
        return view.page(found, paging)

    @get("/{id:uuid}", **reads("offers:read", offers.Offer, UNKNOWN))
    async def one(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """One's own, or one for the caller's tier."""
        found = await offers.offer(view.db, str(id))
        if found is None:
            raise Missing(UNKNOWN)
        targets, offer = await _targets(view), offers.opened(found)
        if targets is not None and offer.seller != view.caller.user and offer.target not in targets:
            raise Missing(UNKNOWN)
        return view.one(found, UNKNOWN)


async def _targets(view: View) -> list[str] | None:
    """The tiers whose offers the caller sees; None: all."""
    if view.caller.sees_all("offers"):
        return None
    await view.await_too("identity")
    member = await identity.member(view.db, view.caller.user)
    tier = identity.tier_of(member.body) if member else None
    return [tier] if tier else []
