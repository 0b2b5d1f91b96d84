"""Every aggregate, one line each."""

from domain import (
    carts,
    catalog,
    checkouts,
    identity,
    inventory,
    media,
    orders,
    payments,
    storage,
    tenants,
)
from domain.kernel import Decider

AGGREGATES: dict[str, Decider] = {
    "carts": carts,
    "catalog": catalog,
    "checkouts": checkouts,
    "identity": identity,
    "inventory": inventory,
    "media": media,
    "orders": orders,
    "payments": payments,
    "storage": storage,
    "tenants": tenants,
}
