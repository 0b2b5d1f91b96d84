"""Every projection, one line each."""

from projections import carts, catalog, checkouts, inventory, orders, payments
from projections.kernel import Projection

PROJECTIONS: dict[str, Projection] = {
    "carts": carts,
    "catalog": catalog,
    "checkouts": checkouts,
    "inventory": inventory,
    "orders": orders,
    "payments": payments,
}
