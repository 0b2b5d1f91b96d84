"""What can be watched, and by whom: the same permissions and codes as over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from entrypoints.live.messages import Event
from projections import (
    bulks,
    carts,
    catalog,
    checkouts,
    comments,
    costing,
    engagement,
    inventory,
    likes,
    materials,
    media,
    negotiations,
    offers,
    orders,
    payments,
    reels,
)
from projections.analytics.sales import SALES, SALES_ID
from projections.analytics.sellers import SELLERS
from projections.kernel import Table


@dataclass(frozen=True, eq=False)
class Kind:
    """The documents of one context.

    ``permission``: to watch any; ``resource``: whose ``read_all`` lets one watch anyone's.
    ``unknown``: the code for what is not there, or not theirs to see. ``filters``: by name the
    token of the change's topic; a column and a field of the document are called the same, and
    hold the user whose it is. ``order``: of a snapshot, newest first.
    """

    context: str
    table: Table[Any]
    permission: str
    resource: str
    unknown: str
    filters: Mapping[str, int] = field(default_factory=dict)
    order: str = "position DESC, id"
    uuids: bool = True  # ids are
    for_all: bool = False  # whoever has the permission may watch everyone's
    bin: bool = False  # what is retired or not shown is there for its owner and for staff only
    newest_wins: bool = False
    own: bool = True  # an id or a filter that is the caller's own name lets them watch it
    whole: bool = True  # it can be watched without id or filter
    events: tuple[Event, Event] | None = None  # for a new document, for a changed one


ORDERS = Kind(
    "orders",
    orders.ORDERS,
    "orders:read",
    "orders",
    "orders.unknown_order",
    {"seller": 2, "buyer": 3},
    "placed_at DESC, id",
    events=("order:new", "order:status"),
)
CHECKOUTS = Kind(
    "checkouts",
    checkouts.CHECKOUTS,
    "checkouts:read",
    "checkouts",
    "checkouts.unknown_checkout",
    {"buyer": 2},
    "placed_at DESC, id",
)
PAYMENTS = Kind(
    "payments",
    payments.CHECKOUTS,
    "payments:read",
    "payments",
    "payments.unknown_checkout",
    {"buyer": 2},
    uuids=False,
)
CARTS = Kind(
    "carts",
    carts.CARTS,
    "carts:read",
    "carts",
    "carts.unknown_cart",
    {"owner": 2},
    "opened_at DESC, id",
)
CATALOG = Kind(
    "catalog",
    catalog.PRODUCTS,
    "products:read",
    "products",
    "catalog.unknown_product",
    {"seller": 2},
    "created_at DESC, id",
    for_all=True,
    bin=True,
)
INVENTORY = Kind(
    "inventory",
    inventory.ITEMS,
    "inventory:read",
    "inventory",
    "inventory.unknown_product",
    {"seller": 2},
    uuids=False,
    newest_wins=True,
    events=("inventory-updated", "inventory-updated"),
)
MATERIALS = Kind(
    "materials",
    materials.MATERIALS,
    "materials:read",
    "materials",
    "materials.unknown_material",
    {"owner": 2},
    newest_wins=True,
    events=("inventory-updated", "inventory-updated"),
)
COSTING = Kind(
    "costing",
    costing.PRODUCTS,
    "costing:read",
    "costing",
    "costing.unknown_product",
    {"owner": 2},
    newest_wins=True,
)
BULKS = Kind(
    "bulks",
    bulks.BULKS,
    "bulks:read",
    "bulks",
    "bulks.unknown_bulk",
    {"owner": 2},
    "started_at DESC, id",
)
MEDIA = Kind(
    "media",
    media.ASSETS,
    "media:read",
    "media",
    "media.unknown_asset",
    {"owner": 2},
    "created_at DESC, id",
)
REELS = Kind(
    "reels",
    reels.REELS,
    "reels:read",
    "reels",
    "reels.unknown_reel",
    {"seller": 2},
    "place DESC, created_at DESC, id",
    for_all=True,
    bin=True,
)
LIKES = Kind(
    "likes",
    likes.LIKES,
    "reels:read",
    "reels",
    "likes.unknown_like",
    {"reel": 2, "viewer": 3},
    "liked_at DESC, id",
    for_all=True,
    events=("reel:like", "reel:like"),
)
COMMENTS = Kind(
    "comments",
    comments.COMMENTS,
    "reels:read",
    "comments",
    "comments.unknown_comment",
    {"reel": 2, "author": 3},
    "place DESC, id",
    for_all=True,
    events=("reel:comment", "reel:comment"),
)
ENGAGEMENT = Kind(
    "engagement",
    engagement.REELS,
    "reels:read",
    "reels",
    "reels.unknown_reel",
    {"seller": 2},
    for_all=True,
    newest_wins=True,
    events=("reel:counters", "reel:counters"),
)
OFFERS = Kind(
    "offers",
    offers.OFFERS,
    "offers:read",
    "offers",
    "offers.unknown_offer",
    {"seller": 2},
    "number DESC",
)
NEGOTIATIONS = Kind(
    "negotiations",
    negotiations.NEGOTIATIONS,
    "offers:read",
    "offers",
    "negotiations.unknown_negotiation",
    {"seller": 2, "buyer": 3},
    "responded_at DESC, id",
)
# A dashboard's id is its seller's.
ANALYTICS = Kind(
    "analytics",
    SELLERS,
    "analytics:view",
    "analytics",
    "analytics.unknown_seller",
    uuids=False,
    newest_wins=True,
    whole=False,
)
TOTALS = Kind(
    "analytics",
    SALES,
    "analytics:view",
    "analytics",
    "",
    uuids=False,
    newest_wins=True,
    own=False,
    whole=False,
)
KINDS = {
    kind.context: kind
    for kind in (
        ORDERS,
        CHECKOUTS,
        PAYMENTS,
        CARTS,
        CATALOG,
        INVENTORY,
        MATERIALS,
        COSTING,
        BULKS,
        MEDIA,
        REELS,
        LIKES,
        COMMENTS,
        ENGAGEMENT,
        OFFERS,
        NEGOTIATIONS,
        ANALYTICS,
    )
}


def kind_of(context: str, id: str) -> Kind | None:
    """The totals of a tenant stand among the dashboards of its sellers."""
    return TOTALS if (context, id) == (ANALYTICS.context, SALES_ID) else KINDS.get(context)
