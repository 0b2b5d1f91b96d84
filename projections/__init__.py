"""Every projection, one line each."""

from projections import (
    analytics,
    carts,
    catalog,
    checkouts,
    comments,
    costing,
    engagement,
    identity,
    inventory,
    likes,
    materials,
    media,
    orders,
    payments,
    reels,
    storage,
    tenants,
)
from projections.kernel import Projection

PROJECTIONS: dict[str, Projection] = {
    "analytics": analytics,
    "carts": carts,
    "catalog": catalog,
    "checkouts": checkouts,
    "comments": comments,
    "costing": costing,
    "engagement": engagement,
    "identity": identity,
    "inventory": inventory,
    "likes": likes,
    "materials": materials,
    "media": media,
    "orders": orders,
    "payments": payments,
    "reels": reels,
    "storage": storage,
    "tenants": tenants,
}
