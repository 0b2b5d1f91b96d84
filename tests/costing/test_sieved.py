"""What nothing is made of, and what the tenant's basis does not go by, costs the policy next to
nothing; what is made of a material is known from the log, not from memory."""

import asyncio
from dataclasses import replace

import pytest

from adapters.policies.following import MANY, Follower
from adapters.policies.outcomes import parked_by
from adapters.policies.reading import Reading
from adapters.postgres.pools import borrow
from application.commands import Commands
from application.costing import Costing
from application.policies.costing import COSTING
from domain import costing, materials, tenants
from domain.costing import Component, CostRolledUp, Labour, SetComponents, SetLabour
from domain.costs import Cost
from domain.kernel import Rejected
from domain.materials import SetStandardCost
from domain.money import Money
from domain.tenants import SetCostBasis

LABOUR = SetLabour((Labour("knitting", 60_000, Money(30_000, "DZD")),))


class Watched(Commands):
    """Counts what is run."""

    def __init__(self, log):
        super().__init__(log)
        self.ran = 0

    async def run(self, *what):
        self.ran += 1
        return await super().run(*what)


@pytest.fixture
def commands(workshop):
    return Watched(workshop.market.log)


@pytest.fixture
async def follower(workshop, commands):
    """It has heard nothing, but of the workshop alone."""
    return Follower(COSTING, workshop.since, commands, asyncio.Event())


async def step(workshop, follower):
    async with borrow(workshop.market.pool) as db:
        while await follower.step(db, Reading()):
            pass


async def standard(workshop, ids, micros):
    for id in ids:
        await workshop.do(materials, id, SetStandardCost(Cost(micros, "DZD")))


async def test_a_material_that_nothing_is_made_of_costs_no_command_and_no_append(
    workshop, commands, follower
):
    await workshop.do(tenants, workshop.tenant, SetCostBasis("standard"))
    await step(workshop, follower)
    idle = [await workshop.material() for _ in range(MANY)]
    await standard(workshop, idle, 10**6)
    before, commands.ran = await workshop.events(), 0
    await step(workshop, follower)
    assert commands.ran == 0
    assert await workshop.events() == before


async def test_of_many_only_what_something_is_made_of_is_rolled_up(workshop, commands, follower):
    await workshop.do(tenants, workshop.tenant, SetCostBasis("standard"))
    idle, wool = [await workshop.material() for _ in range(MANY)], await workshop.material()
    scarf = await workshop.product((wool, 2_000))
    await step(workshop, follower)
    await standard(workshop, [*idle, wool], 3 * 10**6)
    commands.ran = 0
    await step(workshop, follower)
    assert commands.ran == 1
    assert await workshop.costs() == {scarf: 6 * 10**6}


async def test_a_material_that_another_process_took_just_before_is_rolled_up(
    workshop, commands, follower
):
    await workshop.do(tenants, workshop.tenant, SetCostBasis("standard"))
    first, *wools = [await workshop.material() for _ in range(MANY + 1)]
    await workshop.product((first, 1_000))
    await standard(workshop, [first], 10**6)
    await step(workshop, follower)  # its commands remember a graph
    other, scarf = Costing(Commands(workshop.market.log)), await workshop.product()
    part = Component("material", wools[-1], 2_000)
    await other.set_components(workshop.call(), scarf, None, SetComponents((part,)))
    await standard(workshop, wools, 4 * 10**6)
    await step(workshop, follower)
    assert (await workshop.costs())[scarf] == 8 * 10**6
    assert await workshop.costs() == await workshop.scratch()


@pytest.mark.parametrize(("basis", "ran"), [("average", 0), ("last", 0), ("standard", 1)])
async def test_a_standard_cost_is_news_only_where_the_basis_goes_by_it(
    workshop, commands, follower, basis, ran
):
    wools = [await workshop.material(1_000) for _ in range(MANY)]
    await workshop.product(*((wool, 1_000) for wool in wools))
    await workshop.do(tenants, workshop.tenant, SetCostBasis(basis))
    await step(workshop, follower)
    await standard(workshop, wools, 10**6)
    commands.ran = 0
    await step(workshop, follower)
    assert commands.ran == ran
    assert await workshop.costs() == await workshop.scratch()


async def test_a_purchase_is_news_only_where_the_basis_goes_by_it(workshop, commands, follower):
    wools = [await workshop.material(1_000) for _ in range(MANY)]
    await workshop.product(*((wool, 1_000) for wool in wools))
    await step(workshop, follower)
    ran = {}
    for basis in ("average", "last", "standard"):
        await workshop.do(tenants, workshop.tenant, SetCostBasis(basis))
        await step(workshop, follower)
        commands.ran = 0
        for wool in wools:
            await workshop.buy(wool, 7_000)
        await step(workshop, follower)
        ran[basis] = commands.ran
        assert await workshop.costs() == await workshop.scratch()
    assert ran == {"average": 1, "last": 1, "standard": 0}


async def test_of_materials_that_share_products_as_few_as_reach_them_all_are_rolled_up(
    workshop, commands, follower
):
    await workshop.do(tenants, workshop.tenant, SetCostBasis("standard"))
    wools, other = [await workshop.material() for _ in range(6)], await workshop.material()
    wide = await workshop.product(*((wool, 1_000) for wool in wools))
    await workshop.product((wools[3], 2_000), (wide, 1_000))
    await workshop.product((wools[5], 1_000), (other, 5_000))
    await step(workshop, follower)
    await standard(workshop, [*wools, other], 10**6)
    commands.ran = 0
    await step(workshop, follower)
    assert commands.ran == 1, "wool 3 reaches all but what wool 5 is in beside it"
    assert await workshop.costs() == await workshop.scratch()
    await standard(workshop, wools[:2], 3 * 10**6)
    await step(workshop, follower)
    assert commands.ran == 2
    assert await workshop.costs() == await workshop.scratch()


async def many_feet(workshop, follower):
    """Materials, each in a product of its own, and a product of all of these; a pair apart."""
    await workshop.do(tenants, workshop.tenant, SetCostBasis("standard"))
    wools = [await workshop.material() for _ in range(5)]
    feet = [await workshop.product((wool, 1_000)) for wool in wools]
    top = await workshop.product(*((foot, 1_000) for foot in feet))
    lone = await workshop.product((await workshop.material(), 1_000))
    await step(workshop, follower)
    return wools, feet, top, lone


async def rolled(workshop, since):
    new = [r for r in (await workshop.events())[since:] if isinstance(r.event, CostRolledUp)]
    causes = {r.id: r.event.cause.id for r in new}
    assert len(causes) == len(new), "each once"
    return causes


async def test_materials_that_meet_in_a_product_are_rolled_up_once_for_all(
    workshop, commands, follower
):
    wools, feet, top, lone = await many_feet(workshop, follower)
    apart = (await workshop.state(costing, lone)).components[0].id
    length = len(await workshop.events())
    await standard(workshop, [*wools, apart], 10**6)
    commands.ran = 0
    await step(workshop, follower)
    assert commands.ran == 2, "one for those that meet, one for the other"
    assert await workshop.costs() == await workshop.scratch()
    found = await rolled(workshop, length)
    assert found.pop(lone) == apart
    assert found.pop(top) in wools
    assert found == dict(zip(feet, wools, strict=True)), "the cause that is told is in it"


async def test_edits_that_meet_in_a_product_are_looked_after_once_for_all(
    workshop, commands, follower
):
    _, feet, _, lone = await many_feet(workshop, follower)
    box = await workshop.product((lone, 1_000))
    await step(workshop, follower)
    for id in (*feet, *feet, lone, box):
        await workshop.change(id, LABOUR)
    before, commands.ran = await workshop.events(), 0
    await step(workshop, follower)
    assert commands.ran == 2, "one for the feet, one for what is in the box"
    assert await workshop.events() == before, "each edit has costed all that uses it itself"
    assert await workshop.costs() == await workshop.scratch()


async def test_what_moved_together_is_rolled_up_when_the_last_of_them_had_moved(workshop, follower):
    wools, _, top, _ = await many_feet(workshop, follower)
    length = len(await workshop.events())
    await standard(workshop, wools, 10**6)
    *_, last = heard = (await workshop.events())[length:]
    await step(workshop, follower)
    new = (await workshop.events())[length + len(heard) :]
    assert {(r.occurred_at, r.causation) for r in new} == {(last.occurred_at, last.event_id)}
    assert top in {r.id for r in new}


async def test_what_all_at_once_were_refused_is_tried_for_each(workshop, commands, follower):
    wools, *_ = await many_feet(workshop, follower)

    async def refuses(commands, call, heard):
        raise Rejected("no.more", "")

    follower.policy = replace(COSTING, jointly=refuses)
    await standard(workshop, wools, 10**6)
    await step(workshop, follower)
    assert await workshop.market.outcomes() == []
    assert await workshop.costs() == await workshop.scratch()


async def test_what_failed_for_all_at_once_is_tried_for_each(workshop, commands, follower):
    wools, *_ = await many_feet(workshop, follower)
    jointly, asked = COSTING.jointly, []

    async def fails(commands, call, heard):
        asked.append(len(heard))
        raise RuntimeError

    follower.policy = replace(COSTING, jointly=fails)
    await standard(workshop, wools, 10**6)
    await step(workshop, follower)
    assert set(asked) == {len(wools)}
    async with borrow(workshop.market.pool) as db:
        assert len(await parked_by(db, "costing", workshop.tenant)) == len(wools)
        follower.policy = replace(COSTING, jointly=jointly)
        await follower.retry_parked(db, workshop.tenant)
        assert await parked_by(db, "costing", workshop.tenant) == []
    assert await workshop.costs() == await workshop.scratch()


async def test_where_it_cannot_be_told_every_reaction_runs(workshop, commands, follower):
    async def away(*_):
        raise ConnectionError

    commands.look = away
    wool = await workshop.material()
    scarf = await workshop.product((wool, 1_000))
    for _ in range(MANY):
        await workshop.buy(wool, 5_000)
    await step(workshop, follower)
    assert commands.ran == MANY + 1, "the edit is heard as well"
    assert (await workshop.costs())[scarf] == 5 * 10**6
