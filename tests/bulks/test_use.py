"""A bulk happens once whatever happens meanwhile, and leaves out what cannot be."""

import asyncio
from uuid import uuid4

from hypothesis import strategies as st

from application.bulking.materials import Change
from application.bulks import Item
from domain import materials
from domain.kernel import but
from domain.materials import AddMaterial, Describing
from tests.bulks.operations import (
    adds,
    changes,
    items,
    operations,
)
from tests.bulks.shop import Crash, Crashing, updates
from tests.bulks.trying import stocked, tried

BULK = str(uuid4())
ATLAS = Change({"brand": "Atlas"})


crashes = st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=3)
sizes = st.integers(1, 10)


def test_any_chunks_and_any_crash_come_to_the_same_once(database):
    async def check(opened, asked, whole, pieces, crashes):
        told = items(BULK, asked)
        ids = [item.id for item in told]
        calm, harried = [await stocked(opened, at_once=size) for size in (whole, pieces)]
        expected = await calm.run(*told, id=BULK)
        for last, after in crashes:
            dying = harried.bulks(Crashing(harried.log, last, after))
            try:
                await harried.run(*told, id=BULK, bulks=dying)
            except Crash:
                continue
        ran = await harried.run(*told, id=BULK)
        assert but(ran, version=0, position=0) == but(expected, version=0, position=0)
        assert await harried.states(ids) == await calm.states(ids)
        assert await changed(harried, BULK) == await changed(calm, BULK)
        again = await harried.run(*told, id=BULK)
        assert again == ran

    tried(database, check, 25, operations(adds, changes), sizes, sizes, crashes)


async def changed(shop, bulk):
    """What the items heard of it, each by itself: which events, of whose making."""
    found = [r for r in await shop.events() if str(r.correlation) == bulk and r.context != "bulks"]
    assert len({r.position for r in found}) == len(found)
    return sorted((r.id, r.version, r.tag) for r in found)


async def test_a_preview_writes_nothing_and_says_what_will_be(shop):
    mine, hers = await shop.material(), await shop.material(owner="basma")
    told = [*updates([mine, hers, mine], ATLAS), Item(str(uuid4()), "create", new("Silk"))]
    length = len(await shop.events())
    preview = await shop.bulks().preview(shop.call(), shop.batch(*told))
    assert len(await shop.events()) == length
    assert [(r.index, r.code) for r in preview.refused] == [
        (1, "materials.unknown_material"),
        (2, "bulks.repeated"),
    ]
    assert preview.would == {"create": 1, "update": 1, "delete": 0, "restore": 0, "unchanged": 0}
    assert [(e.before, e.after.get("brand")) for e in preview.examples] == [
        ({"brand": ""}, "Atlas"),
        (None, ""),
    ]
    ran = await shop.run(*told)
    assert (ran.applied, ran.refusals) == (2, preview.refused)


def new(name, sku=None):
    return AddMaterial("amina", Describing(name, "yarn"), "g", sku=sku)


async def test_of_two_who_want_one_name_the_first_has_it(shop):
    holder, other = await shop.material(sku="A"), await shop.material()
    wishes = [(other, "A"), (holder, "B"), (other := str(uuid4()), "A"), (str(uuid4()), "A")]
    told = [
        Item(id, "update", Change(sku=sku)) if n < 2 else Item(id, "create", new("Silk", sku))
        for n, (id, sku) in enumerate(wishes)
    ]
    for at_once in (1, 4):
        if at_once == 1:
            preview = await shop.bulks().preview(shop.call(), shop.batch(*told))
        else:
            shop.at_once = at_once
            ran = await shop.run(*told)
    taken = [(0, "materials.sku_taken"), (3, "materials.sku_taken")]
    assert [(r.index, r.code) for r in preview.refused] == taken
    assert [(r.index, r.code) for r in ran.refusals] == taken
    states = await shop.states([holder, other])
    assert [states[holder].sku, states[other].sku] == ["B", "A"]


async def test_a_name_that_is_taken_is_told_first_however_the_chunks_fall(shop):
    await shop.material(sku="A")
    told = [Item(str(uuid4()), "create", new("\0")), Item(str(uuid4()), "create", new("\0", "A"))]
    codes = []
    for shop.at_once in (1, 2):
        ran = await shop.run(*told)
        codes.append([refusal.code for refusal in ran.refusals])
    assert codes == [["log.unstorable", "materials.sku_taken"]] * 2


async def test_what_an_earlier_chunk_gives_up_is_free_in_a_preview_too(shop):
    shop.at_once = 1
    holder, other = await shop.material(sku="A"), await shop.material()
    told = [Item(holder, "update", Change(sku="B")), Item(other, "update", Change(sku="A"))]
    preview = await shop.bulks().preview(shop.call(), shop.batch(*told))
    assert preview.refused == ()
    assert (await shop.run(*told)).refused == 0


class Late:
    """A ledger that at first does not see who holds a name, as one who looks too early."""

    def __init__(self, log):
        self._log, self.looks = log, 0

    def __getattr__(self, name):
        return getattr(self._log, name)

    async def held(self, tenant, names):
        self.looks += 1
        return {} if self.looks == 1 else await self._log.held(tenant, names)


async def test_a_name_that_goes_meanwhile_is_missed_by_one_item_only(shop):
    await shop.material(sku="A")
    wanting, other = await shop.material(), await shop.material()
    late = Late(shop.log)
    told = [Item(wanting, "update", Change(sku="A")), Item(other, "update", Change(sku="B"))]
    ran = await shop.run(*told, bulks=shop.bulks(ledger=late))
    assert [(r.index, r.code) for r in ran.refusals] == [(0, "materials.sku_taken")]
    assert late.looks > 1
    assert (await shop.states([other]))[other].sku == "B"


async def test_what_does_not_fit_into_one_append_takes_several(shop):
    shop.at_once = 500
    ids = [await shop.material() for _ in range(30)]
    heavy = Change({"attributes": {str(n): "x" * 1_000_000 for n in range(1)}})
    too_heavy = Change({"attributes": {"a": "x" * 2_000_000}})
    told = [*updates(ids[:-1], heavy), Item(ids[-1], "update", too_heavy)]
    ran = await shop.run(*told)
    assert (ran.applied, [r.code for r in ran.refusals]) == (29, ["log.too_large"])


async def test_the_same_bulk_sent_twice_at_once_happens_once(shop):
    ids = [await shop.material() for _ in range(8)]
    runs = [shop.run(*updates(ids, ATLAS), id=BULK) for _ in range(3)]
    first, *others = await asyncio.gather(*runs)
    assert others == [first, first]
    assert len(await changed(shop, BULK)) == 8


async def test_others_who_write_meanwhile_lose_nothing(shop):
    ids = [await shop.material() for _ in range(9)]

    async def measure(id):
        await shop.do(materials, id, materials.MeasureMaterial(materials.Measuring((), 5)))

    ran, *_ = await asyncio.gather(shop.run(*updates(ids, ATLAS)), *map(measure, ids))
    assert ran.applied == 9
    states = (await shop.states(ids)).values()
    assert {(s.describing.brand, s.measuring.scrap) for s in states} == {("Atlas", 5)}


async def test_every_event_of_it_has_its_id_for_a_correlation(shop):
    ids = [await shop.material() for _ in range(4)]
    before = len(await shop.events())
    ran = await shop.run(*updates(ids, ATLAS))
    written = (await shop.events())[before:]
    assert {str(r.correlation) for r in written} == {ran.id}
    assert ran.position == written[-1].position
