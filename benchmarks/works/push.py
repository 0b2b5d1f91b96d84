"""From the acknowledged append to the message that a NATS subscriber has in hand."""

import asyncio
from uuid import uuid4

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from application.carts import Carts
from benchmarks.figures import Figure
from benchmarks.loops import now, paced, quantile
from benchmarks.market import BUYER, TENANT, keyed, on_loop, opened
from benchmarks.roles import running, settings
from benchmarks.work import Figures, Site, Work

RATE = 500
PATIENCE = 30  # seconds


class Inbox:
    """When a message about each cart came."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}

    async def take(self, message: Msg) -> None:
        self.came.setdefault(message.subject.split(".")[3], now())

    async def holds(self, ids: set[str]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not ids <= self.came.keys():  # noqa: ASYNC110 - looks may be late
                await asyncio.sleep(0.05)


def pushed(site: Site) -> Figures:
    return on_loop(_pushed(site))


async def _pushed(site: Site) -> Figures:
    inbox, client = Inbox(), await nats.connect(site.nats)
    with running(settings(site), "projector"):
        async with opened(site) as (_, commands):
            appended: dict[str, float] = {}
            carts = Carts(commands)

            async def open() -> None:
                id = str(uuid4())
                await carts.open(keyed("POST /api/v1/carts"), id, BUYER)
                appended[id] = now()

            await open()
            await _subscribe(client, inbox)
            await inbox.holds(set(appended))
            await paced(site.some(RATE), 1, open)
            appended.clear()
            await paced(site.some(RATE), site.seconds, open)
            await inbox.holds(set(appended))
    await client.close()
    waits = [max(0.0, (inbox.came[id] - at) * 1000) for id, at in appended.items()]
    return {"p50": quantile(waits, 0.5), "p99": quantile(waits, 0.99)}


async def _subscribe(client: Client, inbox: Inbox) -> None:
    """As the manual says: an ordered consumer of the stream, which the relay makes."""
    stream = client.jetstream()
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                subject = f"souk.{TENANT}.carts.>"
                await stream.subscribe(subject, cb=inbox.take, ordered_consumer=True)
                return
            except NotFoundError:
                await asyncio.sleep(0.2)


WORKS = (
    Work(
        "push",
        {
            key: Figure(f"append to message at a NATS subscriber at {RATE}/s, {key}", "ms")
            for key in ("p50", "p99")
        },
        pushed,
    ),
)
