"""Random trees and random prices, in any order of edits and of the policy's reactions: what was
rolled up is what an accountant with fractions computes anew."""

import asyncio
from itertools import pairwise

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain import materials, tenants
from domain.costing import Labour, Overhead, SetLabour, SetOverheads
from domain.costs import BASES, Cost
from domain.kernel import Rejected
from domain.materials import MeasureMaterial, Measuring, SetStandardCost
from domain.money import Money
from domain.tenants import SetCostBasis
from tests.costing.workshop import workshops

HISTORIES = 100
MATERIALS, PRODUCTS = 3, 6
dinars = st.integers(0, 10**7).map(lambda minor: Money(minor, "DZD"))
part = st.tuples(st.integers(0, MATERIALS + PRODUCTS - 1), st.integers(1, 300_000))
parts = st.lists(part, min_size=1, max_size=4, unique_by=lambda told: told[0])


def first(number):
    """What the first products may be made of: materials, and those before."""
    place = st.integers(0, MATERIALS + number - 1)
    told = st.tuples(place, st.integers(1, 5_000))
    return st.lists(told, min_size=1, max_size=3, unique_by=lambda part: part[0])


trees = st.tuples(*(first(number) for number in range(PRODUCTS)))
product, material = st.integers(0, PRODUCTS - 1), st.integers(0, MATERIALS - 1)
labour = st.lists(st.builds(Labour, st.just("work"), st.integers(0, 10**6), dinars), max_size=2)
overheads = st.lists(
    st.builds(
        Overhead,
        st.just("rent"),
        st.sampled_from(["materials", "labour", "all"]),
        st.integers(0, 20_000),
    )
    | st.builds(lambda amount: Overhead("box", "fixed", 0, amount), dinars),
    max_size=3,
)
costs = st.none() | st.integers(0, 10**12).map(lambda micros: Cost(micros, "DZD"))
steps = st.lists(
    st.tuples(st.just("compose"), product, parts, st.integers(1, 7))
    | st.tuples(st.just("labour"), product, labour)
    | st.tuples(st.just("overheads"), product, overheads)
    | st.tuples(st.just("buy"), material, st.integers(0, 10**8), st.integers(1, 5_000))
    | st.tuples(st.just("scrap"), material, st.integers(0, 9_000))
    | st.tuples(st.just("standard"), material, costs)
    | st.tuples(st.just("basis"), st.sampled_from(BASES))
    | st.tuples(st.just("react"), st.integers(0, 50)),
    min_size=5,
    max_size=25,
)


async def taken(workshop, step):
    """One step. An edit that closes a loop is refused, and that is all."""
    match step:
        case ("compose", at, parts, makes):
            ids = [*workshop.materials, *workshop.products]
            told = [(ids[place], quantity) for place, quantity in parts]
            await workshop.compose(workshop.products[at], *told, makes=makes)
        case ("labour", at, labour):
            await workshop.change(workshop.products[at], SetLabour(tuple(labour)))
        case ("overheads", at, rules):
            await workshop.change(workshop.products[at], SetOverheads(tuple(rules)))
        case ("buy", at, price, grams):
            await workshop.buy(workshop.materials[at], price, grams)
        case ("scrap", at, scrap):
            command = MeasureMaterial(Measuring((), scrap))
            await workshop.do(materials, workshop.materials[at], command)
        case ("standard", at, cost):
            await workshop.do(materials, workshop.materials[at], SetStandardCost(cost))
        case ("basis", basis):
            await workshop.do(tenants, workshop.tenant, SetCostBasis(basis))
        case ("react", number):
            if heard := await workshop.heard():
                await workshop.react(heard[number % len(heard)])


async def refused(workshop, step):
    try:
        await taken(workshop, step)
    except Rejected as refusal:
        return refusal.code
    return None


async def holds(workshop, tree, steps, order):
    for number in range(MATERIALS):
        await workshop.material(1_000 * number, scrap=333 * number)
    for _ in range(PRODUCTS):
        await workshop.product()
    grown = [("compose", at, parts, 1 + at % 3) for at, parts in enumerate(tree)]
    for step in (*grown, *steps):
        assert await refused(workshop, step) in (None, "costing.cycle")
    heard = await workshop.heard()
    order.shuffle(heard)
    for recorded in heard:
        await workshop.react(recorded)

    scratch = await workshop.scratch()
    assert await workshop.costs() == scratch
    for id in workshop.products:
        computed = await workshop.costing.computed(workshop.call(), id, None)
        cost = computed.breakdown.cost
        assert (cost and cost.micros) == scratch[id]
        told = [r.event for r in await workshop.rolled() if r.id == id]
        assert all(event.old != event.new for event in told)
        assert all(before.new == after.old for before, after in pairwise(told))
    length = len(await workshop.events())
    await workshop.settle(again=True)
    assert len(await workshop.events()) == length


def test_what_was_rolled_up_is_what_is_computed_anew(database):
    with asyncio.Runner() as runner:
        opening = workshops(database)
        opened = runner.run(opening.__aenter__())

        @settings(
            max_examples=HISTORIES,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
        )
        @given(trees, steps, st.randoms(use_true_random=False))
        def check(tree, steps, order):
            async def whole():
                await holds(await opened(), tree, steps, order)

            runner.run(whole())

        try:
            check()
        finally:
            runner.run(opening.__aexit__(None, None, None))
