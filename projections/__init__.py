"""Every projection, one line each."""

from projections import (
    analytics,
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
from projections.kernel import Projection

PROJECTIONS: dict[str, Projection] = {
    "analytics": analytics,
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
