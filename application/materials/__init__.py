"""Materials: each is its owner's, and is not there for others."""

from application.commands import Commands
from application.materials.purchases import Shadow, placed, shadow_of
from application.ports import Answer, Call, Missing, Outdated, Receipt
from application.work import Names, Work, stream_of
from domain import materials, tenants
from domain.kernel import Rejected, but
from domain.materials import MOVEMENTS, AddMaterial, Material, RecordPurchase
from domain.tenants import SetCostBasis, Tenant

UNKNOWN = "materials.unknown_material"
SKU = "materials.sku"

__all__ = ["SKU", "UNKNOWN", "Materials", "Shadow", "names_of"]


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
            work.rename(frozenset(), names_of(await work.load(materials, id)), id)
            return work.receipt(materials, id)

        return await self._commands.run(call, Receipt, attempt)

    async def change(
        self,
        call: Call,
        id: str,
        owner: str | None,
        command: materials.COMMANDS,
        kind: str | None = None,
    ) -> Receipt:
        """Any command on an existing material that belongs to ``owner`` and is of that ``kind``
        (None: any). Its SKU follows: one that is retired leaves it to others, and takes it again
        when it comes back. Raises Taken."""

        async def attempt(work: Work) -> Answer:
            material = await owned(work, id, owner)
            if kind not in (None, material.describing.kind):
                raise Missing(UNKNOWN)
            await work.decide(materials, id, command)
            work.rename(names_of(material), names_of(await work.load(materials, id)), id)
            return work.receipt(materials, id)

        return await self._commands.run(
            call, Receipt, attempt, queues=[stream_of(call.tenant, materials, id)]
        )

    async def purchase(
        self, call: Call, id: str, owner: str | None, command: RecordPurchase, seen: int | None
    ) -> Receipt:
        """``seen``: the version at which the caller saw what a back-dated one changes."""

        async def attempt(work: Work) -> Answer:
            await owned(work, id, owner)
            told, version = await self._placed(work, id, command), work.version(materials, id)
            if told.past is not None and seen is None:
                raise Rejected("materials.backdated", "look at its preview, and confirm")
            if told.past is not None and seen != version:
                raise Outdated("materials.preview_outdated")
            await work.decide(materials, id, told)
            return work.receipt(materials, id)

        queues = [stream_of(call.tenant, materials, id)]
        return await self._commands.run(call, Receipt, attempt, queues)

    async def preview(
        self, call: Call, id: str, owner: str | None, command: RecordPurchase
    ) -> Shadow:
        """What a purchase would make of the material; nothing is written."""

        async def attempt(work: Work) -> Shadow:
            now, told = await owned(work, id, owner), await self._placed(work, id, command)
            tenant: Tenant = await work.load(tenants, call.tenant)
            return Shadow(
                now,
                shadow_of(now, told),
                work.version(materials, id),
                told.past is not None,
                tenant.cost_basis,
                work.read_position(),
            )

        return await self._commands.look(call, attempt)

    async def _placed(self, work: Work, id: str, command: RecordPurchase) -> RecordPurchase:
        """With its past, which is read only if some of it may have happened later."""
        if command.bought_at is None:  # it happens now, which nothing is later than
            return command
        told = work.call, materials, id, MOVEMENTS, command.bought_at
        if not await self._commands.occurred(*told):
            return command
        version = work.version(materials, id)
        past = (await self._commands.past(work.call, materials, [id]))[id]
        return placed(command, (recorded for recorded in past if recorded.version <= version))

    async def set_basis(self, call: Call, basis: str) -> Receipt:
        """By which of its costs every material of the tenant is told from now on."""

        async def attempt(work: Work) -> Answer:
            tenant: Tenant = await work.load(tenants, call.tenant)
            if not tenant.exists:
                raise Missing("tenants.unknown_tenant")
            await work.decide(tenants, call.tenant, SetCostBasis(basis))
            return work.receipt(tenants, call.tenant)

        return await self._commands.run(call, Receipt, attempt)


def names_of(material: Material) -> Names:
    """What a material in that state holds and no other may: its SKU, unless it is retired."""
    held = material.sku and not material.retired
    return frozenset([(SKU, material.sku)] if held and material.sku else [])


async def owned(work: Work, id: str, owner: str | None) -> Material:
    """Raises Missing."""
    material: Material = await work.load(materials, id)
    if not material.exists or owner not in (None, material.owner):
        raise Missing(UNKNOWN)
    return material
