"""Who sends a request, and what they may do."""

from msgspec import Struct

from domain.permissions import allows


class Caller(Struct, frozen=True):
    """A verified token's user in its tenant. ``permissions``: expanded, wildcards included."""

    tenant: str
    user: str
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        return allows(self.permissions, permission)

    def manages(self, resource: str) -> bool:
        """May act on anyone's in the tenant, not only on their own."""
        return self.may(f"{resource}:manage")

    def sees_all(self, resource: str) -> bool:
        """May see anyone's in the tenant, not only their own."""
        return self.may(f"{resource}:read_all")

    def owner(self, resource: str) -> str | None:
        """The owner to narrow a command to: the caller, or None for staff, who act on anyone's."""
        return None if self.manages(resource) else self.user
