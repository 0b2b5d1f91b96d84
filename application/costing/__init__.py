"""Costing: whatever changes what a product costs rolls up to all that use it, in one append, or in
as many as it takes."""

from collections.abc import Mapping, Sequence
from itertools import islice

from msgspec.structs import replace

from application.commands import Commands
from application.costing.composing import check_components, link
from application.costing.computing import Computed, Supposed, computed, sources, traced
from application.costing.gathering import UNKNOWN, owned
from application.costing.restating import Sold, ever_above, restated
from application.costing.rolling import Chunk, Rolling, moved
from application.costing.supposing import Prospect, Prospects, prospects
from application.ports import Answer, Call, Missing, Receipt
from application.work import Work, stream_of
from domain import catalog, costgraph, costing, materials, tenants
from domain.costgraph import CostGraph, SetEdges
from domain.costing import Cause, DefineProduct, SetComponents
from domain.costs import Cost
from domain.kernel import but
from domain.materials import Movement
from domain.tenants import Tenant

__all__ = ["UNKNOWN", "Computed", "Costing", "Prospect", "Prospects", "Sold", "Supposed"]
READ = 100  # materials whose past is held at once


class Costing:
    """``owner``: whose products they may change; None for staff."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def define(self, call: Call, id: str, new: DefineProduct) -> Receipt:
        """In the tenant's currency unless it names one."""

        async def attempt(work: Work) -> Answer:
            work.begin((costing, id))
            tenant: Tenant = await work.load(tenants, call.tenant)
            if not tenant.exists:
                raise Missing("tenants.unknown_tenant")
            await work.decide(costing, id, but(new, currency=new.currency or tenant.currency))
            return work.receipt(costing, id)

        return await self._commands.run(call, Receipt, attempt)

    async def set_components(
        self, call: Call, id: str, owner: str | None, command: SetComponents
    ) -> Receipt:
        """All of one owner and one currency. Two edits at once meet in the tenant's graph."""

        async def attempt(work: Work) -> Answer:
            product = await owned(work, id, owner)
            await work.gather([(costgraph, call.tenant), (tenants, call.tenant)])
            await check_components(work, product, command)
            await work.decide(costing, id, command)
            by_kind: dict[str, list[str]] = {"product": [], "material": []}
            for component in command.components:
                by_kind[component.kind].append(component.id)
            edges = SetEdges(id, tuple(by_kind["product"]), tuple(by_kind["material"]))
            await work.decide(costgraph, call.tenant, edges)
            await moved(work, id)
            return work.receipt(costing, id)

        queues = [stream_of(call.tenant, costgraph, call.tenant)]
        return await self._commands.run(call, Receipt, attempt, queues)

    async def change(
        self, call: Call, id: str, owner: str | None, command: costing.COMMANDS
    ) -> Receipt:
        """Any other command on a product that belongs to ``owner``. Those on what meets in any
        product meet on top of it."""

        async def attempt(work: Work) -> Answer:
            await owned(work, id, owner)
            if await work.decide(costing, id, command):
                await moved(work, id)
            return work.receipt(costing, id)

        graph: CostGraph = await self._commands.peek(call, costgraph, call.tenant)
        queues = [stream_of(call.tenant, costing, top) for top in graph.on_top(id)]
        return await self._commands.run(call, Receipt, attempt, queues)

    async def roll_up(self, call: Call, *causes: Cause, at_once: int | None = None) -> None:
        """All that uses what moved (a basis moves any material), in as many appends as it takes:
        several materials, or one cause of another kind.

        It has no key: what is as it should be is no news, so it may run any number of times, and
        what is left of one that broke off is another's whole. Of several appends each tells how far
        it is.
        """
        rolling = Rolling(causes, at_once)
        queues = [stream_of(call.tenant, costgraph, call.tenant)]  # they would meet in the products
        while not rolling.ended:
            step = replace(call, key=None), Chunk, rolling.attempt, queues
            rolling.took(await self._commands.run(*step))

    async def sells(self, call: Call, id: str, owner: str | None, listing: str | None) -> Receipt:
        """As which product of the catalogue it is sold; None: as none."""

        async def attempt(work: Work) -> Answer:
            await link(work, id, owner, listing)
            return work.receipt(costing, id)

        streams = [(costing, id), *([(catalog, listing)] if listing else [])]
        queues = [stream_of(call.tenant, *stream) for stream in streams]
        return await self._commands.run(call, Receipt, attempt, queues)

    async def computed(
        self, call: Call, id: str, owner: str | None, supposed: Supposed | None = None
    ) -> Computed:
        """What it costs by the log as it is now, and by what; nothing is written. ``supposed``:
        what materials would cost instead."""

        async def attempt(work: Work) -> Computed:
            return await computed(work, id, owner, supposed or {})

        found = await self._commands.look(call, attempt)
        known: dict[str, tuple[int, ...]] = {}
        left = iter(found.versions)
        while some := list(islice(left, READ)):
            past = await self._commands.past(call, materials, some)
            for key in some:
                seen = (r for r in past[key] if r.version <= found.versions[key])
                known[key] = sources(seen, found.basis)
        return but(found, sources=traced(found.parts, known))

    async def supposed(self, call: Call, owner: str | None, supposed: Supposed) -> Prospects:
        """All that would cost something else if ``owner``'s materials did; nothing is written."""
        return await self._commands.look(call, lambda work: prospects(work, owner, supposed))

    async def ever_above(self, call: Call, material: str) -> set[str]:
        """The products that the material is or was in, at any depth."""
        return await ever_above(self._commands, call, material)

    async def restated(
        self, call: Call, material: str, bought: Movement, sales: Sequence[Sold]
    ) -> Mapping[Sold, Cost | None]:
        """What the sold would have cost, had the material's purchase been known in time."""
        return await restated(self._commands, call, material, bought, sales)
