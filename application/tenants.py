"""Tenants: whoever makes one is its first member, with the role of an admin."""

from application.commands import Commands
from application.ports import Answer, Call, Missing, Receipt
from application.work import Work
from domain import identity, tenants
from domain.tenants import Tenant


class Tenants:
    """A tenant lives in its own streams: the call's tenant is the one that is made."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def create(
        self, call: Call, admin: str, name: str, currency: str, founder: bool = True
    ) -> Receipt:
        """``admin``: the first member's user id; ``founder`` False: nobody is added."""

        async def attempt(work: Work) -> Answer:
            await work.decide(tenants, call.tenant, tenants.CreateTenant(name, currency))
            if founder:
                await work.decide(identity, admin, identity.AddMember("admin"))
            return work.receipt(tenants, call.tenant)

        return await self._commands.run(call, Receipt, attempt)

    async def change(self, call: Call, command: tenants.COMMANDS) -> Receipt:
        """Any command on the call's own tenant, archived or not."""

        async def attempt(work: Work) -> Answer:
            tenant: Tenant = await work.load(tenants, call.tenant)
            if not tenant.exists:
                raise Missing("tenants.unknown_tenant")
            await work.decide(tenants, call.tenant, command)
            return work.receipt(tenants, call.tenant)

        return await self._commands.run(call, Receipt, attempt)
