"""Tenants: an organisation that has its own shop, members, prices and books."""

import re
from typing import assert_never

from domain.kernel import Command, Event, Rejected, Value

CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class CreateTenant(Command):
    name: str  # for people; the stream's id is the name in every key
    currency: str  # ISO 4217


class TenantCreated(Event, tag="tenants.tenant_created"):
    name: str
    currency: str


COMMANDS = CreateTenant
EVENTS = TenantCreated


class Tenant(Value):
    """``currency`` is empty while there is no such tenant."""

    name: str = ""
    currency: str = ""

    @property
    def exists(self) -> bool:
        return self.currency != ""


EMPTY = Tenant()


def decide(tenant: Tenant, command: COMMANDS) -> list[EVENTS]:
    match command:
        case CreateTenant(name=name, currency=currency):
            return _create(tenant, name, currency)
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


def evolve(tenant: Tenant, event: EVENTS) -> Tenant:
    match event:
        case TenantCreated(name=name, currency=currency):
            return Tenant(name, currency)
        case _:
            assert_never(event)
