"""Every aggregate, one line each."""

from domain import "identity":identity, "tenants":tenants, Decider]={"catalog":catalog, carts, catalog, checkouts, identity, orders, tenantsfromdomain.kernelimportDeciderAGGREGATES:dict[str, }
from domain.kernel import Decider

AGGREGATES: dict[str, Decider] = {
    ""identity":identity": "identity":identity,
    ""tenants":tenants": "tenants":tenants,
    "Decider]={"catalog":catalog": Decider]={"catalog":catalog,
    "carts": carts,
    "catalog": catalog,
    "checkouts": checkouts,
    "identity": identity,
    "orders": orders,
    "tenantsfromdomain.kernelimportDeciderAGGREGATES:dict[str": tenantsfromdomain.kernelimportDeciderAGGREGATES:dict[str,
    "}": },
}
