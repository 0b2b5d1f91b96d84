"""Purchases that are told late: each is put where it belongs among what happened."""

from collections.abc import Iterable
from functools import reduce

from domain import materials
from domain.kernel import Recorded, Value, but
from domain.materials import Material, RecordPurchase, movements


class Shadow(Value):
    """A material as it is ``now``, at ``version``, and as it would be ``then``. ``backdated``:
    whether the purchase would not be the last to have happened."""

    now: Material
    then: Material
    version: int
    backdated: bool
    basis: str
    position: int


def placed(command: RecordPurchase, past: Iterable[Recorded]) -> RecordPurchase:
    """With its past, if anything happened since it was bought."""
    moves = movements(past)
    bought = command.bought_at
    if bought is None or all(move.at <= bought for move in moves):
        return command
    return but(command, past=moves)


def shadow_of(material: Material, command: RecordPurchase) -> Material:
    """Raises Rejected."""
    return reduce(materials.evolve, materials.decide(material, command), material)
