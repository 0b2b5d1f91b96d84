"""Every aggregate, one line each."""

from domain import carts, catalog, checkouts, identity, inventory, orders, payments, tenants
from domain.kernel import Decider

AGGREGATES: dict[str, Decider] = {
    "carts": carts,
    "catalog": catalog,
    "checkouts": checkouts,
    "identity": identity,
    "inventory": inventory,
    "orders": orders,
    "payments": payments,
    "tenants": tenants,
}
