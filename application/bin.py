"""Purging: what was deleted goes for good, one thing an append, so that it may break off anywhere
and be run again."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias
from uuid import uuid5

from msgspec.structs import replace

from application.catalog import SKU, SLUG
from application.commands import Attempt, Commands
from application.materials import SKU as MATERIAL_SKU
from application.ports import Answer, Call, Forbidden, Missing, Outdated, Receipt
from application.work import Work, stream_of
from domain import catalog, categories, comments, costgraph, costing, materials, media, reels
from domain.catalog import Product
from domain.costgraph import CostGraph
from domain.costing import CostedProduct
from domain.kernel import Decider, Event, Rejected, Value
from domain.materials import Material

Named: TypeAlias = tuple[str, str]  # context and id


class Condemned(Value):
    """A thing of the bin as it was seen there: ``place`` is the position of its deletion, and
    ``media`` what is let go of with it."""

    context: str
    id: str
    place: int
    media: tuple[str, ...] = ()


class Kept(Value):
    """What was not purged, and why."""

    context: str
    id: str
    code: str


class Purged(Value):
    """``position``: of the last purge; 0 when there was none."""

    purged: int
    kept: tuple[Kept, ...]
    position: int


class Bin:
    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def purge(self, call: Call, things: Sequence[Condemned]) -> Purged:
        """Again and again while that gets anywhere: what is still used by another of them waits
        for that one. The answer is kept for the call's key."""
        done, position, left = 0, 0, list(things)
        while True:
            kept, waiting = list[Kept](), list[Condemned]()
            for thing in left:
                try:
                    position = max(position, (await self.purge_one(call, thing)).position)
                except (Rejected, Missing, Forbidden, Outdated) as no:
                    kept.append(Kept(thing.context, thing.id, no.code))
                    waiting.append(thing)
            done += len(left) - len(waiting)
            if not waiting or len(waiting) == len(left):
                purged = Purged(done, tuple(kept), position)
                return await self._commands.run(call, Purged, _answering(purged))
            left = waiting

    async def needs(self, call: Call) -> dict[Named, set[Named]]:
        """What each thing is needed by that cannot be purged before that, by the log as it is now.
        Categories are not in it: what is below one is always deleted before it."""

        async def attempt(work: Work) -> dict[Named, set[Named]]:
            return _needs(await work.load(costgraph, call.tenant))

        return await self._commands.look(call, attempt)

    async def purged(self, call: Call) -> Purged | None:
        """What the same request came to before."""
        return await self._commands.known(call, Purged)

    async def purge_one(self, call: Call, thing: Condemned) -> Receipt:
        """Raises Outdated if it has come back since, even if it was deleted again; Rejected while
        something needs it."""
        decider, _, _ = KINDS[thing.context]
        own = call.tenant if decider is categories else thing.id
        named = f"{thing.context}/{thing.id}/{thing.place}"
        call = replace(call, command_id=uuid5(call.command_id, named), key=None)

        async def attempt(work: Work) -> Answer:
            await _purge(work, thing, own)
            for asset in thing.media:
                await work.decide(media, asset, media.Release(f"{thing.context}/{thing.id}"))
            return work.receipt(decider, own)

        queues = [stream_of(call.tenant, decider, own)]
        return await self._commands.run(call, Receipt, attempt, queues)


def _needs(graph: CostGraph) -> dict[Named, set[Named]]:
    found = defaultdict[Named, set[Named]](set)
    for context, edges in (("costing", graph.products), ("materials", graph.materials)):
        for user, ids in edges.items():
            for id in ids:
                found[context, id].add(("costing", user))
    return found


def _answering(purged: Purged) -> Attempt:
    async def attempt(work: Work) -> Answer:
        return lambda recorded: purged

    return attempt


async def _purge(work: Work, thing: Condemned, own: str) -> None:
    decider, gone, purge = KINDS[thing.context]
    await work.load(decider, own)  # before the last deletion is looked up: the append asserts it
    if decider is categories:
        changed = await _came_back(work, thing)
    else:
        last = (await work.latest(decider, gone, [own])).get(own)
        changed = last is None or last.position != thing.place
    if changed:
        raise Outdated("bin.changed")
    await purge(work, thing.id)


async def _came_back(work: Work, thing: Condemned) -> bool:
    """All categories are one stream, which is read through only if any of them came back since."""
    tenant = work.call.tenant
    last = (await work.latest(categories, categories.CategoryRestored, [tenant])).get(tenant)
    if last is None or last.position < thing.place:
        return False
    past = (await work.past(categories, [tenant]))[tenant]
    return any(
        isinstance(each.event, categories.CategoryRestored) and each.event.category == thing.id
        for each in past
        if each.position > thing.place
    )


async def _product(work: Work, id: str) -> None:
    product: Product = await work.load(catalog, id)
    await work.decide(catalog, id, catalog.PurgeProduct())
    # What was retired before names were left to others still holds its own.
    work.release(SLUG, product.describing.slug, id)
    if product.sku:
        work.release(SKU, f"{product.seller}/{product.sku}", id)


async def _category(work: Work, id: str) -> None:
    await work.decide(categories, work.call.tenant, categories.PurgeCategory(id))


async def _comment(work: Work, id: str) -> None:
    await work.decide(comments, id, comments.PurgeComment())


async def _reel(work: Work, id: str) -> None:
    await work.decide(reels, id, reels.PurgeReel())


async def _material(work: Work, id: str) -> None:
    material: Material = await work.load(materials, id)
    graph: CostGraph = await work.load(costgraph, work.call.tenant)
    if id in graph.used:
        raise Rejected("materials.in_use", "a costed product is made of it")
    await work.decide(materials, id, materials.PurgeMaterial())
    if material.sku:
        work.release(MATERIAL_SKU, material.sku, id)


async def _costed(work: Work, id: str) -> None:
    product: CostedProduct = await work.load(costing, id)
    graph: CostGraph = await work.load(costgraph, work.call.tenant)
    if any(id in used for used in graph.products.values()):
        raise Rejected("costing.in_use", "another costed product is made of it")
    await work.decide(costing, id, costing.PurgeProduct())
    await work.decide(costgraph, work.call.tenant, costgraph.SetEdges(id, (), ()))
    if product.listing:
        await work.decide(catalog, product.listing, catalog.LinkCosting(None))


Purge = Callable[[Work, str], Awaitable[None]]
# By context: its rules, the event that puts a thing into the bin, and how it is purged.
KINDS: dict[str, tuple[Decider, type[Event], Purge]] = {
    "catalog": (catalog, catalog.ProductRetired, _product),
    "categories": (categories, categories.CategoryRetired, _category),
    "comments": (comments, comments.CommentRemoved, _comment),
    "costing": (costing, costing.ProductRetired, _costed),
    "materials": (materials, materials.MaterialRetired, _material),
    "reels": (reels, reels.ReelHidden, _reel),
}
