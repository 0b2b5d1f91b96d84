"""What waits for a slow reader of which only the newest matters: nothing else takes its place, and
it goes with its subscription."""

import json
from collections.abc import Iterator

import pytest

from adapters.live.change import Change
from adapters.live.hub import Hub
from adapters.live.outlet import FLOWING
from adapters.live.peer import Frame
from entrypoints.live.authority import People, Person
from entrypoints.live.conversation import Conversation
from entrypoints.live.gateway import Gateway
from entrypoints.live.snapshots import Shot
from entrypoints.live.subscription import Splicer
from projections.kernel import Found, Standing
from tests.live.house import House, Raw, open_house, until
from tests.live.world import STAFF, TENANT

ALL, TEA = "inventory?seller=amina", "inventory/tea"


class Stock:
    """A projection, and the gateway behind it. It is both ``Snapshots`` and ``Past``."""

    def __init__(self, house: House) -> None:
        self.house, self.log, self.position = house, list[Change](), 0
        hub = Hub()
        self.gateway = Gateway(None, People(None), Splicer(self, self, hub), hub)
        peer = house.sessions[0].peer
        self.reader = Conversation(self.gateway, peer, Person(TENANT, "amina"), STAFF)

    def ask(self, **message: object) -> None:
        self.house.do(lambda: self.reader.received(json.dumps(message)))

    def change(self, *ids: str) -> None:
        """At one position."""
        self.position += 1
        body = json.dumps({"seller": "amina", "n": self.position}).encode()
        group = [
            Change(
                "inventory", len(self.log) + n, TENANT, f"inventory.{id}.amina", self.position, body
            )
            for n, id in enumerate(ids, 1)
        ]
        self.log += group
        self.house.do(lambda: self.gateway.take(group))

    def stall(self) -> None:
        """So much that the reader's network takes nothing more."""
        self.house.do(
            lambda: self.reader.peer.send(Frame(b'{"type":"much"%s}' % (b" " * 16_000_000)))
        )

    async def __call__(self, channel, hidden) -> Shot:
        newest = {c.id: c for c in self.log if channel.topic.where.holds(c)}
        rows = [Found(c.id, c.position, c.document) for c in newest.values()]
        return Shot(channel.topic, Standing(self.position, rows))

    async def since(self, tenant, where, after):
        return [c for c in self.log if c.position > after and where.holds(c)]


@pytest.fixture
def reader() -> Iterator[Raw]:
    with open_house() as house, Raw(house.port, receive=4096).upgrade() as raw:
        raw.stock = Stock(house)
        raw.stock.change("tea")
        raw.stock.change("mint")
        yield raw


def told(raw: Raw) -> list[tuple]:
    """What waited, as (kind, topic, position), when it reads again."""
    assert json.loads(raw.frame()[1])["type"] == "much"
    peer, working = raw.stock.reader.peer, raw.stock.gateway._work
    until(lambda: peer._state is FLOWING and not working)
    raw.stock.ask(type="ping", n=1)
    found = []
    while (message := json.loads(raw.frame()[1]))["type"] != "pong":
        found.append((message["type"], message.get("topic"), message.get("position")))
    return found


def watching(raw: Raw, *topics: str) -> Stock:
    """Who stops to read then."""
    for topic in topics:
        raw.stock.ask(type="subscribe", topic=topic)
        assert json.loads(raw.frame()[1])["type"] == "snapshot"
    raw.stock.stall()
    return raw.stock


def test_of_two_topics_that_overlap_each_is_told_its_newest(reader):
    stock = watching(reader, TEA, ALL)
    for _ in range(3):
        stock.change("tea")
    assert told(reader) == [("change", TEA, 5), ("change", ALL, 5)]


def test_one_document_takes_the_place_of_itself_and_not_of_several(reader):
    stock = watching(reader, ALL)
    stock.change("tea", "mint")
    stock.change("mint")
    stock.change("mint")
    assert told(reader) == [("changes", ALL, 3), ("change", ALL, 5)]


def test_several_take_the_place_of_the_same_and_positions_rise(reader):
    stock = watching(reader, ALL)
    for ids in (("tea", "mint"), ("mint",), ("tea", "mint"), ("tea",)):
        stock.change(*ids)
    assert told(reader) == [("change", ALL, 4), ("changes", ALL, 5), ("change", ALL, 6)]


def test_asked_for_again_a_topic_is_told_nothing_of_before(reader):
    stock = watching(reader, ALL)
    stock.change("tea")
    stock.change("mint")
    stock.ask(type="subscribe", topic=ALL, after=2)
    assert told(reader) == [("resumed", ALL, 2), ("change", ALL, 3), ("change", ALL, 4)]


def test_of_a_topic_left_nothing_is_told_afterwards(reader):
    stock = watching(reader, ALL, TEA)
    stock.change("tea")
    stock.ask(type="unsubscribe", topic=TEA)
    assert told(reader) == [("unsubscribed", TEA, None), ("change", ALL, 3)]


def test_begun_anew_a_topic_is_told_by_its_snapshot_alone(reader):
    stock = watching(reader, ALL)
    stock.change("tea")
    stock.house.do(lambda: stock.gateway.begin("inventory", 99))
    assert told(reader) == [("resync", ALL, None), ("snapshot", ALL, 3)]
