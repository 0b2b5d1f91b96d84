"""Every projection, one line each."""

from projections import (
    analytics,
    carts,
    catalog,
    checkouts,
    comments,
    engagement,
    identity,
    inventory,
    likes,
    materials,
    media,
    negotiations,
    offers,
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
    "engagement": engagement,
    "identity": identity,
    "inventory": inventory,
    "likes": likes,
    "materials": materials,
    "media": media,
    "negotiations": negotiations,
    "offers": offers,
    "orders": orders,
    "payments": payments,
    "reels": reels,
    "storage": storage,
    "tenants": tenants,
}
