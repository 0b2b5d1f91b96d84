"""Costs roll up to what they touch and to nothing else, and no two edits close a loop."""

import asyncio

import pytest

from application.commands import Commands
from application.costing import Costing
from application.ports import Missing
from domain import costgraph, costing, materials, tenants
from domain.costing import Cause, Labour, RetireProduct, SetLabour
from domain.costs import Cost
from domain.kernel import Rejected
from domain.materials import MeasureMaterial, Measuring, SetStandardCost
from domain.money import Money
from domain.tenants import SetCostBasis

HOUR = SetLabour((Labour("knitting", 60_000, Money(30_000, "DZD")),))


def refusal(code):
    return pytest.raises(Rejected, match=code)


async def test_an_edit_rolls_up_to_all_that_uses_it_in_its_own_append(workshop):
    wool = await workshop.material(20_000)  # 0.20 a gram
    fringe = await workshop.product((wool, 5_000))
    scarf = await workshop.product((wool, 100_000), (fringe, 2_000))
    box = await workshop.product((scarf, 3_000))
    other = await workshop.product((wool, 1_000))
    before = await workshop.rolled()
    done = await workshop.change(fringe, HOUR)
    assert await workshop.costs() == {
        fringe: 30_100 * 10**6,
        scarf: 62_200 * 10**6,
        box: 186_600 * 10**6,
        other: 20 * 10**6,
    }
    rolled = (await workshop.rolled())[len(before) :]
    assert [r.id for r in rolled] == [fringe, scarf, box]
    assert {r.event.cause for r in rolled} == {Cause("product", fringe)}
    assert len({r.command_id for r in rolled}) == 1
    assert done.position == rolled[-1].position


async def test_a_purchase_rolls_up_to_what_it_touches_and_to_nothing_else(workshop):
    wool, silk = await workshop.material(20_000), await workshop.material(50_000)
    warm = await workshop.product((wool, 10_000))
    fine = await workshop.product((silk, 10_000))
    both = await workshop.product((warm, 1_000), (fine, 1_000))
    alone = await workshop.product((fine, 1_000))
    await workshop.settle()
    before = await workshop.rolled()
    await workshop.buy(wool, 40_000)
    (*_, purchase) = await workshop.heard()
    await workshop.settle()
    rolled = (await workshop.rolled())[len(before) :]
    assert [(r.id, r.event.old, r.event.new) for r in rolled] == [
        (warm, Cost(200 * 10**6, "DZD"), Cost(300 * 10**6, "DZD")),
        (both, Cost(700 * 10**6, "DZD"), Cost(800 * 10**6, "DZD")),
    ]
    assert {r.event.cause for r in rolled} == {Cause("material", wool, purchase.position)}
    assert {r.causation for r in rolled} == {purchase.event_id}
    assert (await workshop.costs())[alone] == 500 * 10**6

    length = len(await workshop.events())
    await workshop.settle(again=True)
    assert len(await workshop.events()) == length, "run again, there is nothing new"


async def test_scrap_the_standard_and_the_tenants_basis_move_costs_too(workshop):
    wool = await workshop.material(20_000)
    scarf = await workshop.product((wool, 1_000))
    seen = []
    for decider, id, command in (
        (materials, wool, MeasureMaterial(Measuring((), 2_000))),
        (materials, wool, SetStandardCost(Cost(8 * 10**6, "DZD"))),
        (tenants, workshop.tenant, SetCostBasis("standard")),
        (materials, wool, SetStandardCost(None)),
    ):
        await workshop.do(decider, id, command)
        await workshop.settle()
        seen.append((await workshop.costs())[scarf])
    assert seen == [25 * 10**6, 25 * 10**6, 10 * 10**6, None]
    causes = [r.event.cause.kind for r in await workshop.rolled()]
    assert causes == ["product", "material", "basis", "material"]


async def test_what_is_in_more_products_than_one_append_takes_reaches_them_all(workshop):
    wool = await workshop.material(20_000)
    feet = [await workshop.product((wool, 1_000)) for _ in range(7)]
    tops = [await workshop.product((foot, 2_000)) for foot in feet]
    await workshop.buy(wool, 40_000)
    cause = Cause("material", wool, 1)
    before = len(await workshop.rolled())
    await workshop.costing.roll_up(workshop.call(), cause, at_once=3)
    assert await workshop.costs() == await workshop.scratch()
    assert len(await workshop.rolled()) - before == len(feet) + len(tops)
    await workshop.costing.roll_up(workshop.call(), cause, at_once=4)
    assert len(await workshop.rolled()) - before == len(feet) + len(tops)


async def test_a_component_is_there_is_the_owners_and_has_the_same_currency(workshop):
    scarf = await workshop.product()
    theirs = await workshop.product(owner="basma")
    for unknown in (theirs, "nowhere", workshop.tenant):
        with refusal("unknown_component"):
            await workshop.compose(scarf, (unknown, 1))
    gone = await workshop.product()
    await workshop.change(gone, RetireProduct())
    with refusal("component_retired"):
        await workshop.compose(scarf, (gone, 1_000))
    with pytest.raises(Missing):
        await workshop.costing.change(workshop.call(), scarf, "basma", HOUR)


async def test_a_loop_is_refused_at_any_depth_and_changes_nothing(workshop):
    products = [await workshop.product()]
    for _ in range(10):
        products.append(await workshop.product((products[-1], 1_000)))
    length = len(await workshop.events())
    for at in products[1:]:
        with refusal("costing.cycle"):
            await workshop.compose(products[0], (at, 1_000))
    with refusal("costing.cycle"):
        await workshop.compose(products[0], (products[0], 1_000))
    top = await workshop.product((products[-1], 1_000))
    with refusal("costing.too_deep"):
        await workshop.product((top, 1_000))
    assert (await workshop.state(costing, products[0])).components == ()
    assert len(await workshop.events()) == length + 4, "a product, its parts and edges, another"


@pytest.mark.parametrize("processes", [1, 3])
async def test_edits_that_would_close_a_loop_together_are_never_all_taken(workshop, processes):
    """Each process queues its own commands; between processes only the log decides."""
    shops = [Costing(Commands(workshop.market.log)) for _ in range(processes)]
    for length in (2, 2, 2, 3, 5):
        ring = [await workshop.product() for _ in range(length)]

        async def close(place, ring=ring):
            part = costing.Component("product", ring[(place + 1) % len(ring)], 1_000)
            command = costing.SetComponents((part,))
            shop = shops[place % processes]
            try:
                await shop.set_components(workshop.call(), ring[place], None, command)
            except Rejected as refusal:
                return refusal.code
            return "taken"

        outcomes = await asyncio.gather(*(close(place) for place in range(length)))
        assert sorted(outcomes) == ["costing.cycle", *["taken"] * (length - 1)]
        graph = await workshop.state(costgraph, workshop.tenant)
        states = await workshop.states(costing, ring)
        told = {id: tuple(c.id for c in state.components) for id, state in states.items()}
        assert {id: graph.products.get(id, ()) for id in ring} == told


async def test_purchases_and_edits_at_once_leave_the_costs_right(workshop):
    wools = [await workshop.material(10_000) for _ in range(3)]
    scarf = await workshop.product((wools[0], 1_000))
    box = await workshop.product((scarf, 2_000))

    async def bought(wool, price):
        await workshop.buy(wool, price)
        await workshop.settle()

    await asyncio.gather(
        workshop.compose(scarf, *((wool, 1_000) for wool in wools)),
        *(bought(wool, 1_000 * (n + 1)) for n, wool in enumerate(wools)),
        workshop.change(box, HOUR),
        *(bought(wool, 7_000 * (n + 1)) for n, wool in enumerate(wools)),
    )
    assert await workshop.costs() == await workshop.scratch()
