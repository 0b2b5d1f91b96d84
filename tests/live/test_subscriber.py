"""One subscriber, through any order of changes, cuts, restarts and losses: each row of
read.changes of its topic is told it once and in order, and it ends with what is the case."""

import asyncio
import threading
import time

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapters.live import feed, listening
from adapters.nats import connecting, door
from adapters.projector import leader, relay
from tests.live.stage import OTHER, SELLER, Books, staged
from tests.live.watcher import Watcher
from tests.support.patience import PATIENCE

EXAMPLES, STEPS = 12, 15
IDS = tuple(f"00000000-0000-4000-8000-00000000000{n}" for n in range(3))
FOREIGN = "00000000-0000-4000-8000-00000000000f"  # of another seller
BIG, BURST = 12_000, 24
TOPICS = {
    f"catalog?seller={SELLER}": lambda id, seller: seller == SELLER,
    f"catalog/{IDS[0]}": lambda id, seller: id == IDS[0],
    "catalog": lambda id, seller: True,
}
MOMENTS = st.sampled_from([0, 0.005, 0.02, 0.05])  # seconds
FATES = st.sampled_from(["sent", "lost", "late", "twice"])  # of what NATS brings
KINDS = st.sampled_from(["websocket", "sse"])
counted: dict[str, int] = {}


class Subscriber(RuleBasedStateMachine):
    stage, books, signed, tenants = None, None, None, iter(())

    @initialize(topic=st.sampled_from(sorted(TOPICS)))
    def begins(self, topic):
        self.tenant = next(self.tenants)
        self.token = self.signed(self.tenant)
        self.watcher = Watcher(self.stage, self.books, self.tenant, topic, TOPICS[topic])
        self.nats, self.parked = True, False
        self.happen(
            *(self.stage.created(self.tenant, id) for id in IDS),
            self.stage.created(self.tenant, FOREIGN, OTHER),
            self.stage.created(f"{self.tenant}-else", IDS[0]),
        )
        until(lambda: len(self.books.products(self.tenant)) == 4)

    def happen(self, *events, **how):
        self.stage.do(self.stage.happen(*events, **how))

    @rule(ids=st.lists(st.sampled_from((*IDS, FOREIGN)), min_size=1, max_size=4))
    def changes(self, ids):
        elsewhere = self.stage.described(f"{self.tenant}-else", IDS[0])
        self.happen(elsewhere, *(self.stage.described(self.tenant, id) for id in ids))

    @rule()
    def changes_of_several_at_one_position(self):
        self.happen(self.stage.appointed(self.tenant))

    @rule()
    def changes_too_large_to_wait_for_a_slow_reader(self):
        for n in range(BURST):
            self.happen(self.stage.described(self.tenant, IDS[n % 3], BIG))
            time.sleep(0.002)

    @precondition(lambda self: not self.parked)
    @rule(id=st.sampled_from(IDS))
    def an_event_that_cannot_be_folded(self, id):
        self.happen(self.stage.described(self.tenant, id), spoilt=True)
        self.parked = True

    @precondition(lambda self: self.parked)
    @rule()
    def it_is_folded_late(self):
        self.stage.do(self.stage.cure(self.tenant))
        self.parked = False

    @rule()
    def a_day_goes_by(self):
        self.stage.do(self.stage.purge())

    @precondition(lambda self: self.nats)
    @rule(seconds=MOMENTS)
    def a_day_goes_by_that_the_gateway_sees_nothing_of(self, seconds):
        self.stage.blind = True
        self.happen(*(self.stage.described(self.tenant, id) for id in IDS))
        until(lambda: self.books.projected() == self.stage.head and self.books.sent())
        self.stage.do(self.stage.purge())
        self.stage.blind = False
        self.happen(self.stage.described(self.tenant, IDS[0]))
        self.watcher.read(seconds)

    @rule(seconds=st.sampled_from([0.01, 0.05]), kind=KINDS)
    def reads(self, seconds, kind):
        """It connects when it is cut off, which depends on when the gateway does it."""
        if not self.watcher.connected:
            self.watcher.connect(kind, self.token)
        self.watcher.read(seconds)

    @rule(abruptly=st.booleans(), kind=KINDS)
    def is_cut_and_comes_again(self, abruptly, kind):
        self.watcher.cut(abruptly)
        self.watcher.connect(kind, self.token)

    @rule(events=st.integers(1, 8), seconds=st.sampled_from([0, 0.003, 0.02]), fate=FATES)
    def changes_as_it_reads(self, events, seconds, fate):
        self.stage.fate = fate
        if not self.watcher.connected:
            self.watcher.connect("websocket", self.token)
        for n in range(events):
            self.happen(self.stage.described(self.tenant, IDS[n % 3]))
            self.watcher.read(seconds)

    @rule(turns=st.lists(st.tuples(MOMENTS, MOMENTS, KINDS), min_size=1, max_size=10), fate=FATES)
    def changes_all_the_while_as_it_comes_and_goes(self, turns, fate):
        """Back before all of them are projected, published and handed on, or after."""
        self.stage.fate, going = fate, threading.Event()
        writing = self.stage.start(self._write(going))
        for away, there, kind in turns:
            self.watcher.cut()
            time.sleep(away)
            self.watcher.connect(kind, self.token)
            self.watcher.read(there)
        going.set()
        writing.result()

    async def _write(self, going):
        while not going.is_set():
            for id in IDS:
                await self.stage.happen(self.stage.described(self.tenant, id))
            await asyncio.sleep(0.001)

    @rule(fate=FATES)
    def what_nats_brings_is(self, fate):
        self.stage.fate = fate

    @rule(politely=st.booleans())
    def the_gateway_is_started_anew(self, politely):
        self.stage.do(self.stage.shut(politely))
        self.stage.do(self.stage.open())

    @precondition(lambda self: self.nats)
    @rule(disk=st.booleans())
    def nats_dies(self, disk):
        self.stage.nats.kill()
        self.nats = False
        if not disk:
            self.stage.nats.lose_disk()

    @precondition(lambda self: not self.nats)
    @rule()
    def nats_comes_back(self):
        self.stage.nats.start()
        self.nats = True

    def teardown(self):
        if not hasattr(self, "watcher"):
            return
        if not self.nats:
            self.nats_comes_back()
        self.stage.fate = "sent"
        try:
            if not self.watcher.wrong:
                until(self._ends, self._where)
        finally:
            for name, number in self.watcher.count.items():
                counted[name] = counted.get(name, 0) + number
            self.watcher.cut()
            if self.parked:
                self.it_is_folded_late()
            counted["examples"] = counted.get("examples", 0) + 1

    def _ends(self):
        """With nothing but coming again when it is cut off."""
        if not self.watcher.connected:
            self.watcher.connect("websocket", self.token)
        elif not self.watcher.asked and self.watcher.kind == "websocket":
            self.watcher.subscribe()
        self.watcher.read()
        projected = self.books.projected() == self.stage.head
        return projected and not self.watcher.awaits and self.watcher.has_all()

    def _where(self):
        """For whoever looks into a failure."""
        watcher = self.watcher
        projected, ends = self.books.projected(), [row.position for row in watcher._rows()][-3:]
        told = watcher.position, watcher.awaits, watcher.connected, watcher.asked
        return {"head": self.stage.head, "projected": projected, "rows": ends, "told": told}


def until(true, where=lambda: ""):
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, where()
        time.sleep(0.005)


@pytest.fixture
def books(database):
    found = Books(database)
    yield found
    found.close()


def test_each_change_is_told_once_and_in_order_whatever_happens(database, books, monkeypatch):
    monkeypatch.setattr(feed, "LOOK", 0.1)
    monkeypatch.setattr(feed, "RECONNECT", 0.02)
    monkeypatch.setattr(feed, "RECENT", 6)
    monkeypatch.setattr(listening, "UNSENT", 4096)
    for module, name in ((connecting, "CONNECT"), (door, "AWAY")):
        monkeypatch.setattr(module, name, 0.3)
    monkeypatch.setattr(relay, "ACK", 1.0)
    monkeypatch.setattr(leader, "LONGEST_PAUSE", 0.1)
    with staged(database) as stage:
        Subscriber.stage, Subscriber.books = stage, books
        Subscriber.signed = staticmethod(stage.token())
        Subscriber.tenants = iter(f"t{n}" for n in range(10_000))
        run_state_machine_as_test(
            Subscriber,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                database=None,
                phases=(Phase.generate,),  # servers never do the same twice: nothing to shrink
                suppress_health_check=list(HealthCheck),
            ),
        )
    print(counted)
