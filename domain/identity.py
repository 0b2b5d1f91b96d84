"""Identity: who belongs to a tenant, who sells in it, and what each role may do."""

from typing import assert_never

from domain.kernel import Command, Event, Personal, Rejected, Value, but
from domain.permissions import ROLES

TIERS = ("fournisseur", "grossiste", "importateur")

__all__ = ["COMMANDS", "EMPTY", "EVENTS", "ROLES", "Member", "decide", "evolve"]


class AddMember(Command):
    role: str
    name: Personal | None = None


class AppointSeller(Command):
    shop: str  # its public name
    tier: str | None = None


class DismissSeller(Command):
    reason: str = ""


class RemoveMember(Command):
    reason: str = ""


class RestoreMember(Command):
    pass


class MemberAdded(Event, tag="identity.member_added"):
    name: Personal | None
    role: str


class SellerAppointed(Event, tag="identity.seller_appointed"):
    shop: str
    tier: str | None


class SellerDismissed(Event, tag="identity.seller_dismissed"):
    reason: str


class MemberRemoved(Event, tag="identity.member_removed"):
    reason: str


class MemberRestored(Event, tag="identity.member_restored"):
    pass


COMMANDS = AddMember | AppointSeller | DismissSeller | RemoveMember | RestoreMember
EVENTS = MemberAdded | SellerAppointed | SellerDismissed | MemberRemoved | MemberRestored


class Member(Value):
    """``role`` is empty while there is no such member."""

    role: str = ""
    shop: str = ""
    tier: str | None = None
    sells: bool = False
    removed: bool = False  # and may do nothing

    @property
    def exists(self) -> bool:
        return self.role != ""


EMPTY = Member()


def decide(member: Member, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, AddMember):
        return _add(member, command)
    if not member.exists:
        raise Rejected("identity.unknown_member")
    if member.removed and not isinstance(command, RemoveMember | RestoreMember):
        raise Rejected("identity.removed", "restore the member first")
    match command:
        case AppointSeller():
            return _appoint(member, command)
        case DismissSeller(reason=reason):
            return [SellerDismissed(reason)] if member.sells else []
        case RemoveMember(reason=reason):
            return [] if member.removed else _remove(member, reason)
        case RestoreMember():
            return [MemberRestored()] if member.removed else []
        case _:
            assert_never(command)


def _add(member: Member, new: AddMember) -> list[EVENTS]:
    if member.exists:
        raise Rejected("identity.member_exists")
    if new.role not in ROLES:
        raise Rejected("identity.unknown_role", f"one of {', '.join(ROLES)}")
    return [MemberAdded(new.name, new.role)]


def _appoint(member: Member, new: AppointSeller) -> list[EVENTS]:
    if not new.shop.strip():
        raise Rejected("identity.shop_missing")
    if new.tier is not None and new.tier not in TIERS:
        raise Rejected("identity.unknown_tier", f"one of {', '.join(TIERS)}")
    if member.sells and (member.shop, member.tier) == (new.shop, new.tier):
        return []
    return [SellerAppointed(new.shop, new.tier)]


def _remove(member: Member, reason: str) -> list[EVENTS]:
    """Who sold is dismissed, and is appointed anew when they are back."""
    dismissed: list[EVENTS] = [SellerDismissed(reason)] if member.sells else []
    return [*dismissed, MemberRemoved(reason)]


def evolve(member: Member, event: EVENTS) -> Member:
    match event:
        case MemberAdded(role=role):
            return Member(role)
        case SellerAppointed(shop=shop, tier=tier):
            return but(member, shop=shop, tier=tier, sells=True, role=_with(member.role))
        case SellerDismissed():
            return but(member, sells=False, role=_without(member.role))
        case MemberRemoved():
            return but(member, removed=True)
        case MemberRestored():
            return but(member, removed=False)
        case _:
            assert_never(event)


def _with(role: str) -> str:
    """Who sells has the seller's rights; staff keep their wider ones."""
    return "seller" if role == "buyer" else role


def _without(role: str) -> str:
    return "buyer" if role == "seller" else role
