"""What one reader may: its own consumer, its own inbox, and its tenant's subjects."""

import hashlib
import time
from typing import Any

from msgspec import Struct

from adapters.nats.accounts import API, READERS, STREAM
from adapters.tokens.verifying import Claims
from domain.permissions import allows, expand

LASTS = 3600  # seconds of a connection; then its token is looked at anew
# What shows all of a context's changes; and what shows one's own, and which those are.
CONTEXTS = {
    "orders": ("orders:read_all", "orders:read", ("*.{user}.*", "*.*.{user}")),
    "checkouts": ("checkouts:read_all", "checkouts:read", ("*.{user}",)),
    "payments": ("payments:read_all", "payments:read", ("*.{user}",)),
    "carts": ("carts:read_all", "carts:read", ("*.{user}",)),
    "catalog": ("products:read_all", "products:read", ("*.{user}",)),  # the retired ones too
    "categories": ("categories:read", "categories:read", ()),
    "inventory": ("inventory:read_all", "inventory:read", ("*.{user}",)),
    "media": ("media:read_all", "media:read", ("*.{user}",)),
    "storage": ("media:read_all", "media:read_all", ()),
    "reels": ("reels:read_all", "reels:read", ("*.{user}",)),  # drafts and hidden ones too
    "likes": ("reels:read", "reels:read", ()),
    "comments": ("reels:read", "reels:read", ()),
    "engagement": ("reels:read", "reels:read", ()),
    "materials": ("materials:read_all", "materials:read", ("*.{user}",)),
    "costing": ("costing:read_all", "costing:read", ("*.{user}",)),
    "costruns": ("costing:read_all", "costing:read", ("*.{user}",)),
    "offers": ("offers:read_all", "offers:read", ("*.{user}.*",)),
    "bulks": ("bulks:read_all", "bulks:read", ("*.{user}",)),
    "negotiations": ("offers:read_all", "offers:read", ("*.{user}.*", "*.*.{user}")),
    "identity": ("members:read_all", "products:read", ("{user}",)),
    "tenants": ("products:read", "products:read", ()),
    "analytics": ("analytics:read_all", "analytics:view", ("{user}",)),
}
ROOTS, SEES_ROOTS = "audit", "audit_logs:view"  # of the log itself: see adapters/roots
TOTALS = "sales"  # analytics.sales is the whole tenant's, whoever is called so


class Reader(Struct, frozen=True):
    """``name``: the user name it connects with, its own choice, so that one token serves several.

    Its consumer and its inbox are named by a digest of both, which nobody else can guess."""

    name: str
    token: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.name}:{self.token}".encode()).hexdigest()[:32]

    @property
    def consumer(self) -> str:
        return f"reader_{self.digest}"

    @property
    def inbox(self) -> str:
        """The prefix of its inboxes."""
        return f"_INBOX_{self.digest}"

    def user(self, claims: Claims, key: str) -> dict[str, Any]:
        """What NATS is told of it; ``key``: the name that the server gave this connection."""
        return {
            "sub": key,
            "aud": READERS,
            "name": f"{claims.tenant}/{claims.sub}/{self.name}",
            "exp": min(claims.exp, int(time.time()) + LASTS),
            "nats": {
                "type": "user",
                "version": 2,
                "pub": {"allow": self._requests(subjects(claims))},
                "sub": {"allow": [f"{self.inbox}.>"]},
                "subs": 64,
                "payload": 64 * 1024,
                "data": -1,
            },
        }

    def _requests(self, filters: list[str]) -> list[str]:
        mine = f"{STREAM}.{self.consumer}"
        wishes = [f"{API}.CONSUMER.CREATE.{mine}.{subject}" for subject in filters]
        return [*wishes, f"{API}.CONSUMER.MSG.NEXT.{mine}", f"{API}.CONSUMER.INFO.{mine}"]


def subjects(claims: Claims) -> list[str]:
    """The widest filters that a token's bearer may read by; narrower ones are allowed too."""
    held, root = expand(claims.permissions), f"souk.{claims.tenant}"
    if all(allows(held, whole) for whole, _, _ in CONTEXTS.values()):
        return [f"{root}.>"]
    found = []
    for context, (whole, own, patterns) in CONTEXTS.items():
        if allows(held, whole):
            found.append(f"{root}.{context}.>")
        elif allows(held, own) and (context, claims.sub) != ("analytics", TOTALS):
            found += [f"{root}.{context}.{each.format(user=claims.sub)}" for each in patterns]
    if allows(held, SEES_ROOTS):
        found.append(f"{root}.{ROOTS}.>")
    return found
