"""Every aggregate, one line each."""

from domain import (
    carts,
    catalog,
    checkouts,
    comments,
    costgraph,
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
from domain.kernel import Decider

AGGREGATES: dict[str, Decider] = {
    "carts": carts,
    "catalog": catalog,
    "checkouts": checkouts,
    "comments": comments,
    "costgraph": costgraph,
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
