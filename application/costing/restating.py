"""What sold products would have cost, had a material's purchase been known when it happened."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from application.commands import Commands
from application.costing.walking import MOVES, Walk
from application.ports import Call
from domain import costgraph, costing, materials, tenants
from domain.costing import Component, ComponentsSet
from domain.costs import Cost
from domain.kernel import Decider, Recorded, Value
from domain.materials import Movement

STREAMS, EVENTS = 10, 1_000  # that are read, and folded, before others have their turn


class Sold(Value):
    """A sale of a costed product, at ``position``."""

    costing: str
    position: int


async def restated(
    commands: Commands, call: Call, material: str, bought: Movement, sales: Sequence[Sold]
) -> Mapping[Sold, Cost | None]:
    """By all that was in the log before each sale, and ``bought`` in its place in it."""
    past = await _pasts(commands, call, material, {sold.costing for sold in sales})
    return await walked(Walk(material, bought), past, sales)


async def walked(
    walk: Walk, past: Sequence[Recorded], sales: Iterable[Sold]
) -> Mapping[Sold, Cost | None]:
    """``past``: by position. It may be long: others have their turn in between."""
    found: dict[Sold, Cost | None] = {}
    place = 0
    for sold in sorted(sales, key=lambda sold: sold.position):
        while place < len(past) and past[place].position <= sold.position:
            walk.follow(past[place])
            place += 1
            if place % EVENTS == 0:
                await asyncio.sleep(0)
        found[sold] = walk.cost(sold.costing)
        await asyncio.sleep(0)
    return found


async def _pasts(
    commands: Commands, call: Call, material: str, products: set[str]
) -> list[Recorded]:
    """Of these products and whatever was ever in them, a level of the tree at a time."""
    found = await _past(commands, call, tenants, [call.tenant])
    used, known, wanted = {material}, set[str](), products
    while wanted:
        new = await _past(commands, call, costing, wanted)
        found, known, parts = found + new, known | wanted, _ever_in(new)
        used |= {part.id for part in parts if part.kind == "material"}
        wanted = {part.id for part in parts if part.kind == "product"} - known
    found += await _past(commands, call, materials, used)
    return sorted(found, key=lambda recorded: recorded.position)


async def _past(
    commands: Commands, call: Call, decider: Decider, ids: Iterable[str]
) -> list[Recorded]:
    found, wanted = list[Recorded](), list(ids)
    for first in range(0, len(wanted), STREAMS):
        some = await commands.past(call, decider, wanted[first : first + STREAMS])
        for past in some.values():
            found += [recorded for recorded in past if isinstance(recorded.event, MOVES)]
    return found


def _ever_in(past: Iterable[Recorded]) -> list[Component]:
    events = [recorded.event for recorded in past]
    return [part for e in events if isinstance(e, ComponentsSet) for part in e.components]


async def ever_above(commands: Commands, call: Call, material: str) -> set[str]:
    """The products that the material was ever in, at any depth."""
    past = (await commands.past(call, costgraph, [call.tenant]))[call.tenant]
    users: dict[str, set[str]] = {}
    for recorded in past:
        for id in (*recorded.event.products, *recorded.event.materials):
            users.setdefault(id, set()).add(recorded.event.product)
    found, waiting = set[str](), [material]
    while waiting:
        new = users.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
