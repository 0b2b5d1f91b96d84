"""Tenants: one row each, in the tenant's own rows."""

from datetime import datetime

from domain.costs import BASES
from domain.kernel import Recorded, but
from domain.tenants import (
    RETENTION,
    CostBasisSet,
    RetentionSet,
    TenantArchived,
    TenantCreated,
    TenantRestored,
)
from projections.kernel import Document, Found, Reader, Table, one, own

VERSION = 3


class Tenant(Document):
    """``archived``: it takes no commands. ``retention``: days that what is deleted can surely be
    restored. ``cost_basis``: which cost of a material its costs and its worth are told by."""

    id: str
    version: int
    name: str
    currency: str
    created_at: datetime
    cost_basis: str = BASES[0]
    archived: bool = False
    retention: int = RETENTION


def evolve(tenant: Tenant | None, recorded: Recorded, id: str) -> Tenant | None:
    if isinstance(event := recorded.event, TenantCreated):
        return Tenant(id, recorded.version, event.name, event.currency, recorded.occurred_at)
    return _changed(but(tenant, version=recorded.version), event) if tenant else None


def _changed(tenant: Tenant, event: object) -> Tenant:
    match event:
        case CostBasisSet(basis=basis):
            return but(tenant, cost_basis=basis)
        case TenantArchived():
            return but(tenant, archived=True)
        case TenantRestored():
            return but(tenant, archived=False)
        case RetentionSet(days=days):
            return but(tenant, retention=days)
    return tenant


TENANTS = Table(
    name="tenants_tenants",
    document=Tenant,
    on=dict.fromkeys(
        (TenantCreated, CostBasisSet, TenantArchived, TenantRestored, RetentionSet), own
    ),
    evolve=evolve,
    topic=lambda id, tenant: f"tenants.{id}",
)


class Archived(Document):
    """Of a tenant that is archived: few, so that every process may know all of them."""


ARCHIVED = Table(
    name="tenants_archived",
    document=Archived,
    on={TenantArchived: own, TenantRestored: own},
    evolve=lambda _, recorded, id: Archived() if type(recorded.event) is TenantArchived else None,
)
TABLES = (TENANTS, ARCHIVED)


async def tenant(db: Reader, name: str) -> Found | None:
    return await one(db, TENANTS.name, name)
