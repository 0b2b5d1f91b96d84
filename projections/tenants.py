"""Tenants: one row each, in the tenant's own rows."""

from datetime import datetime

from domain.kernel import Recorded
from domain.tenants import TenantCreated
from projections.kernel import Document, Found, Reader, Table, one, own

VERSION = 1


class Tenant(Document):
    id: str
    version: int
    name: str
    currency: str
    created_at: datetime


def evolve(tenant: Tenant | None, recorded: Recorded, id: str) -> Tenant | None:
    event = recorded.event
    if isinstance(event, TenantCreated):
        return Tenant(id, recorded.version, event.name, event.currency, recorded.occurred_at)
    return tenant


TENANTS = Table(
    name="tenants_tenants",
    document=Tenant,
    on={TenantCreated: own},
    evolve=evolve,
    topic=lambda id, tenant: f"tenants.{id}",
)
TABLES = (TENANTS,)


async def tenant(db: Reader, name: str) -> Found | None:
    return await one(db, TENANTS.name, name)
