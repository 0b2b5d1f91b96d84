"""What a commit tells is folded without a look at the log; what is amiss with it, by a look."""

import asyncio
from base64 import b64encode

import pytest

from adapters.log.notices import SHORT, Hint, Notices
from adapters.log.tail import rows_after
from adapters.projector.engine import Engine
from adapters.projector.leader import connected
from adapters.projector.scout import NAME, Scout
from adapters.projector.window import Window
from tests.projector.toys import TOYS, Ignored, Switched, happen, lamp, prepare
from tests.support.patience import PATIENCE


@pytest.fixture
async def db(database):
    await prepare(database)
    async with connected(database, "test") as connection:
        yield connection


NOTICES = Notices(bytes(32))


class Standing:
    """A scout at the end of the log, and the one projection that it wakes."""

    def __init__(self, db, database):
        self.db, self.database = db, database
        shared = Window([Switched])
        self.engine = Engine("toys", TOYS["toys"], window=shared)
        self.scout = Scout(shared, {"toys": self.engine}, 10, NOTICES)
        self.bell = self.scout.bell(self.engine)

    async def reach_the_end(self):
        await self.engine.load(self.db)
        await self.fold()
        self.scout.hint.ring()
        await self.look()
        await self.fold()

    async def look(self):
        assert await self.scout.hint.wait(0), "nobody said that it should look"
        await self.scout._look(self.db, self.scout.hint.heard, asyncio.Event())

    async def fold(self):
        """As who has just been woken."""
        await self.bell.wait(0)
        await self.engine.step(self.db)
        while not (self.engine.at_end or self.engine.passed >= self.bell.heard):
            await self.engine.step(self.db)

    async def hints(self, *events):
        """What their commits tell, each for itself."""
        (before,) = await (await self.db.execute("SELECT position FROM log.head")).fetchone()
        for event in events:
            await happen(self.database, event)
        rows = await rows_after(self.db, before, 100)
        return [Hint.of(NOTICES.payload(row.position, [row])) for row in rows]


@pytest.fixture
async def standing(db, database):
    await happen(database, (lamp("1"), Switched()))
    found = Standing(db, database)
    await found.reach_the_end()
    return found


async def switched(standing):
    cursor = await standing.db.execute("SELECT id FROM read.toys_lamps ORDER BY id")
    return [id for (id,) in await cursor.fetchall()]


async def test_what_goes_on_where_the_log_ended_is_not_read_again(standing, looks):
    for hint in await standing.hints((lamp("2"), Switched()), (lamp("3"), Switched())):
        standing.scout.hear(hint)
        assert await standing.bell.wait(0), "there is something to fold"
        await standing.fold()
    assert (standing.engine.position, await switched(standing)) == (3, ["1", "2", "3"])
    assert looks == []


async def test_whoever_is_at_rest_goes_along_over_what_it_does_not_fold(standing, looks):
    (hint,) = await standing.hints((lamp("1"), Ignored()))
    standing.engine.resting = True
    standing.scout.hear(hint)
    assert (standing.engine.passed, standing.bell.rung, looks) == (2, False, [])


async def test_a_commit_that_was_not_heard_is_read_before_the_next(standing, looks):
    _, second, third = await standing.hints(*((lamp(n), Switched()) for n in "234"))
    standing.scout.hear(second)
    assert not standing.bell.rung
    standing.scout.hear(third)
    await standing.look()
    await standing.fold()
    assert await switched(standing) == ["1", "2", "3", "4"]
    assert looks == [1]
    (fifth,) = await standing.hints((lamp("5"), Switched()))
    standing.scout.hear(fifth)
    await standing.fold()
    assert await switched(standing) == ["1", "2", "3", "4", "5"]
    assert looks == [1], "it is at the end again"


async def test_what_is_heard_twice_is_folded_once(standing):
    (hint,) = await standing.hints((lamp("1"), Switched()))
    for _ in range(2):
        standing.scout.hear(hint)
        await standing.fold()
    cursor = await standing.db.execute(
        "SELECT convert_from(body, 'UTF8')::json FROM read.toys_lamps"
    )
    ((body,),) = await cursor.fetchall()
    assert body["times"] == 2


async def test_what_comes_while_it_looks_is_left_to_the_look(standing, monkeypatch):
    first, second = await standing.hints((lamp("2"), Switched()), (lamp("3"), Switched()))
    reading, going_on, read = asyncio.Event(), asyncio.Event(), standing.scout._window._read

    async def slow(*asked):
        found = await read(*asked)
        reading.set()
        await going_on.wait()
        return found

    monkeypatch.setattr(standing.scout._window, "_read", slow)
    stop = asyncio.Event()
    running = asyncio.create_task(standing.scout.run(standing.database, stop))
    standing.scout.hint.ring(2)
    await reading.wait()
    standing.scout.hear(first)
    standing.scout.hear(second)
    held = standing.scout._window._held
    assert [stretch.reached for stretch in held][-1] == 3
    assert len({stretch.origin for stretch in held}) == len(held), "nothing is held twice"
    going_on.set()
    async with asyncio.timeout(PATIENCE):
        await standing.bell.wait(PATIENCE)
    await standing.fold()
    stop.set()
    standing.scout.hint.ring()
    await running
    assert await switched(standing) == ["1", "2", "3"]


@pytest.mark.parametrize("sealed", ["", "nonsense", NOTICES.payload(3, [])])
async def test_a_hint_without_events_is_a_reason_to_look(standing, looks, sealed):
    (hint,) = await standing.hints((lamp("2"), Switched("e" * SHORT)))
    standing.scout.hear(hint._replace(sealed=sealed))
    await standing.look()
    await standing.fold()
    assert (await switched(standing), looks) == (["1", "2"], [1])


async def test_what_somebody_else_tells_is_only_a_reason_to_look(standing, looks):
    (hint,) = await standing.hints((lamp("2"), Switched()))
    standing.scout.hear(Hint(hint.position, b64encode(bytes(300)).decode()))
    assert not standing.bell.rung
    await standing.look()
    await standing.fold()
    assert (await switched(standing), looks) == (["1", "2"], [1])


async def test_who_leads_nothing_hears_nothing(standing):
    (hint,) = await standing.hints((lamp("2"), Switched()))
    standing.engine.leave()
    standing.scout.hear(hint)
    assert not standing.bell.rung
    assert NAME not in standing.scout._window._places
