"""Costing: what a material costs by now is what all that is made of it costs it at."""

from application.commands import Commands
from application.costing import Costing
from application.policies.kernel import Policy
from application.ports import Call
from domain import materials, tenants
from domain.costing import Cause
from domain.kernel import Recorded


async def moved(commands: Commands, call: Call, recorded: Recorded) -> None:
    cause = Cause("material", recorded.id, recorded.position)
    await Costing(commands).roll_up(call, cause, [recorded.id])


async def told_otherwise(commands: Commands, call: Call, recorded: Recorded) -> None:
    cause = Cause("basis", recorded.event.basis, recorded.position)
    await Costing(commands).roll_up(call, cause, None)


COSTING = Policy(
    "costing",
    {
        materials.MaterialPurchased: moved,
        materials.StandardCostSet: moved,
        materials.MaterialMeasured: moved,
        tenants.CostBasisSet: told_otherwise,
    },
)
