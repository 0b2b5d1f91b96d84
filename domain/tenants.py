"""Tenants: an organisation that has its own shop, members, prices and books."""

import re
from typing import assert_never

from domain.costs import BASES
from domain.kernel import Command, Event, Rejected, Value, but

CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class CreateTenant(Command):
    name: str  # for people; the stream's id is the name in every key
    currency: str  # ISO 4217


class SetCostBasis(Command):
    """What a unit of a material costs from now on: one of ``domain.costs.BASES``."""

    basis: str


class TenantCreated(Event, tag="tenants.tenant_created"):
    name: str
    currency: str


class CostBasisSet(Event, tag="tenants.cost_basis_set"):
    basis: str


COMMANDS = CreateTenant | SetCostBasis
EVENTS = TenantCreated | CostBasisSet


class Tenant(Value):
    """``currency`` is empty while there is no such tenant."""

    name: str = ""
    currency: str = ""
    cost_basis: str = BASES[0]

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
        case _:
            assert_never(command)


def _create(tenant: Tenant, name: str, currency: str) -> list[EVENTS]:
    if tenant.exists:
        raise Rejected("tenants.exists")
    if not name.strip():
        raise Rejected("tenants.name_missing")
    if not CURRENCY.fullmatch(currency):
        raise Rejected("tenants.currency_malformed", "three capital letters, as in ISO 4217")
    return [TenantCreated(name, currency)]


def _set_basis(tenant: Tenant, basis: str) -> list[EVENTS]:
    if not tenant.exists:
        raise Rejected("tenants.unknown_tenant")
    if basis not in BASES:
        raise Rejected("tenants.unknown_cost_basis", f"one of {', '.join(BASES)}")
    return [CostBasisSet(basis)] if basis != tenant.cost_basis else []


def evolve(tenant: Tenant, event: EVENTS) -> Tenant:
    match event:
        case TenantCreated(name=name, currency=currency):
            return Tenant(name, currency)
        case CostBasisSet(basis=basis):
            return but(tenant, cost_basis=basis)
        case _:
            assert_never(event)
