"""Every projection, one line each."""

from projections import catalog, inventory, payments
from projections.kernel import Projection

PROJECTIONS: dict[str, Projection] = {
    "catalog": catalog,
    "inventory": inventory,
    "payments": payments,
}
