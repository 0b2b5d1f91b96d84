"""What can be watched, and by whom: the same permissions and codes as over HTTP."""

from entrypoints.live.kind import Kind
from projections import (
    bulks,
    carts,
    catalog,
    categories,
    checkouts,
    comments,
    costing,
    costruns,
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
    bin="manage",
    shown="NOT retired",
)
CATEGORIES = Kind(
    "categories",
    categories.CATEGORIES,
    "categories:read",
    "categories",
    "categories.unknown_category",
    for_all=True,
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
COSTRUNS = Kind(
    "costruns",
    costruns.RUNS,
    "costing:read",
    "costing",
    "costruns.unknown_run",
    {"owner": 2},
    "place DESC",
    uuids=False,
    newest_wins=True,
    events=("cost-calculation-progress", "cost-calculation-progress"),
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
    bin="read_all",
    shown="visible",
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
    under=REELS,
    by="reel",
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
    under=REELS,
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
# What stands for one tier, which is not all that OFFERS has of it.
BOARD = Kind(
    "offers",
    offers.OFFERS,
    "offers:read",
    "offers",
    "",
    {"target": 3},
    "number DESC",
    own=False,
    whole=False,
    tiers=True,
    where=offers.STANDS,
    over=offers.is_over,
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
    id="seller",
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
        CATEGORIES,
        INVENTORY,
        MATERIALS,
        COSTING,
        COSTRUNS,
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


def kind_of(context: str, id: str, filter: str) -> Kind | None:
    """The totals of a tenant stand among the dashboards of its sellers, and the boards of its
    tiers among its offers."""
    if context == BOARD.context and filter in BOARD.filters:
        return BOARD
    return TOTALS if (context, id) == (ANALYTICS.context, SALES_ID) else KINDS.get(context)
