"""An edit of a product that very many use: its own append holds the first of them, and the policy
costs the others."""

import asyncio

import pytest

from adapters.log import requests
from application.bin import Bin, Condemned
from application.commands import Commands
from application.costing import Costing, rolling
from application.policies.costing import COSTING
from domain.costing import (
    Cause,
    CostRolledUp,
    Labour,
    LabourSet,
    Overhead,
    RetireProduct,
    SetLabour,
    SetOverheads,
)
from domain.costruns import RollUpAdvanced
from domain.money import Money
from tests.costing.test_runs import Between

HOUR = SetLabour((Labour("knitting", 60_000, Money(30_000, "DZD")),))
BOX = SetOverheads((Overhead("box", "fixed", 0, Money(500, "DZD")),))


@pytest.fixture(autouse=True)
def three_at_once(monkeypatch):
    monkeypatch.setattr(rolling, "AT_ONCE", 3)


async def used_by(workshop, number):
    """A material, a product of it, and so many that are made of that; one more of two of them."""
    wool = await workshop.material(20_000)
    fringe = await workshop.product((wool, 5_000))
    scarves = [await workshop.product((fringe, 2_000)) for _ in range(number)]
    await workshop.product((scarves[0], 1_000), (scarves[-1], 1_000))
    await workshop.settle()
    return wool, fringe, scarves


async def since(workshop, length):
    return (await workshop.events())[length:]


@pytest.mark.parametrize("edit", ["labour", "overheads", "components"])
async def test_what_its_append_does_not_hold_follows_and_is_what_is_computed_anew(workshop, edit):
    wool, fringe, _ = await used_by(workshop, 7)
    length = len(await workshop.events())
    if edit == "components":
        await workshop.compose(fringe, (wool, 9_000))
    else:
        await workshop.change(fringe, HOUR if edit == "labour" else BOX)
    own = [r for r in await since(workshop, length) if isinstance(r.event, CostRolledUp)]
    assert len(own) == 3
    assert own[0].id == fringe
    assert await workshop.costs() != await workshop.scratch()
    await workshop.settle()
    assert await workshop.costs() == await workshop.scratch()
    new = await since(workshop, length)
    place = new[0].position
    followed = [r for r in new if isinstance(r.event, CostRolledUp)][3:]
    assert {r.event.cause for r in followed} == {Cause("product", fringe, place)}
    assert len(followed) == 6, "what was right already is no news"
    told = [r for r in new if isinstance(r.event, RollUpAdvanced)]
    assert {(r.id, r.event.kind, r.event.id, r.event.owner) for r in told} == {
        (str(place), "product", fringe, "amina")
    }
    assert [(r.event.done, r.event.total) for r in told] == [(3, 9), (6, 9), (9, 9)]
    length = len(await workshop.events())
    await workshop.settle(again=True)
    assert len(await workshop.events()) == length


async def test_an_edit_lands_though_one_append_could_not_hold_all_that_uses_it(
    workshop, monkeypatch
):
    _, fringe, _ = await used_by(workshop, 20)
    monkeypatch.setattr(requests, "MOST", 8)
    await workshop.change(fringe, HOUR)
    await workshop.settle()
    assert await workshop.costs() == await workshop.scratch()


async def test_of_edits_at_once_nothing_is_lost(workshop):
    wool, fringe, scarves = await used_by(workshop, 9)
    other = Costing(Commands(workshop.market.log))
    await asyncio.gather(
        workshop.change(fringe, HOUR),
        workshop.compose(scarves[3], (fringe, 1_000), (wool, 1_000)),
        other.change(workshop.call(), fringe, None, BOX),
        other.change(workshop.call(), scarves[8], None, BOX),
        workshop.buy(wool, 90_000),
    )
    await asyncio.gather(*(workshop.react(recorded) for recorded in await workshop.heard()))
    assert await workshop.costs() == await workshop.scratch()


async def test_what_was_costed_and_then_takes_what_is_left_is_costed_once_more(workshop):
    wool = await workshop.material(20_000)
    first, *_, last = sorted([await workshop.product((wool, 1_000)) for _ in range(3)])
    await workshop.buy(wool, 40_000)
    cause = Cause("material", wool, (await workshop.events())[-1].position)

    async def take():
        await workshop.compose(first, (last, 2_000))

    between = Costing(Between(workshop.market.commands, take))
    await between.roll_up(workshop.call(), cause, at_once=1)
    assert await workshop.costs() == await workshop.scratch()


async def test_an_edit_of_what_nothing_uses_calls_for_no_roll_up(workshop):
    wool = await workshop.material(20_000)
    fringe, scarf = [await workshop.product((wool, 1_000)) for _ in range(2)]
    await workshop.compose(scarf, (fringe, 1_000))
    length = len(await workshop.events())
    for id in (fringe, scarf):
        await workshop.change(id, HOUR)
    heard = [r for r in await since(workshop, length) if type(r.event) in COSTING.on]
    left = await COSTING.sieve(workshop.market.commands, workshop.call(), heard)
    assert [[(r.id, type(r.event)) for r in group] for group in left] == [[(fringe, LabourSet)]]


async def test_an_edit_of_what_was_purged_since_is_nothing_to_react_to(workshop):
    lone = await workshop.product((await workshop.material(20_000), 1_000))
    await workshop.change(lone, HOUR)
    await workshop.change(lone, RetireProduct())
    place = (await workshop.events())[-1].position
    bin = Bin(workshop.market.commands)
    await bin.purge_one(workshop.call(), Condemned("costing", lone, place))
    length = len(await workshop.events())
    await workshop.settle(again=True)  # whoever is rejected raises
    assert len(await workshop.events()) == length
