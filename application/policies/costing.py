"""Costing: what a material or a product costs by now is what all that is made of it costs it at."""

from collections.abc import Sequence

from application.commands import Commands
from application.costing import Costing
from application.policies.kernel import Policy
from application.ports import Call
from application.work import Work
from domain import costgraph, materials, tenants
from domain.costgraph import CostGraph
from domain.costing import Cause, ComponentsSet, LabourSet, OverheadsSet
from domain.kernel import Recorded
from domain.tenants import Tenant

PAID = (materials.MaterialPurchased, materials.MaterialMeasured)
EDITED = (ComponentsSet, LabourSet, OverheadsSet)
BY = {  # what moves a material's cost, by the tenant's basis
    "average": PAID,
    "last": PAID,
    "standard": (materials.StandardCostSet, materials.MaterialMeasured),
}


async def moved(commands: Commands, call: Call, recorded: Recorded) -> None:
    """Of a product that was edited: what uses it and was too much for the edit's own append."""
    await moved_at_once(commands, call, [recorded])


async def moved_at_once(commands: Commands, call: Call, heard: Sequence[Recorded]) -> None:
    kind = "product" if isinstance(heard[0].event, EDITED) else "material"
    causes = [Cause(kind, recorded.id, recorded.position) for recorded in heard]
    await Costing(commands).roll_up(call, *causes)


async def told_otherwise(commands: Commands, call: Call, recorded: Recorded) -> None:
    cause = Cause("basis", recorded.event.basis, recorded.position)
    await Costing(commands).roll_up(call, cause)


async def stirring(
    commands: Commands, call: Call, heard: Sequence[Recorded]
) -> Sequence[Sequence[Recorded]]:
    """Without what nothing is made of, and what the tenant's basis does not go by. A product's own
    cost is in its edit's append. Of materials that moved, as few as reach all that uses any: a
    roll-up goes by what all of them cost by now. Those that meet in a product have one together, as
    edits have: each by itself would cost all that is above them once more.

    It is read from the log once all of these are in it, for what is remembered may lack an edit of
    another process that came before them. An edit that comes after them asserts the materials that
    it costs by, and so has seen them; a basis that comes after them rolls all up itself.
    """

    async def attempt(work: Work) -> tuple[CostGraph, Tenant]:
        await work.gather([(costgraph, call.tenant), (tenants, call.tenant)])
        return await work.load(costgraph, call.tenant), await work.load(tenants, call.tenant)

    graph, tenant = await commands.look(call, attempt)
    parts, moving = graph.parts, BY[tenant.cost_basis]
    moved, edited = dict[str, Recorded](), dict[str, Recorded]()  # the first that each did
    for recorded in heard:
        if isinstance(recorded.event, moving):
            moved.setdefault(recorded.id, recorded)
        if isinstance(recorded.event, EDITED) and recorded.id in parts:
            edited.setdefault(recorded.id, recorded)
    return [
        *([moved[id] for id in together] for together in graph.reaching(moved)),
        *([edited[id] for id in together] for together in graph.meeting(edited)),
        *([recorded] for recorded in heard if isinstance(recorded.event, tenants.CostBasisSet)),
    ]


COSTING = Policy(
    "costing",
    {
        materials.MaterialPurchased: moved,
        materials.StandardCostSet: moved,
        materials.MaterialMeasured: moved,
        tenants.CostBasisSet: told_otherwise,
        **dict.fromkeys(EDITED, moved),
    },
    stirring,
    moved_at_once,
    in_turn=True,  # they would meet in the tenant's graph
)
