"""Each change is handed on once and in order, whatever happens to messages and servers."""

import asyncio
from itertools import cycle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.live import feed as feeds
from adapters.live import truth
from adapters.projector.changes import purge
from adapters.projector.projector import retry_dead_letters
from tests.live.ground import fed, ledger, publishing, relaying, row, told
from tests.projector import toys
from tests.projector.test_relay import SENT, Nats
from tests.projector.toys import Removed, Switched, eventually, fetch, happen, lamp, prepare
from tests.projector.toys import running as projector
from tests.support.stack import free_ports

CUT = (
    "SELECT count(pg_terminate_backend(pid)) >= 0 FROM pg_stat_activity"
    " WHERE application_name = 'souk-live-feed' AND datname = current_database()"
)
CHANGES = (
    "SELECT seq, topic, position, coalesce(document, 'null'), first, late FROM read.changes"
    " WHERE topic <> '' ORDER BY seq"
)


class Taken:
    """What a feed handed on."""

    def __init__(self):
        self.groups = []

    def __call__(self, group):
        self.groups.append(list(group))

    @property
    def all(self):
        return [told(change) for group in self.groups for change in group]

    async def told(self):
        return self.all

    def is_whole(self):
        """Each position in one piece; but late ones may come to it again and again."""
        assert all(len({change.position for change in group}) == 1 for group in self.groups)
        positions = [group[0].position for group in self.groups if not group[0].late]
        return positions == sorted(set(positions))


@pytest.fixture(scope="session")
def new_database(new_bare_database):
    return new_bare_database


@pytest.fixture
def own_nats():
    server = Nats()
    server.start()
    yield server
    server.kill()


FATES = ("sent", "sent", "lost", "repeated", "held back", "again")
# Drawn before anything is done: a draw may end an example, and would leave it half played. For each
# message its fate, whether one that was held back comes after it, and which.
TURNS = st.lists(
    st.tuples(st.sampled_from(FATES), st.booleans(), st.integers(0, 99)), min_size=1, max_size=20
)
STEPS = st.lists(
    st.tuples(
        st.lists(st.integers(1, 3), min_size=1, max_size=4),  # changes at each new position
        st.booleans(),  # whether a row that is not pushed is among them
        st.booleans(),  # whether they came late
        st.integers(1, 6),  # the relay's window
        st.sampled_from([*[""] * 8, "nothing is noted", "postgres is cut"]),
    ),
    max_size=6,
)


def test_each_change_is_handed_on_once_in_order_whatever_happens(database, stack, monkeypatch):
    monkeypatch.setattr(truth, "AT_ONCE", 3)
    monkeypatch.setattr(feeds, "LOOK", 0.05)
    with asyncio.Runner() as runner:
        stage = runner.run(Stage.open(database, stack.nats_url))

        @settings(max_examples=25, database=None, suppress_health_check=list(HealthCheck))
        @given(STEPS, TURNS)
        def check(steps, turns):
            runner.run(stage.play(steps, cycle(turns)))

        try:
            check()
        finally:
            runner.run(stage.close())


class Stage:
    """A ledger, a publisher that is told what to do with each message, and a feed."""

    @classmethod
    async def open(cls, database, nats_url):
        self = cls()
        self.database, self.taken, self.position, self.number = database, Taken(), 0, 0
        self.contexts = [
            ledger(database),
            publishing(nats_url),
            fed(database, nats_url, self.taken),
        ]
        self.ledger, self.publish, self.feed = [await c.__aenter__() for c in self.contexts]
        return self

    async def close(self):
        for context in reversed(self.contexts):
            await context.__aexit__(None, None, None)

    async def play(self, steps, turns):
        held, past, last = [], [], None
        for sizes, silent, late, window, accident in steps:
            await self.write(sizes, silent, late)
            while True:
                marked, end = await self.ledger.window(window)
                if end is None:
                    break
                last = end
                for one in marked:
                    past.append(one)
                    await self.send(one, held, past, *next(turns))
                if accident != "nothing is noted":
                    await self.ledger.sent(end)
            if accident == "postgres is cut":
                await fetch(self.database, CUT)
        if last:
            await self.ledger.sent(last)
        await eventually(self.taken.told, await self.ledger.all())
        assert self.taken.is_whole()
        assert self.feed.reached("toys") == max([p for _, _, p, *_ in self.taken.all], default=0)

    async def send(self, one, held, past, fate, late, which):
        match fate:
            case "sent":
                await self.publish(*one)
            case "repeated":
                await self.publish(*one)
                await self.publish(*one)
            case "held back":
                held.append(one)
            case "again":
                await self.publish(*past[which % len(past)])
        if held and late:
            await self.publish(*held.pop(which % len(held)))

    async def write(self, sizes, silent, late):
        """Late ones are at the position that there is already."""
        rows = []
        for size in sizes:
            self.position += not late
            for _ in range(size):
                self.number += 1
                document = b'{"n":%d}' % self.number
                rows.append(row("fed", f"toys.{self.number}", self.position or 1, document))
        if silent:
            rows.append(row("fed", "", self.position or 1, b"%d" % self.number))
        self.position = self.position or 1
        await self.ledger.write(rows, late)


async def test_what_nats_never_brings_is_read(database, stack):
    taken = Taken()
    async with ledger(database) as changes, fed(database, stack.nats_url, taken) as feed:
        for position in range(1, 4):
            await changes.write([row("quiet", "toys.1", position, first=position == 1)])
            _, last = await changes.window()
            await changes.sent(last)
        await eventually(taken.told, await changes.all())
        assert feed.reached("toys") == 3
        assert [first for *_, first, _ in taken.all] == [True, False, False]


async def test_nothing_is_handed_on_that_the_relay_has_not_made_last(database, stack):
    taken = Taken()
    async with ledger(database) as changes, fed(database, stack.nats_url, taken) as feed:
        await changes.write([row("early", "toys.1", 1), row("early", "toys.2", 2)])
        _, last = await changes.window(1)
        await changes.sent(last)
        await eventually(taken.told, (await changes.all())[:1])
        assert feed.reached("toys") == 1


async def test_a_feed_begins_with_the_recent_past(database, stack, monkeypatch):
    monkeypatch.setattr(feeds, "RECENT", 3)
    taken, begun = Taken(), []
    async with ledger(database) as changes:
        for position in range(1, 8):
            await changes.write([row("begun", "toys.1", position)])
        _, last = await changes.window()
        await changes.sent(last)
        every = await changes.all()
        async with fed(database, stack.nats_url, taken, lambda *about: begun.append(about)):
            await eventually(taken.told, every[-3:])
        assert begun == [("toys", 4, every[3][0])]


@pytest.mark.parametrize(("sent", "seconds"), [(3, 600.0), (2, 0.0)])
async def test_a_feed_never_begins_within_a_position(database, stack, monkeypatch, sent, seconds):
    """Nor where the recent past is cut off, nor where the relay has sent half of it."""
    monkeypatch.setattr(feeds, "RECENT", 1)
    monkeypatch.setattr(feeds, "SECONDS", seconds)
    taken, begun = Taken(), []
    async with ledger(database) as changes:
        await changes.write([row("begun", "toys.1", 1)])
        await changes.write([row("begun", "toys.2", 2), row("begun", "toys.3", 2)])
        _, last = await changes.window(sent)
        await changes.sent(last)
        every = await changes.all()
        async with fed(database, stack.nats_url, taken, lambda *about: begun.append(about)):
            await eventually(lambda: asyncio.sleep(0, bool(begun)), True)
            _, last = await changes.window()
            if last:
                await changes.sent(last)
            await eventually(taken.told, every[1:])
        assert begun == [("toys", 1, every[0][0])]
        assert [len(group) for group in taken.groups] == [2]


async def test_who_missed_what_is_purged_is_told_so(database, stack):
    """As when the gateway was without Postgres for a day."""
    taken, begun = Taken(), []
    async with (
        ledger(database) as changes,
        fed(database, stack.nats_url, taken, lambda *about: begun.append(about)) as feed,
    ):
        await eventually(lambda: asyncio.sleep(0, len(begun)), 1)
        await changes.write([row("missed", "toys.1", 1)])
        _, last = await changes.window()
        async with changes.db.transaction():  # nobody sees one without the other
            await changes.sent(last)
            await changes.db.execute("UPDATE read.changes SET changed_at = now() - interval '25h'")
            await purge(changes.db)
        await eventually(
            lambda: asyncio.sleep(0, [(n, floor) for n, floor, _ in begun]),
            [("toys", 0), ("toys", 1)],
        )
        await changes.write([row("missed", "toys.1", 2)])
        _, last = await changes.window()
        await changes.sent(last)
        await eventually(taken.told, await changes.all())
        assert feed.reached("toys") == 2


async def test_a_taker_that_fails_does_not_end_the_feed(database, stack):
    taken = Taken()

    def take(group):
        taken(group)
        raise RuntimeError("a taker's mistake")

    async with ledger(database) as changes, fed(database, stack.nats_url, take) as feed:
        for position in range(1, 3):
            await changes.write([row("failing", "toys.1", position)])
            _, last = await changes.window()
            await changes.sent(last)
            await eventually(taken.told, await changes.all())
        assert not feed.running.done()


async def test_a_feed_runs_and_ends_without_any_server():
    ports = free_ports(2)
    urls = f"postgresql://nobody@127.0.0.1:{ports[0]}/none", f"nats://127.0.0.1:{ports[1]}"
    async with fed(*urls, Taken()) as feed:
        await asyncio.sleep(0.3)
        assert not feed.running.done()
        assert not feed.ready


async def test_nats_is_killed_and_loses_its_disk_and_nothing_is_missed(database, own_nats):
    await prepare(database)
    taken = Taken()
    async with projector(database, own_nats.url), fed(database, own_nats.url, taken) as feed:

        async def round(*events):
            for event in events:
                await happen(database, *[(lamp(id, "struck"), event) for id in "123"])

        async def expected():
            return await fetch(database, SENT), taken.all == [
                (*r[:3], bytes(r[3]), *r[4:]) for r in await fetch(database, CHANGES)
            ]

        await round(Switched(), Switched())
        await eventually(expected, ([(True,)], True))
        own_nats.kill()
        own_nats.lose_disk()
        await round(Switched(), Removed())
        own_nats.start()
        await round(Switched(), Switched())
        await eventually(expected, ([(True,)], True))
        own_nats.kill()
        own_nats.start()
        await round(Removed())
        await eventually(expected, ([(True,)], True))
        assert not feed.running.done()
    positions = [position for _, _, position, *_ in taken.all]
    assert positions == sorted(positions)
    assert positions[-1] == 21


async def test_what_a_retry_of_dead_letters_changes_is_late(database, stack):
    await prepare(database)
    taken = Taken()
    toys.broken.add("1")
    async with projector(database, stack.nats_url), fed(database, stack.nats_url, taken):
        await happen(database, *[(lamp(id, "parked"), Switched()) for id in "12"])
        await eventually(lambda: fetch(database, SENT), [(True,)])
        toys.broken.clear()
        await retry_dead_letters(database, "toys", toys.TOYS["toys"])
        await happen(database, (lamp("2", "parked"), Switched()))

        async def seen():
            return [
                (topic, position, first, late) for _, topic, position, _, first, late in taken.all
            ]

        await eventually(
            seen,
            [
                ("toys.2", 2, True, False),
                ("toys.1", 2, True, True),
                ("toys.2", 3, False, False),
            ],
        )


@pytest.mark.parametrize("short", [0, 120, 160, 180, 200, 220, 260, 300])
async def test_what_nats_cannot_carry_is_read(database, own_nats, short):
    """Just below its limit the headers, which count too, make the difference."""
    taken, large = Taken(), b'"%s"' % (b"x" * (1024 * 1024 - short))
    async with ledger(database) as changes, fed(database, own_nats.url, taken):
        await changes.write([row("large", "toys.1", 1, large), row("large", "toys.2", 2)])
        async with relaying(database, own_nats.url):
            await eventually(taken.told, await changes.all())
