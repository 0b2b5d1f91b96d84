"""Identity: one row per member; the name of the person sealed, the shop's name public."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from domain.identity import (
    MemberAdded,
    MemberRemoved,
    MemberRestored,
    SellerAppointed,
    SellerDismissed,
)
from domain.kernel import Personal, Recorded, Value, but
from projections.kernel import Column, Document, Found, Page, Reader, Table, given, one, own, page

VERSION = 2


class Person(Value):
    name: Personal | None


class Member(Document):
    """A person's part in the tenant. ``tier``: of a seller who sells to other sellers.
    ``personal``: left out where the caller may not see it."""

    id: str
    version: int
    role: str
    sells: bool
    shop: str
    tier: str | None
    added_at: datetime
    removed: bool = False
    personal: Person | UnsetType = UNSET


def evolve(member: Member | None, recorded: Recorded, id: str) -> Member | None:
    event = recorded.event
    if isinstance(event, MemberAdded):
        person = Person(event.name) if event.name else UNSET
        return Member(
            id, recorded.version, event.role, False, "", None, recorded.occurred_at, personal=person
        )
    return _changed(but(member, version=recorded.version), event) if member else None


def _changed(member: Member, event: object) -> Member:
    match event:
        case SellerAppointed(shop=shop, tier=tier):
            return but(member, sells=True, shop=shop, tier=tier)
        case SellerDismissed():
            return but(member, sells=False)
        case MemberRemoved():
            return but(member, removed=True)
        case MemberRestored():
            return but(member, removed=False)
    return member


MEMBERS = Table(
    name="identity_members",
    document=Member,
    on=dict.fromkeys(
        (MemberAdded, SellerAppointed, SellerDismissed, MemberRemoved, MemberRestored), own
    ),
    evolve=evolve,
    columns={
        "sells": Column("boolean", lambda m: m.sells),
        "removed": Column("boolean", lambda m: m.removed),
    },
    indexes=("sells",),
    topic=lambda id, member: f"identity.{id}",
)


class Removed(Document):
    """Of a member who is removed: few, so that every process may know all of them."""


REMOVED = Table(
    name="identity_removed",
    document=Removed,
    on={MemberRemoved: own, MemberRestored: own},
    evolve=lambda _, recorded, id: Removed() if type(recorded.event) is MemberRemoved else None,
)
TABLES = (MEMBERS, REMOVED)


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
    removed: bool = False


_STANDING = msgspec.json.Decoder(_Standing | None)


def role_of(document: bytes) -> str:
    """The role that a member has by now: who sells has the seller's rights, and who was dismissed
    has them no longer. Empty for one who is gone."""
    member = _STANDING.decode(document)
    if member is None or member.removed:
        return ""
    if member.role == "buyer" and member.sells:
        return "seller"
    dismissed = member.role == "seller" and member.shop and not member.sells
    return "buyer" if dismissed else member.role


def tier_of(document: bytes) -> str | None:
    """The tier of a member who sells."""
    member = _STANDING.decode(document)
    return member.tier if member and member.sells else None


async def members(db: Reader, sells: bool | None, removed: bool, number: int, limit: int) -> Page:
    """By user id."""
    asked = given(("removed = %s", removed), ("sells = %s", sells))
    return await page(db, MEMBERS.name, *asked, "id", number, limit)
