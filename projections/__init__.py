"""Every projection, one line each."""

from projections import analytics, carts, catalog, checkouts, inventory, orders, payments
from projections.kernel import Projection

PROJECTIONS: dict[str, Projection] = {
    "analytics": analytics,
    "carts": carts,
    "catalog": catalog,
    "checkouts": checkouts,
    "inventory": inventory,
    "orders": orders,
    "payments": payments,
}
