"""Materials: each is its owner's, and is not there for others."""

from collections.abc import Callable

from application.commands import Commands
from application.ports import Answer, Call, Missing, Receipt
from application.work import Work, stream_of
from domain import materials, tenants
from domain.kernel import but
from domain.materials import AddMaterial, AssignSku, Material
from domain.tenants import SetCostBasis, Tenant

UNKNOWN = "materials.unknown_material"
SKU = "materials.sku"


class Materials:
    """``owner``: whose materials they may change; None for staff."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def add(self, call: Call, id: str, new: AddMaterial) -> Receipt:
        """In the tenant's currency unless it names one; told by the tenant's basis."""

        async def attempt(work: Work) -> Answer:
            work.begin((materials, id))
            tenant: Tenant = await work.load(tenants, call.tenant)
            if not tenant.exists:
                raise Missing("tenants.unknown_tenant")
            currency = new.currency or tenant.currency
            told = but(new, currency=currency, basis=tenant.cost_basis)
            await work.decide(materials, id, told)
            if new.sku:
                work.claim(SKU, new.sku, id)
            return work.receipt(materials, id)

        return await self._commands.run(call, Receipt, attempt)

    async def assign_sku(
        self, call: Call, id: str, owner: str | None, command: AssignSku
    ) -> Receipt:
        def names(work: Work, material: Material) -> None:
            if material.sku != command.sku:
                if material.sku:
                    work.release(SKU, material.sku, id)
                if command.sku:
                    work.claim(SKU, command.sku, id)

        return await self.change(call, id, owner, command, names)

    async def change(
        self,
        call: Call,
        id: str,
        owner: str | None,
        command: materials.COMMANDS,
        names: Callable[[Work, Material], None] = lambda work, material: None,
    ) -> Receipt:
        """Any command on an existing material that belongs to ``owner``."""

        async def attempt(work: Work) -> Answer:
            material: Material = await work.load(materials, id)
            if not material.exists or owner not in (None, material.owner):
                raise Missing(UNKNOWN)
            names(work, material)
            await work.decide(materials, id, command)
            return work.receipt(materials, id)

        return await self._commands.run(
            call, Receipt, attempt, queues=[stream_of(call.tenant, materials, id)]
        )

    async def set_basis(self, call: Call, basis: str) -> Receipt:
        """By which of its costs every material of the tenant is told from now on."""

        async def attempt(work: Work) -> Answer:
            tenant: Tenant = await work.load(tenants, call.tenant)
            if not tenant.exists:
                raise Missing("tenants.unknown_tenant")
            await work.decide(tenants, call.tenant, SetCostBasis(basis))
            return work.receipt(tenants, call.tenant)

        return await self._commands.run(call, Receipt, attempt)
