"""Identity: one row per member; the name of the person sealed, the shop's name public."""

from datetime import datetime
from typing import Any

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


async def members(db: Reader, sells: bool | None, number: int, limit: int) -> Page:
    """By user id."""
    where, params = ("sells = %s", (sells,)) if sells is not None else ("", ())
    return await page(db, MEMBERS.name, where, tuple[Any, ...](params), "id", number, limit)
