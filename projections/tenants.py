"""Tenants: one row each, in the tenant's own rows."""

from datetime import datetime

from domain.costs import BASES
from domain.kernel import Recorded, but
from domain.tenants import CostBasisSet, TenantCreated
from projections.kernel import Document, Found, Reader, Table, one, own

VERSION = 2


class Tenant(Document):
    """``cost_basis``: which cost of a material its costs and its worth are told by."""

    id: str
    version: int
    name: str
    currency: str
    created_at: datetime
    cost_basis: str = BASES[0]


def evolve(tenant: Tenant | None, recorded: Recorded, id: str) -> Tenant | None:
    match recorded.event:
        case TenantCreated(name=name, currency=currency):
            return Tenant(id, recorded.version, name, currency, recorded.occurred_at)
        case CostBasisSet(basis=basis) if tenant:
            return but(tenant, version=recorded.version, cost_basis=basis)
    return tenant


TENANTS = Table(
    name="tenants_tenants",
    document=Tenant,
    on={TenantCreated: own, CostBasisSet: own},
    evolve=evolve,
    topic=lambda id, tenant: f"tenants.{id}",
)
TABLES = (TENANTS,)


async def tenant(db: Reader, name: str) -> Found | None:
    return await one(db, TENANTS.name, name)
