"""Negotiations: one row for each, with every turn it took; what the sides wrote is sealed."""

from datetime import datetime

from msgspec import UNSET, UnsetType, json

from domain.kernel import Personal, Recorded, Value, but
from domain.money import Price
from domain.negotiations import (
    OfferResponded,
    Proposal,
    ResponseAccepted,
    ResponseCountered,
    ResponseDeclined,
    ResponseExpired,
    ResponseWithdrawn,
)
from domain.offers import OfferClosed, OfferExpired
from projections.kernel import Column, Document, Found, Page, Reader, Table, given, one, own, page

VERSION = 2


class Turn(Document):
    """What one side proposed: ``by`` buyer or seller."""

    by: str
    quantity: int
    unit_price: Price
    at: datetime


class Words(Value):
    """``notes``: one for each turn, null without. ``reason``: why it was ended."""

    notes: list[Personal | None]
    address: Personal | None = None
    reason: Personal | None = None


class Negotiation(Document):
    """``turns``: the last is the proposal that stands ``until`` then, for the other side to answer.
    ``offer_over``: it can be accepted no longer. ``order``: what was agreed on."""

    id: str
    version: int
    offer: str
    product: str
    seller: str
    buyer: str
    status: str
    turns: list[Turn]
    method: str
    until: datetime
    responded_at: datetime
    offer_over: bool = False
    order: str | None = None
    ended_by: str | None = None
    personal: Words | UnsetType = UNSET


def evolve(negotiation: Negotiation | None, recorded: Recorded, id: str) -> Negotiation | None:
    event = recorded.event
    if isinstance(event, OfferResponded):
        return _responded(event, recorded)
    if negotiation is None:
        return None
    if isinstance(event, OfferClosed | OfferExpired):
        return but(negotiation, offer_over=True)
    return _changed(but(negotiation, version=recorded.version), recorded)


def _responded(event: OfferResponded, recorded: Recorded) -> Negotiation:
    at = recorded.occurred_at
    return Negotiation(
        id=recorded.id,
        version=recorded.version,
        offer=event.offer,
        product=event.product,
        seller=event.seller,
        buyer=event.buyer,
        status="open",
        turns=[_turn("buyer", event.proposal, at)],
        method=event.method,
        until=event.until,
        responded_at=at,
        personal=Words([event.note], event.address),
    )


def _turn(by: str, proposal: Proposal, at: datetime) -> Turn:
    return Turn(by, proposal.quantity, Price.of(proposal.unit_price), at)


def _changed(negotiation: Negotiation, recorded: Recorded) -> Negotiation:
    match recorded.event:
        case ResponseCountered(by=by, proposal=proposal, until=until, note=note):
            turns = [*negotiation.turns, _turn(by, proposal, recorded.occurred_at)]
            return but(negotiation, turns=turns, until=until, personal=_said(negotiation, note))
        case ResponseAccepted(by=by, order=order):
            return but(negotiation, status="accepted", ended_by=by, order=order)
        case ResponseDeclined(by=by, note=note):
            return _ended(negotiation, "declined", by, note)
        case ResponseWithdrawn(note=note):
            return _ended(negotiation, "withdrawn", "buyer", note)
        case ResponseExpired():
            return but(negotiation, status="expired")
    return negotiation


def _ended(negotiation: Negotiation, status: str, by: str, why: Personal | None) -> Negotiation:
    personal = but(_words(negotiation), reason=why)
    return but(negotiation, status=status, ended_by=by, personal=personal)


def _said(negotiation: Negotiation, note: Personal | None) -> Words:
    words = _words(negotiation)
    return but(words, notes=[*words.notes, note])


def _words(negotiation: Negotiation) -> Words:
    words = negotiation.personal
    assert not isinstance(words, UnsetType)  # it is there from the first turn
    return words


NEGOTIATIONS = Table(
    name="negotiations_negotiations",
    document=Negotiation,
    on=dict.fromkeys(
        (
            OfferResponded,
            ResponseCountered,
            ResponseAccepted,
            ResponseDeclined,
            ResponseWithdrawn,
            ResponseExpired,
        ),
        own,
    ),
    related=dict.fromkeys(
        (OfferClosed, OfferExpired), lambda r: ("offer = %s AND is_open", (r.id,))
    ),
    evolve=evolve,
    columns={
        "offer": Column("text", lambda n: n.offer),
        "seller": Column("text", lambda n: n.seller),
        "buyer": Column("text", lambda n: n.buyer),
        "status": Column("text", lambda n: n.status),
        "is_open": Column("boolean", lambda n: n.status == "open"),
        "due": Column("timestamptz", lambda n: n.until if n.status == "open" else None),
        "responded_at": Column("timestamptz", lambda n: n.responded_at),
    },
    indexes=(
        "offer",
        "seller, responded_at",
        "buyer, responded_at",
        "status, responded_at",
        "responded_at",
        "due",
    ),
    topic=lambda id, n: f"negotiations.{id}.{n.seller}.{n.buyer}",
)
TABLES = (NEGOTIATIONS,)


class Sides(Value):
    seller: str
    buyer: str


def sides(found: Found) -> tuple[str, str]:
    """Whose negotiation it is."""
    both = json.decode(found.body, type=Sides)
    return both.seller, both.buyer


class Filter(Document):
    """What a list is narrowed to; None: no such filter. ``user``: one of its sides."""

    user: str | None = None
    offer: str | None = None
    status: str | None = None


async def negotiation(db: Reader, id: str, user: str | None) -> Found | None:
    """``user``: only if they are one of its sides."""
    mine = "coalesce(%s IN (seller, buyer), true)"
    return await one(db, NEGOTIATIONS.name, id, mine, (user,))


async def negotiations(db: Reader, wanted: Filter, number: int, limit: int) -> Page:
    """The newest first."""
    asked = given(
        ("%s IN (seller, buyer)", wanted.user),
        ("offer = %s", wanted.offer),
        ("status = %s", wanted.status),
    )
    return await page(db, NEGOTIATIONS.name, *asked, "responded_at DESC, id", number, limit)
