"""A bulk is taken back, but for what has moved on since."""

from uuid import uuid4

import pytest
from hypothesis import strategies as st

from application.bulking.materials import Change
from application.bulking.products import Change as Placed
from application.bulks import Changed, Item
from application.ports import Missing
from domain import categories, materials
from domain.categories import CreateCategory, PurgeCategory, RetireCategory
from domain.kernel import Rejected, but
from domain.materials import AddMaterial, DescribeMaterial, Describing
from tests.bulks.operations import (
    adds,
    changes,
    items,
    offers,
    operations,
    reprices,
)
from tests.bulks.shop import Crash, Crashing, updates
from tests.bulks.trying import stocked, tried

BULK = str(uuid4())
ATLAS = Change({"brand": "Atlas"})
sizes = st.integers(1, 10)


@pytest.mark.parametrize(
    ("kind", "creates", "changes"),
    [("materials", adds, changes), ("products", offers, reprices)],
)
def test_what_is_undone_is_as_it_was_and_undone_again_as_it_had_become(
    database, kind, creates, changes
):
    async def check(opened, asked, size):
        shop = await stocked(opened, at_once=size)
        told = items(BULK, asked)
        ids = [item.id for item in told]
        before = await shop.states(ids, kind)
        await shop.run(*told, kind=kind, id=BULK)
        between = await shop.states(ids, kind)
        previewed, undone = await shop.undo(BULK)
        assert (undone.total, undone.refused) == (previewed.total, previewed.refused_count)
        assert undone.refusals == (), "whatever names went from one to another"
        after = await shop.states(ids, kind)
        for id, state in before.items():
            assert after[id] == (state if state.exists else retired(between[id]))
        await shop.undo(undone.id)
        assert await shop.states(ids, kind) == between

    tried(database, check, 20, operations(creates, changes), sizes)


def retired(state):
    return but(state, retired=True) if state.exists else state


async def test_what_others_changed_since_stays_and_is_named(shop):
    ids = [await shop.material() for _ in range(3)]
    ran = await shop.run(*updates(ids, ATLAS))
    later = await shop.do(materials, ids[1], DescribeMaterial(Describing("Silk", "yarn")))
    previewed, undone = await shop.undo(ran.id)
    (blocked,) = previewed.blocked
    assert (blocked.id, blocked.count) == (ids[1], 1)
    assert blocked.stream == f"{shop.tenant}/materials/{ids[1]}"
    assert [(e.position, e.tag) for e in blocked.events] == [
        (later.position, "materials.material_described")
    ]
    assert previewed.would["update"] == undone.applied == 2
    assert [(r.id, r.code) for r in undone.refusals] == [(ids[1], "bulks.blocked")]
    states = await shop.states(ids)
    assert [states[id].describing.name for id in ids] == ["Wool", "Silk", "Wool"]
    assert [states[id].describing.brand for id in ids] == ["", "", ""]


async def test_undone_once_there_is_nothing_left_to_undo(shop):
    ran = await shop.run(*updates([await shop.material()], ATLAS))
    cases = shop.bulks()
    _, early = await cases.undoing(shop.call(), ran.id, "amina")
    _, undone = await shop.undo(ran.id)
    with pytest.raises(Rejected, match=r"bulks\.undone"):
        await cases.run(shop.call(), str(uuid4()), early)
    bulk, batch = await cases.undoing(shop.call(), ran.id, "amina")
    assert (bulk.undone_by, batch.items) == (undone.id, ())


async def test_one_that_is_undone_half_way_goes_no_further(shop):
    ids = [await shop.material() for _ in range(5)]
    dying = shop.bulks(Crashing(shop.log, 2, True))
    with pytest.raises(Crash):
        await shop.run(*updates(ids, ATLAS), id=BULK, bulks=dying)
    _, early = await shop.bulks().undoing(shop.call(), BULK, "amina")
    assert early.seen == 3
    undone = await shop.bulks().run(shop.call(), str(uuid4()), early)
    assert undone.applied == 3
    with pytest.raises(Rejected, match=r"bulks\.undone"):
        await shop.run(*updates(ids, ATLAS), id=BULK)
    brands = {state.describing.brand for state in (await shop.states(ids)).values()}
    assert brands == {""}


async def test_an_undo_that_was_looked_at_before_the_bulk_went_on_is_not_begun(shop):
    ids = [await shop.material() for _ in range(5)]
    dying = shop.bulks(Crashing(shop.log, 2, True))
    with pytest.raises(Crash):
        await shop.run(*updates(ids, ATLAS), id=BULK, bulks=dying)
    _, early = await shop.bulks().undoing(shop.call(), BULK, "amina")
    await shop.run(*updates(ids, ATLAS), id=BULK)
    with pytest.raises(Changed):
        await shop.bulks().run(shop.call(), str(uuid4()), early)


async def test_who_remembers_less_of_a_bulk_than_it_came_to_undoes_it_all_the_same(shop):
    ids = [await shop.material() for _ in range(5)]
    dying, bulks = shop.bulks(Crashing(shop.log, 2, True)), shop.bulks()
    with pytest.raises(Crash):
        await shop.run(*updates(ids, ATLAS), id=BULK, bulks=dying)
    assert (await bulks.begun(shop.call(), BULK)).upto == 3
    await shop.run(*updates(ids, ATLAS), id=BULK)  # by another process, or one who hung up
    _, batch = await bulks.undoing(shop.call(), BULK, "amina")
    assert (await bulks.run(shop.call(), str(uuid4()), batch)).applied == 5


async def test_what_somebody_else_ran_is_not_there_to_undo(shop):
    ran = await shop.run(*updates([await shop.material()], ATLAS))
    for id, owner in ((ran.id, "basma"), (str(uuid4()), "amina")):
        with pytest.raises(Missing, match="unknown_bulk"):
            await shop.bulks().undoing(shop.call(), id, owner)


async def test_a_name_that_went_from_one_to_another_goes_back(shop):
    giver, taker = await shop.material(sku="A"), await shop.material()
    wishes = [Item(giver, "update", Change(sku="B")), Item(taker, "update", Change(sku="A"))]
    ran = await shop.run(*wishes)
    _, undone = await shop.undo(ran.id)
    assert undone.refused == 0
    states = await shop.states([giver, taker])
    assert (states[giver].sku, states[taker].sku) == ("A", None)


async def test_who_gave_its_name_to_its_successor_has_it_back(shop):
    old, new = await shop.material(sku="A"), str(uuid4())
    successor = AddMaterial("amina", Describing("Silk", "yarn"), "g", sku="A")
    wishes = [Item(old, "delete", Change(retire=True)), Item(new, "create", successor)]
    ran = await shop.run(*wishes)
    _, undone = await shop.undo(ran.id)
    assert (undone.applied, undone.refused) == (2, 0)
    states = await shop.states([old, new])
    assert (states[old].sku, states[old].retired, states[new].retired) == ("A", False, True)


async def test_nothing_is_put_back_on_a_shelf_that_is_gone(shop):
    had, has, id = (str(uuid4()) for _ in range(3))
    for shelf in (had, has):
        await shop.do(categories, shop.tenant, CreateCategory(shelf, "Tea", f"s{shelf[:8]}"))
    await shop.product(id, had)
    ran = await shop.run(Item(id, "update", Placed({"category_id": has})), kind="products")
    await shop.do(categories, shop.tenant, RetireCategory(had), PurgeCategory(had))
    previewed, undone = await shop.undo(ran.id)
    refusals = [(r.id, r.code) for r in undone.refusals]
    assert refusals == [(id, "catalog.category_retired")]
    assert previewed.refused_count == 1
    assert (await shop.states([id], "products"))[id].describing.category_id == has
