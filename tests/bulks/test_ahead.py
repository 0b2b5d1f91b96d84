"""While a chunk is being written the next is decided as if it had landed, and sent after it."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest

from application.bulking import KINDS
from application.bulking.materials import Change
from application.bulking.products import Change as Placed
from application.bulks import Bulks
from application.commands import Commands
from application.ports import Receipt
from domain import categories, materials
from domain.bulks import Advanced
from domain.categories import CreateCategory, RetireCategory
from domain.kernel import but
from domain.materials import DescribeMaterial, MeasureMaterial, Measuring
from tests.bulks.shop import updates
from tests.support.patience import PATIENCE

ATLAS = Change({"brand": "Atlas"})


class Meddled:
    """A log in which ``act`` happens just before ``stream`` is written to."""

    def __init__(self, log, stream, act):
        self._log, self._stream, self._act = log, stream, act

    def __getattr__(self, name):
        return getattr(self._log, name)

    async def append(self, append):
        act = self._act
        if act and any(new.stream == self._stream for new in append.new):
            self._act = None
            await act()
        return await self._log.append(append)


class Held:
    """A log whose bulk's first chunk is written when told to; ``sent``: the chunks that came."""

    def __init__(self, log):
        self._log, self.sent = log, []
        self.go, self.second, self.landed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def __getattr__(self, name):
        return getattr(self._log, name)

    async def append(self, append):
        events = [event for new in append.new for event in new.events]
        if any(isinstance(event, Advanced) for event in events):
            self.sent.append(append)
            if len(self.sent) == 2:
                self.second.set()
            await (self.go if len(self.sent) == 1 else self.landed).wait()  # as they would queue
            done = await self._log.append(append)
            self.landed.set()
            return done
        return await self._log.append(append)


def of_one(log, ledger):
    return Bulks(Commands(log), ledger, KINDS, at_once=1)


async def renamed(shop, id, name):
    """By somebody else, who has read it."""

    async def attempt(work):
        told = but((await work.load(materials, id)).describing, name=name)
        await work.decide(materials, id, DescribeMaterial(told))
        return work.receipt(materials, id)

    await Commands(shop.log).run(shop.call(), Receipt, attempt)


async def test_the_next_chunk_is_sent_while_this_one_is_being_written_and_no_third(shop):
    held, ids = Held(shop.log), [await shop.material() for _ in range(4)]
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        running = group.create_task(shop.run(*updates(ids, ATLAS), bulks=of_one(held, shop.log)))
        await held.second.wait()
        await asyncio.sleep(0.05)
        assert len(held.sent) == 2
        held.go.set()
    ran = running.result()
    assert (ran.applied, ran.refused) == (4, 0)
    assert len(held.sent) == 4  # none was decided again


class Noted:
    """A log that takes its time over a bulk's chunks, and notes when each came and had landed."""

    def __init__(self, log):
        self._log, self.notes = log, []

    def __getattr__(self, name):
        return getattr(self._log, name)

    async def append(self, append):
        steps = [e.upto for new in append.new for e in new.events if isinstance(e, Advanced)]
        if steps:
            self.notes += [("sent", *steps)]
            await asyncio.sleep(0.05)
        done = await self._log.append(append)
        if steps:
            self.notes += [("landed", *steps)]
        return done


async def test_after_four_chunks_nothing_is_ahead_of_whoever_stops_it(shop):
    noted, ids = Noted(shop.log), [await shop.material() for _ in range(6)]
    ran = await shop.run(*updates(ids, ATLAS), bulks=of_one(noted, shop.log))
    assert ran.applied == 6
    assert noted.notes.index(("landed", 4)) < noted.notes.index(("sent", 5))


async def test_what_this_chunk_gives_up_the_next_may_take(shop):
    held = Held(shop.log)
    holder, other = await shop.material(sku="A"), await shop.material()
    told = [*updates([holder], Change(sku="B")), *updates([other], Change(sku="A"))]
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        running = group.create_task(shop.run(*told, bulks=of_one(held, shop.log)))
        await held.second.wait()
        held.go.set()
    assert running.result().refusals == ()
    assert len(held.sent) == 2
    assert [state.sku for state in (await shop.states([holder, other])).values()] == ["B", "A"]


@pytest.mark.parametrize("moved", range(4))
async def test_what_moves_before_it_is_written_is_decided_again_and_what_followed_it(shop, moved):
    ids = [await shop.material() for _ in range(4)]
    stream = f"{shop.tenant}/materials/{ids[moved]}"
    log = Meddled(shop.log, stream, lambda: renamed(shop, ids[moved], "Silk"))
    async with asyncio.timeout(PATIENCE):
        ran = await shop.run(*updates(ids, ATLAS), bulks=of_one(log, shop.log))
    assert (ran.applied, ran.refused) == (4, 0)
    texts = [state.describing for state in (await shop.states(ids)).values()]
    assert [(text.name, text.brand) for text in texts] == [
        ("Silk" if n == moved else "Wool", "Atlas") for n in range(4)
    ]
    past = await shop.past(ran.id)
    assert [r.event.upto for r in past if isinstance(r.event, Advanced)] == [1, 2, 3, 4]


async def test_a_refusal_that_comes_only_now_is_counted_by_what_follows(shop):
    ids = [await shop.material() for _ in range(3)]

    async def retire():
        await shop.do(materials, ids[0], materials.RetireMaterial())

    bulks = of_one(Meddled(shop.log, f"{shop.tenant}/materials/{ids[0]}", retire), shop.log)
    ran = await shop.run(*updates(ids, ATLAS), bulks=bulks)
    assert (ran.applied, ran.refused) == (2, 1)
    bulk = await shop.bulk(ran.id)
    assert (bulk.applied, bulk.refused) == (2, 1)
    known = await bulks.begun(shop.call(), ran.id)  # what the process remembers of it
    assert known == bulk


async def test_what_an_item_needs_besides_is_looked_at_when_it_is_written(shop):
    shelf, first, second = (str(uuid4()) for _ in range(3))
    await shop.do(categories, shop.tenant, CreateCategory(shelf, "Tea", "tea"))
    for id in (first, second):
        await shop.product(id)

    async def retire():
        await shop.do(categories, shop.tenant, RetireCategory(shelf))

    log = Meddled(shop.log, f"{shop.tenant}/catalog/{second}", retire)
    told = updates([first, second], Placed({"category_id": shelf}))
    async with asyncio.timeout(PATIENCE):
        ran = await shop.run(*told, kind="products", bulks=of_one(log, shop.log))
    assert [(r.id, r.code) for r in ran.refusals] == [(second, "catalog.category_retired")]


async def test_whoever_hangs_up_between_two_chunks_goes_on_where_they_stand(shop):
    held, ids = Held(shop.log), [await shop.material() for _ in range(4)]
    told, id = updates(ids, ATLAS), str(uuid4())
    running = asyncio.create_task(shop.run(*told, id=id, bulks=of_one(held, shop.log)))
    async with asyncio.timeout(PATIENCE):
        await held.second.wait()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        ran = await shop.run(*told, id=id)
    assert (ran.applied, ran.refused) == (4, 0)
    past = await shop.past(id)
    assert [r.event.upto for r in past if isinstance(r.event, Advanced)][-1] == 4


async def test_of_many_who_write_to_its_items_nobody_loses_anything(shop):
    ids = [await shop.material() for _ in range(12)]

    async def measure(id):
        await shop.do(materials, id, MeasureMaterial(Measuring((), 5)))

    bulks = of_one(shop.log, shop.log)
    ran, *_ = await asyncio.gather(
        shop.run(*updates(ids, ATLAS), bulks=bulks), *map(measure, reversed(ids))
    )
    assert ran.applied == 12
    states = (await shop.states(ids)).values()
    assert {(s.describing.brand, s.measuring.scrap) for s in states} == {("Atlas", 5)}
