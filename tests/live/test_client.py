"""The Python client on a real gateway: cut, restarted, refused, and told each change once."""

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from msgspec import Struct
from psycopg import AsyncConnection

from adapters.embedded.ports import free_ports
from adapters.live.server import Server
from entrypoints.live import wiring
from entrypoints.live.client import (
    Change,
    LiveError,
    Resync,
    Snapshot,
    TopicRefused,
    connect,
)
from tests.support.patience import PATIENCE

TOPIC = "catalog?seller=amina"
PAGE = (Path(__file__).parents[2] / "docs" / "live.md").read_text()


class Gate:
    """A gateway on a port of its own, and a wire to it that can be cut."""

    def __init__(self, settings, limits=None):
        self._settings, self._limits, self._stack = settings, limits, None
        self.port, self._wire = free_ports(2)
        self.url = f"http://127.0.0.1:{self._wire}"
        self._ends = set()

    async def open(self):
        self._stack = AsyncExitStack()
        self._live = live = await self._stack.enter_async_context(wiring.connect(self._settings))
        server = Server(live.gateway.accept, limits=self._limits, ready=lambda: live.feed.ready)
        await server.start("127.0.0.1", self.port)
        self._stack.push_async_callback(server.close)

    async def shut(self):
        await self._stack.aclose()

    @property
    def topics(self):
        """How many are watched."""
        return len(self._live.gateway.hub)

    def later(self, seconds):
        """As if that time had gone by for whoever is connected."""
        self._live.gateway.expiries.look(time.time() + seconds)

    @asynccontextmanager
    async def wire(self):
        relay = await asyncio.start_server(self._relay, "127.0.0.1", self._wire)
        try:
            yield self
        finally:
            relay.close()
            self.cut()

    async def _relay(self, reader, writer):
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            writer.close()
            return
        self._ends |= {writer, back}
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    def cut(self):
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()


async def _pump(reader, writer):
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def opened(api, limits=None):
    found = Gate(api.souk.settings, limits)
    await found.open()
    async with found.wire():
        yield found
    await found.shut()


@pytest.fixture
async def gate(api):
    async with opened(api) as found:
        yield found


@pytest.fixture
async def tea(api):
    await api.market("amina")
    made = await api.product("amina", "tea")
    shown = api.of("buyer", "karim")
    while (await shown.get(f"/catalog/products/{made}")).status_code != 200:  # noqa: ASYNC110
        await asyncio.sleep(0.02)  # until it is projected
    return made


async def stepped(api, tea, quantity):
    """A change of the product; its position."""
    path = f"/catalog/products/{tea}"
    made = await api.of("seller", "amina").post(f"{path}/minimum", {"quantity": quantity})
    return made.json()["position"]


async def following(live, after=None, topic=TOPIC):
    """Messages to a list, in a task."""
    found = []

    async def follow():
        async for message in live.watch(topic, after):
            found.append(message)  # noqa: PERF401 - one by one, as they come

    task = asyncio.create_task(follow())
    return found, task


async def until(true):
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - of whatever it is
            await asyncio.sleep(0.02)


def last(found):
    return found[-1].position if found and not isinstance(found[-1], Resync) else 0


class Product(Struct):
    name: str
    min_order_quantity: int


async def test_a_snapshot_and_then_each_change_as_types(api, gate, tea):
    before = await stepped(api, tea, 2)
    await api.of("seller", "amina").get(f"/catalog/products/{tea}", after=before)
    async with connect(gate.url, api.token("seller", "amina")) as live:
        found, task = await following(live)
        await until(lambda: found)
        position = await stepped(api, tea, 3)
        await until(lambda: last(found) >= position)
        task.cancel()
    snapshot, change = found
    assert isinstance(snapshot, Snapshot)
    assert snapshot.complete
    assert snapshot.documents[0].read(Product) == Product("Tea", 2)
    assert isinstance(change, Change)
    assert change.documents[0].read(Product) == Product("Tea", 3)
    assert (change.position, change.documents[0].id) == (position, tea)


async def test_the_page_of_the_client_runs_as_it_stands_there(api, gate, tea):
    """But for what it watches."""
    _, _, code = PAGE.partition("## From Python")[2].partition("```python\n")
    code = code.partition("```")[0].replace("orders?seller=s1", TOPIC)
    there = {}
    exec(
        compile(
            code.replace("number: int", "name: str").replace("status: str", "slug: str"),
            "live.md",
            "exec",
        ),
        there,
    )
    following = asyncio.create_task(there["follow"](gate.url, api.token("seller", "amina")))
    for quantity in range(2, 6):
        await stepped(api, tea, quantity)
        await asyncio.sleep(0.1)
    assert not following.done()
    following.cancel()


async def test_cut_again_and_again_it_has_every_change_once_and_in_order(api, gate, tea):
    async with connect(gate.url, api.token("seller", "amina")) as live:
        found, task = await following(live)
        await until(lambda: found)
        for quantity in range(2, 42):
            position = await stepped(api, tea, quantity)
            if quantity % 10 == 0:
                gate.cut()
        await until(lambda: last(found) == position)
        task.cancel()
    assert [type(message) for message in found].count(Snapshot) == 1
    assert [message.position for message in found[1:]] == await published(api, found[0].position)


async def published(api, after):
    """The positions of the changes of the topic."""
    async with await AsyncConnection.connect(api.souk.settings.postgres_url) as db:
        cursor = await db.execute(
            "SELECT position FROM read.changes WHERE topic LIKE 'catalog.%%' AND position > %s"
            " ORDER BY seq",
            (after,),
        )
        return [position for (position,) in await cursor.fetchall()]


async def test_a_gateway_that_is_started_again_is_found_again(api, gate, tea):
    async with connect(gate.url, api.token("seller", "amina")) as live:
        found, task = await following(live)
        await until(lambda: found)
        await gate.shut()
        positions = [await stepped(api, tea, quantity) for quantity in (2, 3)]
        await gate.open()
        positions.append(await stepped(api, tea, 4))
        await until(lambda: last(found) == positions[-1])
        task.cancel()
    assert [type(message) for message in found].count(Snapshot) == 1
    assert [message.position for message in found[1:]] == await published(api, found[0].position)


async def test_another_day_it_goes_on_from_where_it_was(api, gate, tea):
    async with connect(gate.url, api.token("seller", "amina")) as live:
        async for message in live.watch(TOPIC):
            if isinstance(message, Change):
                break
            first = await stepped(api, tea, 2)
        kept = live.positions[TOPIC]
    assert kept < first
    second = await stepped(api, tea, 3)
    async with connect(gate.url, api.token("seller", "amina")) as live:
        found, task = await following(live, after=kept)
        await until(lambda: last(found) == second)
        task.cancel()
    assert [message.position for message in found] == await published(api, kept)
    assert {type(message) for message in found} == {Change}


async def test_several_topics_share_a_connection(api, gate, tea):
    async with connect(gate.url, api.token("seller", "amina")) as live:
        one, first = await following(live)
        two, second = await following(live, topic=f"catalog/{tea}")
        await until(lambda: one and two)
        first.cancel()
        position = await stepped(api, tea, 2)
        await until(lambda: last(two) == position)
        second.cancel()
    assert {message.topic for message in two} == {f"catalog/{tea}"}


async def test_a_topic_that_is_not_ones_own_is_an_exception(api, gate, tea):
    async with connect(gate.url, api.token("buyer", "karim")) as live:
        for topic, code in (("orders?seller=amina", "forbidden"), ("nothing/x", "not_found")):
            with pytest.raises(TopicRefused) as refused:
                await anext(live.watch(topic))
            assert refused.value.code == code
        found, task = await following(live)
        await until(lambda: found)  # the others go on
        task.cancel()


@pytest.mark.parametrize(
    ("topic", "after"),
    [(TOPIC, -5), (TOPIC, 2**63), ("x" * 300, None), ("orders?seller=" + "y" * 250, None)],
)
async def test_what_the_gateway_cannot_read_is_no_topic_that_one_waits_for(gate, api, topic, after):
    async with connect(gate.url, api.token("seller", "amina")) as live:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(TopicRefused) as refused:
                await anext(live.watch(topic, after))
        assert refused.value.code == "malformed"


async def test_a_topic_that_is_watched_elsewhere_ends_here(api, gate, tea):
    async with connect(gate.url, api.token("seller", "amina")) as live:
        _, first = await following(live)
        await asyncio.sleep(0)
        found, second = await following(live)
        await until(lambda: found)
        with pytest.raises(LiveError, match="elsewhere"):
            await first
        second.cancel()


async def test_who_does_not_look_holds_little_and_misses_nothing(api, gate, tea):
    """Changes wait at the client, then in the network, then at the gateway, which cuts."""
    async with connect(gate.url, api.token("seller", "amina")) as live:
        messages = live.watch(TOPIC)
        snapshot = await anext(messages)
        for quantity in range(2, 12):
            position = await stepped(api, tea, quantity)
        found = []
        while not found or found[-1] < position:
            found.append((await anext(messages)).position)
        await messages.aclose()
    assert found == await published(api, snapshot.position)
