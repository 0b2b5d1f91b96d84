"""A bulk that still runs is taken back: it goes no further, and what it has come to is undone."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest

from application.bulking import KINDS
from application.bulking.materials import Change
from application.bulks import Bulks, Item
from application.bulks.items import Batch
from application.commands import Commands
from domain.bulks import Advanced
from domain.kernel import Rejected
from entrypoints.http.confirming import Confirm, read
from tests.bulks.test_http import confirmed, previewed, sent, shown
from tests.materials.test_http import add
from tests.reels.house import refused
from tests.support.patience import PATIENCE


class Paced:
    """A log that takes as many chunks of a bulk as it was told to; the others wait."""

    def __init__(self, log):
        self._log, self._moved = log, asyncio.Condition()
        self._may, self._came, self._landed = 0, 0, 0

    def __getattr__(self, name):
        return getattr(self._log, name)

    async def append(self, append):
        if not any(isinstance(e, Advanced) for new in append.new for e in new.events):
            return await self._log.append(append)
        self._came, mine = self._came + 1, self._came
        async with self._moved:
            await self._moved.wait_for(lambda: mine < self._may)
        done = await self._log.append(append)
        async with self._moved:
            self._landed += 1
            self._moved.notify_all()
        return done

    async def upto(self, chunks):
        """So many have landed, and the next waits."""
        async with self._moved:
            self._may = chunks
            self._moved.notify_all()
            await self._moved.wait_for(lambda: self._landed == chunks)

    async def all(self):
        async with self._moved:
            self._may = 1000
            self._moved.notify_all()


class Running:
    """A bulk that gives five materials a brand, one with each append."""

    def __init__(self, house):
        self.house, self.id, self.log = house, str(uuid4()), Paced(house.souk.log)
        self.path = f"/bulks/{self.id}/undo"

    async def run(self):
        ids = [(await add(self.house, name=name)).rpartition("/")[2] for name in "ABCDE"]
        items = tuple(Item(id, "update", Change({"brand": "Atlas"})) for id in ids)
        bulks = Bulks(Commands(self.log), self.house.souk.log, KINDS, at_once=1)
        call = self.house.call("amina")
        return asyncio.create_task(bulks.run(call, self.id, Batch("materials", "amina", items)))


@pytest.fixture
async def running(house):
    """As far as its second append."""
    bulk = Running(house)
    bulk.task = await bulk.run()
    async with asyncio.timeout(PATIENCE):
        await bulk.log.upto(2)
        yield bulk
        await bulk.log.all()
        with suppress(Rejected):
            await bulk.task


async def brands(house):
    return [(await shown(house))[name]["brand"] for name in "ABCDE"]


async def test_what_it_wrote_after_it_was_looked_at_is_undone_as_well(house, running):
    preview = await previewed(house, "POST", running.path, {})
    assert preview["total"] == preview["would"]["update"] == 2
    await running.log.upto(3)
    ran = await house.done(sent(house, "POST", running.path, {}, confirm=preview["confirm"]))
    assert (ran["id"], ran["total"], ran["applied"]) == (preview["id"], 3, 3)
    await running.log.all()
    with pytest.raises(Rejected, match=r"bulks\.undone"):
        await running.task
    assert await brands(house) == [""] * 5
    again = await house.done(sent(house, "POST", running.path, {}, confirm=preview["confirm"]))
    assert again == ran
    _, redone = await confirmed(house, "POST", f"/bulks/{ran['id']}/undo", {})
    assert redone["applied"] == 3
    assert await brands(house) == ["Atlas"] * 3 + [""] * 2


async def test_also_when_it_has_come_to_its_end_meanwhile(house, running):
    preview = await previewed(house, "POST", running.path, {})
    await running.log.all()
    await running.task
    ran = await house.done(sent(house, "POST", running.path, {}, confirm=preview["confirm"]))
    assert (ran["total"], ran["applied"]) == (5, 5)
    assert await brands(house) == [""] * 5


async def test_who_broke_off_when_it_was_stopped_goes_on_even_late(house, running):
    confirm = (await previewed(house, "POST", running.path, {}))["confirm"]
    secret, whose = house.souk.settings.secret, (house.tenant, "amina")
    whose = (*whose, f"POST /api/v1{running.path}")
    said = read(confirm, secret, whose)
    old = Confirm(said.id, 1, said.body, said.selection).signed(secret, whose)
    late = await refused(sent(house, "POST", running.path, {}, confirm=old))
    assert late == (422, "bulks.confirm_expired")
    cases, call = house.souk.bulks, house.call("amina")
    _, batch = await cases.undoing(call, running.id, "amina")
    await cases.stop(call, said.id, batch)
    ran = await house.done(sent(house, "POST", running.path, {}, confirm=old))
    assert ran["applied"] == 2
    assert await brands(house) == [""] * 5


async def test_what_was_stopped_and_never_undone_is_undone_by_whoever_looks_again(house, running):
    cases, call, id = house.souk.bulks, house.call("amina"), str(uuid4())
    _, batch = await cases.undoing(call, running.id, "amina")
    await cases.stop(call, id, batch)  # and then its process died
    preview = await previewed(house, "POST", running.path, {})
    assert (preview["id"], preview["total"]) == (id, 2)
    ran = await house.done(sent(house, "POST", running.path, {}, confirm=preview["confirm"]))
    assert (ran["id"], ran["applied"]) == (id, 2)
    assert await brands(house) == [""] * 5
    again = await previewed(house, "POST", running.path, {})
    assert (again["confirm"], again["undone_by"], again["total"]) == (None, id, 0)


async def test_of_two_who_stop_it_one_undoes_it(house, running):
    first, second = [
        (await previewed(house, "POST", running.path, {}))["confirm"] for _ in range(2)
    ]
    ran = await house.done(sent(house, "POST", running.path, {}, confirm=first))
    assert ran["applied"] == 2
    late = await refused(sent(house, "POST", running.path, {}, confirm=second))
    assert late == (422, "bulks.undone")
