"""Identity: one row per member; the name of the person sealed, the shop's name public."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from domain.identity import MemberAdded, SellerAppointed, SellerDismissed
from domain.kernel import Personal, Recorded, Value, but
from projections.kernel import Column, Document, Found, Page, Reader, Table, one, own, page

VERSION = 1


class Person(Value):
    name: Personal | None


class Member(Document):
    id: str
    version: int
    role: str
    sells: bool
    shop: str
    tier: str | None
    added_at: datetime
    personal: Person | UnsetType = UNSET


def evolve(member: Member | None, recorded: Recorded, id: str) -> Member | None:
    event = recorded.event
    if isinstance(event, MemberAdded):
        person = Person(event.name) if event.name else UNSET
        return Member(
            id, recorded.version, event.role, False, "", None, recorded.occurred_at, person
        )
    return _changed(but(member, version=recorded.version), event) if member else None


def _changed(member: Member, event: object) -> Member:
    match event:
        case SellerAppointed(shop=shop, tier=tier):
            return but(member, sells=True, shop=shop, tier=tier)
        case SellerDismissed():
            return but(member, sells=False)
    return member


MEMBERS = Table(
    name="identity_members",
    document=Member,
    on=dict.fromkeys((MemberAdded, SellerAppointed, SellerDismissed), own),
    evolve=evolve,
    columns={"sells": Column("boolean", lambda m: m.sells)},
    indexes=("sells",),
    topic=lambda id, member: f"identity.{id}",
)
TABLES = (MEMBERS,)


async def member(db: Reader, user: str) -> Found | None:
    return await one(db, MEMBERS.name, user)


async def those(db: Reader, users: Sequence[str]) -> dict[str, Found]:
    """Those of them that are members."""
    rows = await db.rows(
        f"SELECT id, position, body FROM read.{MEMBERS.name} WHERE tenant = %s AND id = ANY(%s)",
        (db.tenant, list(users)),
    )
    return {row[0]: Found(*row) for row in rows}


class _Standing(Value):
    role: str
    sells: bool
    shop: str
    tier: str | None = None


_STANDING = msgspec.json.Decoder(_Standing | None)


def role_of(document: bytes) -> str:
    """The role that a member has by now: who sells has the seller's rights, and who was dismissed
    has them no longer. Empty for one who is gone."""
    member = _STANDING.decode(document)
    if member is None:
        return ""
    if member.role == "buyer" and member.sells:
        return "seller"
    dismissed = member.role == "seller" and member.shop and not member.sells
    return "buyer" if dismissed else member.role


def tier_of(document: bytes) -> str | None:
    """The tier of a member who sells."""
    member = _STANDING.decode(document)
    return member.tier if member and member.sells else None


async def members(db: Reader, sells: bool | None, number: int, limit: int) -> Page:
    """By user id."""
    where, params = ("sells = %s", (sells,)) if sells is not None else ("", ())
    return await page(db, MEMBERS.name, where, tuple[Any, ...](params), "id", number, limit)
