"""Who is calling, and what they may do: at every edge the same."""

from msgspec import Struct

from application.ports import Forbidden
from domain.permissions import allows


class Caller(Struct, frozen=True):
    """A verified principal. ``held``: permissions, with all that they imply. ``expires_at``: of
    what they signed in with, in seconds since the epoch. ``tier``: of who sells, where it is known:
    no token says it."""

    tenant: str
    user: str
    held: frozenset[str]
    expires_at: int = 0
    tier: str | None = None

    def may(self, permission: str) -> bool:
        return allows(self.held, permission)

    def manages(self, resource: str) -> bool:
        """May act on anyone's in the tenant."""
        return self.may(f"{resource}:manage")

    def sees_all(self, resource: str) -> bool:
        """May see anyone's in the tenant."""
        return self.may(f"{resource}:read_all")

    def as_owner(self, resource: str) -> str | None:
        """What use cases take as the owner: the caller's own id, or None for staff."""
        return None if self.manages(resource) else self.user

    def acts_for(self, resource: str, named: str | None) -> str | None:
        """Whose they act on: whom they named, for staff, or None, anyone's; else their own. Raises
        Forbidden for who is not staff and names somebody else: their own would be taken instead."""
        return self._whose(self.manages(resource), named)

    def sees_of(self, resource: str, named: str | None) -> str | None:
        """Whose they are shown. Raises Forbidden, as above."""
        return self._whose(self.sees_all(resource), named)

    def _whose(self, anyones: bool, named: str | None) -> str | None:
        if anyones:
            return named
        if named not in (None, self.user):
            raise Forbidden("forbidden", "only staff name somebody else")
        return self.user

    def need(self, permission: str) -> None:
        """Raises Forbidden."""
        if not self.may(permission):
            raise Forbidden("forbidden", f"this needs the permission {permission}")
