"""Every projection, one line each."""

from projections import (
    analytics,
    carts,
    catalog,
    checkouts,
    identity,
    inventory,
    orders,
    payments,
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
    "orders": orders,
    "payments": payments,
    "tenants": tenants,
}
