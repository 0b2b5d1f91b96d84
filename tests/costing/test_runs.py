"""A roll-up that takes several appends tells how far it is, in each of them."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from application.costing import Costing
from domain import costing, costruns, tenants
from domain.costing import Cause, CostRolledUp
from domain.costruns import Advance, RollUpAdvanced
from domain.costs import Cost
from domain.tenants import SetCostBasis
from projections import costruns as projection
from tests.costing.settling import settle
from tests.costing.test_http import compose, define
from tests.materials.test_http import add, buy, dinars
from tests.reels.house import refused
from tests.support.histories import history, stored
from tests.support.live import running_gateway
from tests.support.rows import rows_equal_the_fold

UNKNOWN = (404, "costruns.unknown_run")
costs = st.none() | st.integers(0, 10**18).map(lambda micros: Cost(micros, "DZD"))
advances = st.lists(
    st.builds(
        Advance,
        st.sampled_from(["material", "basis"]),
        st.just("wool"),
        st.sampled_from(["amina", ""]),
        st.integers(1, 9),
        st.integers(9, 12),
        st.just("top"),
        *(costs, costs),
    ),
    max_size=12,
)
histories = st.lists(
    st.tuples(
        st.sampled_from(["s/costruns/7", "s/costruns/12", "t/costruns/7"]),
        advances.map(lambda wanted: history(costruns, wanted)),
    ),
    unique_by=lambda told: told[0],
    max_size=3,
)


@for_all(advances)
def test_a_run_only_goes_on_and_ends_once(commands):
    past = history(costruns, commands)
    assert stored(costruns, past) == past
    steps = [event.done for event in past[:-1]]
    assert steps == sorted(set(steps)), "what is told again is no news"
    assert [event.done >= event.total for event in past[:-1]] == [False] * len(past[:-1])


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, projection, histories)


async def test_each_append_tells_how_far_it_is_and_a_small_roll_up_tells_nothing(workshop):
    wool = await workshop.material(20_000)  # 0.20 a gram
    feet = [await workshop.product((wool, 1_000)) for _ in range(4)]
    top = await workshop.product(*((foot, 1_000) for foot in feet))
    await workshop.buy(wool, 40_000)
    before = await workshop.events()
    cause = Cause("material", wool, before[-1].position)
    await workshop.costing.roll_up(workshop.call(), cause, at_once=2)
    new = (await workshop.events())[len(before) :]
    told = [r for r in new if isinstance(r.event, RollUpAdvanced)]
    assert {(r.id, r.event.owner, r.event.product) for r in told} == {
        (str(cause.position), "amina", top)
    }
    assert [(r.event.done, r.event.total) for r in told] == [(2, 5), (4, 5), (5, 5)]
    centimes = [(r.event.cost.micros // 10**6, r.event.estimate.micros // 10**6) for r in told]
    assert centimes == [(80, 100), (80, 120), (120, 120)]
    groups = [[type(r.event) for r in new if r.recorded_at == one.recorded_at] for one in told]
    assert groups == [
        *([[CostRolledUp, CostRolledUp, RollUpAdvanced]] * 2),
        [CostRolledUp, RollUpAdvanced],
    ], "each in the append that costs them"

    await workshop.costing.roll_up(workshop.call(), cause, at_once=2)
    assert len(await workshop.events()) == len(before) + len(new), "again, it is no news"
    await workshop.buy(wool, 70_000)
    small = Cause("material", wool, (await workshop.events())[-1].position)
    await workshop.costing.roll_up(workshop.call(), small)
    after = (await workshop.events())[len(before) + len(new) :]
    assert not [r for r in after if isinstance(r.event, RollUpAdvanced)]
    assert (await workshop.state(costing, top)).cost is not None


async def test_what_another_basis_costs_anew_is_everybody_s(workshop):
    for owner in ("amina", "basma"):
        wool = await workshop.material(20_000, owner=owner)
        await workshop.buy(wool, 40_000)
        for _ in range(2):
            await workshop.product((wool, 1_000), owner=owner)
    await workshop.do(tenants, workshop.tenant, SetCostBasis("last"))
    place = (await workshop.events())[-1].position
    cause = Cause("basis", "last", place)
    await workshop.costing.roll_up(workshop.call(), cause, at_once=2)
    told = [r for r in await workshop.events() if isinstance(r.event, RollUpAdvanced)]
    assert [(r.id, r.event.owner, r.event.kind) for r in told] == [(str(place), "", "basis")] * 2
    assert [(r.event.done, r.event.total) for r in told] == [(2, 4), (4, 4)]


class Between:
    """Commands; after each something else is done, as long as there is anything."""

    def __init__(self, commands, *others):
        self._commands, self._others = commands, list(others)

    async def run(self, *args):
        found = await self._commands.run(*args)
        if self._others:
            await self._others.pop(0)()
        return found


@pytest.mark.parametrize(
    ("at_once", "after", "emptied", "steps"),
    [(1, 2, [0, 1, 2], [(1, 3), (2, 3), (2, 2)]), (2, 1, [2], [(2, 3), (2, 2)])],
)
async def test_a_run_ends_also_where_what_was_to_come_uses_it_no_longer(
    workshop, at_once, after, emptied, steps
):
    """``emptied``: of three products, those that are made of nothing ``after`` so many appends."""
    wool = await workshop.material(20_000)
    made = sorted([await workshop.product((wool, 1_000)) for _ in range(3)])
    await workshop.buy(wool, 40_000)
    cause = Cause("material", wool, (await workshop.events())[-1].position)

    async def nothing():
        pass

    async def empty():
        for number in emptied:
            await workshop.compose(made[number])

    others = [nothing] * (after - 1)
    between = Costing(Between(workshop.market.commands, *others, empty))
    await between.roll_up(workshop.call(), cause, at_once=at_once)
    told = [r.event for r in await workshop.events() if isinstance(r.event, RollUpAdvanced)]
    assert [(event.done, event.total) for event in told] == steps
    assert {event.product for event in told[-1:]} == {made[1]}


async def test_a_roll_up_that_one_append_holds_to_the_last_tells_nothing(workshop):
    wool = await workshop.material(20_000)
    for _ in range(2):
        await workshop.product((wool, 1_000))
    await workshop.buy(wool, 40_000)
    cause = Cause("material", wool, (await workshop.events())[-1].position)
    await workshop.costing.roll_up(workshop.call(), cause, at_once=2)
    assert not [r for r in await workshop.events() if isinstance(r.event, RollUpAdvanced)]


async def test_who_owns_the_products_hears_how_far_it_is_and_nobody_else_does(house):
    wool, scarf, box = await add(house), await define(house), await define(house, name="Box")
    await compose(house, scarf, (wool, "1"))
    await compose(house, box, (scarf, "2"))
    bought = await buy(house, wool, "1", "3.00")
    place = bought["position"]
    cause = Cause("material", wool.rpartition("/")[2], place)
    async with running_gateway(house.api) as running:
        amina = await running.of("seller", "amina", house.tenant)
        basma = await running.of("seller", "basma", house.tenant)
        assert (await amina.subscribed("costruns?owner=amina"))["items"] == []
        for topic in ("costruns?owner=amina", "costruns"):
            assert (await basma.subscribed(topic))["code"] == "forbidden"
        await house.souk.costing.roll_up(house.call("policy:costing"), cause, at_once=1)
        told = await amina.until(lambda m: m.get("document", {}).get("progress") == 100)
        assert (await basma.subscribed(f"costruns/{place}"))["code"] == "costruns.unknown_run"
    await settle(house)
    path = f"/costing/runs/{place}"
    shown = await house.seen(house.amina, path)
    assert (told["event"], told["document"]) == ("cost-calculation-progress", shown)
    assert shown.pop("started_at") <= shown.pop("moved_at")
    assert shown == {
        "id": str(place),
        "owner": "amina",
        "cause": {"kind": "material", "id": cause.id, "position": place},
        "step": 2,
        "done": 2,
        "total": 2,
        "progress": 100,
        "product": box.rpartition("/")[2],
        "current_cost": dinars("6.00"),
        "estimated_total": dinars("6.00"),
        "finished": True,
    }
    for reader in (house.amina, house.root):
        items = (await house.seen(reader, "/costing/runs"))["items"]
        assert [item["id"] for item in items] == [str(place)]
    assert (await house.seen(house.basma, "/costing/runs"))["items"] == []
    assert await house.unseen(house.basma, path) == UNKNOWN
    assert await refused(house.karim.get(path)) == (403, "forbidden")
