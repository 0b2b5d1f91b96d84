"""Permissions: ``resource:action``, what one implies, and what each role is granted."""

from collections.abc import Iterable

RESOURCES = (
    "products",
    "categories",
    "inventory",
    "materials",
    "costing",
    "carts",
    "checkouts",
    "orders",
    "payments",
    "media",
    "reels",
    "comments",
    "offers",
    "bulks",
    "bin",
    "analytics",
    "members",
    "tenants",
    "audit_logs",
    "projections",
)

# Each action with those that it includes. ``read_all``: see anyone's in the tenant, not only
# one's own; ``manage``: act on anyone's.
IMPLIED = {
    "hard_delete": ("soft_delete", "update", "read"),
    "soft_delete": ("update", "read"),
    "restore": ("read",),
    "update": ("read",),
    "create": ("read",),
    "read_all": ("read",),
    "manage": ("read_all", "read"),
}

BUYER = (
    "products:read",
    "categories:read",
    "inventory:read",
    "carts:create",
    "carts:update",
    "checkouts:create",
    "orders:read",
    "orders:update",
    "payments:create",
    "payments:update",
    "reels:read",
    "reels:like",
    "comments:create",
    "comments:update",
)
SELLER = (
    *BUYER,
    "offers:create",
    "offers:update",
    "products:create",
    "products:soft_delete",
    "products:restore",
    "inventory:create",
    "inventory:update",
    "materials:create",
    "materials:update",
    "costing:create",
    "costing:update",
    "bulks:create",
    "bin:read",
    "media:create",
    "media:update",
    "reels:create",
    "reels:update",
    "members:read",
    "analytics:view",
)
AUDITOR = (
    "products:read",
    "categories:read",
    "inventory:read_all",
    "materials:read_all",
    "costing:read_all",
    "bulks:read_all",
    "bin:read_all",
    "carts:read_all",
    "checkouts:read_all",
    "orders:read_all",
    "payments:read_all",
    "media:read_all",
    "reels:read_all",
    "comments:read_all",
    "offers:read_all",
    "members:read_all",
    "tenants:read",
    "analytics:view",
    "analytics:read_all",
    "audit_logs:view",
    "projections:view",
)
ROLES = {"buyer": BUYER, "seller": SELLER, "admin": ("*:*",), "auditor": AUDITOR}


def expand(granted: Iterable[str]) -> frozenset[str]:
    """What is granted with all that it implies. Wildcards stay, and ``allows`` honours them."""
    held = set(granted)
    for permission in tuple(held):
        resource, _, action = permission.partition(":")
        held.update(f"{resource}:{implied}" for implied in IMPLIED.get(action, ()))
    return frozenset(held)


def allows(held: frozenset[str], permission: str) -> bool:
    """Whether an expanded set holds a permission, by name or by wildcard."""
    return permission in held or "*:*" in held or f"{permission.partition(':')[0]}:*" in held
