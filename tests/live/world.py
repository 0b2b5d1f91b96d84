"""A small world whose every step a test may choose: what commits, what is handed on, who comes."""

import asyncio
import json
import random
from collections import defaultdict
from itertools import groupby

from adapters.live import channel
from adapters.live.change import Change
from adapters.live.hub import Hub
from application.ports import Unavailable
from domain.permissions import ROLES, expand
from entrypoints.caller import Caller
from entrypoints.live.authority import People, Person
from entrypoints.live.conversation import Conversation
from entrypoints.live.gateway import Gateway
from entrypoints.live.snapshots import Shot
from entrypoints.live.subscription import Splicer
from projections.kernel import Found, Standing
from tests.support.live import Reader

TOPIC, TENANT = "orders?seller=amina", "bazaar"
STAFF = Caller(TENANT, "amina", expand(ROLES["seller"]), 2_000_000_000)


class World:
    """A projection that commits, a feed that is behind it, and readers that come and go.

    It is both ``Snapshots`` and ``Past``: what they read is what is committed, or handed on.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.log: list[Change] = []
        self.handed = 0
        self.position = 0
        self.reads = 0
        self.hub = Hub()
        self.gateway = Gateway(None, People(None), Splicer(self, self, self.hub), self.hub)

    def commit(self) -> None:
        """One position with one or two documents; now and then a change that comes late."""
        late = self.position > 0 and self.random.random() < 0.03
        self.position += 0 if late else self.random.randint(1, 3)
        for id in self.random.sample("abcde", 1 if late else self.random.choice([1, 1, 2])):
            n = len(self.log) + 1
            document = json.dumps({"id": id, "n": n, "seller": "amina"}).encode()
            topic = f"orders.{id}.amina.karim"
            self.log.append(Change("orders", n, TENANT, topic, self.position, document, late=late))

    def hand_on(self) -> None:
        """The next group: one position's, but what came late is one of its own."""
        rest = self.log[self.handed :]
        if rest:
            _, group = next(groupby(rest, key=lambda c: (c.position, c.late)))
            changes = list(group)
            self.handed += len(changes)
            self.gateway.take(changes)

    def state(self) -> dict[str, Change]:
        return {change.id: change for change in self.log}

    async def pause(self) -> None:
        for _ in range(self.random.randint(0, 6)):
            await asyncio.sleep(0)

    async def idle(self) -> None:
        while self.gateway._work:  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def __call__(self, found: channel.Channel, hidden: bool) -> Shot:
        self.reads += 1
        await self.pause()
        rows = [Found(c.id, c.position, c.document) for c in self.state().values()]
        shot = Shot(found.topic, Standing(self.position, rows))
        await self.pause()
        if self.random.random() < 0.02:
            raise Unavailable("postgres")
        return shot

    async def since(self, tenant, where, after):
        known = self.log[: self.handed]
        late = any(c.late and c.position == after for c in known)
        await self.pause()
        if late or self.random.random() < 0.05:
            return None
        return [c for c in known if c.position > after]

    def arrive(self, after: int | None) -> Reader:
        reader = Reader()
        person = Person(TENANT, "amina")
        reader.session = Conversation(self.gateway, reader, person, STAFF)
        reader.session.subscribe(TOPIC, after)
        return reader


class Client:
    """What somebody knows by now, over all their connections, and that it was told in order."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.held: dict[str, int] = {}
        self.position: int | None = None
        self.reader: Reader | None = None
        self.seen = 0
        self.failed = False

    def connect(self) -> None:
        self.failed, self.seen = False, 0
        self.reader = self.world.arrive(self.position)

    def cut(self) -> None:
        self.read()
        self.reader.leave()
        self.reader = None

    def read(self) -> None:
        news, self.seen = self.reader.frames[self.seen :], len(self.reader.frames)
        for frame in news:
            self.hear(json.loads(frame.json))

    def hear(self, message: dict) -> None:
        match message:
            case {"type": "snapshot", "position": position, "items": items}:
                self.held = {item["id"]: item["document"]["n"] for item in items}
                self.position = position
            case {"type": "resumed", "position": position}:
                assert position == self.position
            case {"type": "change", "position": position, "id": id, "document": document}:
                self.change(position, {id: document["n"]})
            case {"type": "changes", "position": position, "items": items}:
                self.change(position, {item["id"]: item["document"]["n"] for item in items})
            case {"type": "error"}:
                self.failed = True
            case {"type": "resync"}:
                pass
            case _:
                raise AssertionError(message)

    def change(self, position: int, documents: dict[str, int]) -> None:
        """It is the very next one, and whole."""
        by_position = defaultdict(dict)
        for change in self.world.log:
            if not change.late:
                by_position[change.position][change.id] = change.seq
        following = min(p for p in by_position if p > self.position)
        assert position == following
        late = {c.id: c.seq for c in self.world.log if c.late and c.position == position}
        assert documents in (by_position[position], by_position[position] | late)
        self.position = position
        self.held |= documents


async def live(seed: int) -> World:
    world = World(seed)
    clients = [Client(world) for _ in range(3)]
    for _ in range(world.random.randint(20, 120)):
        step = world.random.random()
        client = world.random.choice(clients)
        if step < 0.35:
            world.commit()
        elif step < 0.65:
            world.hand_on()
        elif step < 0.75 and client.reader:
            client.cut()
        elif step < 0.9 and not client.reader:
            client.connect()
        await world.pause()
    world.random.random = lambda: 1.0  # from now on nothing fails
    for client in clients:
        if client.reader:
            client.read()
        if not client.reader or client.failed:
            client.connect()
    while world.handed < len(world.log):
        world.hand_on()
        await world.pause()
    await world.idle()
    for client in clients:
        client.read()
        assert not client.failed
        assert client.held == {id: change.seq for id, change in world.state().items()}
    return world
