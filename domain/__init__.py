"""Every aggregate, one line each."""

from domain import (
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
from domain.kernel import Decider

AGGREGATES: dict[str, Decider] = {
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
