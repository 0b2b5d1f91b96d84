"""Tenants: an organisation that has its own shop, members, prices and books."""

from typing import assert_never

from domain.costs import BASES
from domain.kernel import Command, Event, Rejected, Value, but
from domain.money import is_currency

RETENTION, LONGEST = 90, 36_500  # days: the usual, and the most


class CreateTenant(Command):
    name: str  # for people; the stream's id is the name in every key
    currency: str  # ISO 4217


class SetCostBasis(Command):
    """What a unit of a material costs from now on: one of ``domain.costs.BASES``."""

    basis: str


class ArchiveTenant(Command):
    """It takes no commands of its members any more, and is read as ever."""


class RestoreTenant(Command):
    pass


class SetRetention(Command):
    """How long what is deleted can surely be restored, before it may be purged."""

    days: int


class TenantCreated(Event, tag="tenants.tenant_created"):
    name: str
    currency: str


class CostBasisSet(Event, tag="tenants.cost_basis_set"):
    basis: str


class TenantArchived(Event, tag="tenants.tenant_archived"):
    pass


class TenantRestored(Event, tag="tenants.tenant_restored"):
    pass


class RetentionSet(Event, tag="tenants.retention_set"):
    days: int


COMMANDS = CreateTenant | SetCostBasis | ArchiveTenant | RestoreTenant | SetRetention
EVENTS = TenantCreated | CostBasisSet | TenantArchived | TenantRestored | RetentionSet


class Tenant(Value):
    """``currency`` is empty while there is no such tenant."""

    name: str = ""
    currency: str = ""
    cost_basis: str = BASES[0]
    archived: bool = False
    retention: int = RETENTION

    @property
    def exists(self) -> bool:
        return self.currency != ""


EMPTY = Tenant()


def decide(tenant: Tenant, command: COMMANDS) -> list[EVENTS]:
    match command:
        case CreateTenant(name=name, currency=currency):
            return _create(tenant, name, currency)
        case SetCostBasis(basis=basis):
            return _set_basis(tenant, basis)
        case ArchiveTenant():
            _check_there(tenant)
            return [] if tenant.archived else [TenantArchived()]
        case RestoreTenant():
            _check_there(tenant)
            return [TenantRestored()] if tenant.archived else []
        case SetRetention(days=days):
            return _keep(tenant, days)
        case _:
            assert_never(command)


def _create(tenant: Tenant, name: str, currency: str) -> list[EVENTS]:
    if tenant.exists:
        raise Rejected("tenants.exists")
    if not name.strip():
        raise Rejected("tenants.name_missing")
    if not is_currency(currency):
        raise Rejected("tenants.currency_malformed", "a code of ISO 4217, such as DZD")
    return [TenantCreated(name, currency)]


def _set_basis(tenant: Tenant, basis: str) -> list[EVENTS]:
    _check_there(tenant)
    if basis not in BASES:
        raise Rejected("tenants.unknown_cost_basis", f"one of {', '.join(BASES)}")
    return [CostBasisSet(basis)] if basis != tenant.cost_basis else []


def _keep(tenant: Tenant, days: int) -> list[EVENTS]:
    _check_there(tenant)
    if not 0 <= days <= LONGEST:
        raise Rejected("tenants.retention_out_of_range", f"0 to {LONGEST:,} days")
    return [RetentionSet(days)] if days != tenant.retention else []


def _check_there(tenant: Tenant) -> None:
    if not tenant.exists:
        raise Rejected("tenants.unknown_tenant")


def evolve(tenant: Tenant, event: EVENTS) -> Tenant:
    match event:
        case TenantCreated(name=name, currency=currency):
            return Tenant(name, currency)
        case CostBasisSet(basis=basis):
            return but(tenant, cost_basis=basis)
        case TenantArchived():
            return but(tenant, archived=True)
        case TenantRestored():
            return but(tenant, archived=False)
        case RetentionSet(days=days):
            return but(tenant, retention=days)
        case _:
            assert_never(event)
