"""One reel that everybody likes at once: from each like to the counters that watchers are told."""

import asyncio
from itertools import count
from uuid import uuid4

import msgspec
import nats
import psycopg
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg

from application.likes import Likes
from application.ports import Conflict
from benchmarks.figures import Figure
from benchmarks.loops import now, paced, quantile
from benchmarks.market import TENANT, call, on_loop, opened
from benchmarks.roles import running, settings
from benchmarks.work import Figures, Site, Work
from benchmarks.works import reels

RATE = 2_000
WARM = 1.0  # seconds of likes before the counted ones
PATIENCE = 60  # seconds
COUNTED = "SELECT position, body FROM read.engagement_reels WHERE tenant = %s AND id = %s"


class Counters(Struct):
    likes: int


class Told(Struct):
    """What a watcher is told: the counters as they were at that position."""

    position: int
    document: Counters


class Watcher:
    """What was told, in order, and when."""

    def __init__(self) -> None:
        self.heard: list[tuple[Told, float]] = []

    async def take(self, message: Msg) -> None:
        self.heard.append((msgspec.json.decode(message.data, type=Told), now()))

    async def reaches(self, position: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while not (self.heard and self.heard[-1][0].position >= position):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def waits(self, sent: dict[int, float]) -> list[float]:
        """Milliseconds from each like, by its position, to the first counters with it."""
        waits, at = list[float](), 0
        for position in sorted(sent):
            while self.heard[at][0].position < position:
                at += 1
            waits.append((self.heard[at][1] - sent[position]) * 1000)
        return waits


def hot(site: Site) -> Figures:
    return on_loop(_hot(site))


async def _hot(site: Site) -> Figures:
    """Raises RuntimeError when a like was refused, or is not counted exactly once."""
    reel, viewers = str(uuid4()), count()  # NATS knows the reels of earlier runs
    sent, refused, last = dict[int, float](), list[Conflict](), 0.0
    watcher, client = Watcher(), await nats.connect(site.nats)
    with running(settings(site), "projector"):
        async with opened(site) as (_, commands):
            likes = Likes(commands)

            async def like() -> None:
                nonlocal last
                began = now()
                try:
                    liked = await likes.like(call(f"viewer-{next(viewers)}"), reel)
                except Conflict as conflict:
                    refused.append(conflict)
                else:
                    sent[liked.position] = began
                    last = now()

            await _subscribe(client, reel, watcher)
            await reels.publish(commands, reel, 0)
            await like()
            await watcher.reaches(max(sent))
            await paced(site.some(RATE), WARM, like)
            earlier = len(sent)
            sent.clear()
            began = now()
            await paced(site.some(RATE), site.seconds, like)
            await watcher.reaches(max(sent))
        counted = await asyncio.to_thread(_counted, site, reel)
    await client.close()
    liked, told = earlier + len(sent), watcher.heard[-1][0].document.likes
    if refused or (counted, told) != (liked, liked):
        raise RuntimeError(f"{liked} likes, {len(refused)} refused, {counted} counted, {told} told")
    waits = watcher.waits(sent)
    return {
        "rate": len(sent) / (last - began),
        "conflicts": len(refused),
        "uncounted": liked - counted,
        "p50": quantile(waits, 0.5),
        "p99": quantile(waits, 0.99),
    }


def _counted(site: Site, reel: str) -> int:
    """What its row says."""
    with psycopg.connect(site.postgres) as owner:
        row = owner.execute(COUNTED, (TENANT, reel)).fetchone()
    assert row
    return msgspec.json.decode(row[1], type=Counters).likes


async def _subscribe(client: Client, reel: str, watcher: Watcher) -> None:
    """As the manual says: an ordered consumer of the stream, which is there since the shop was
    filled."""
    subject = f"souk.{TENANT}.engagement.{reel}.>"
    await client.jetstream().subscribe(subject, cb=watcher.take, ordered_consumer=True)


ALL = f"{RATE:,} likes/s of one reel"
WORKS = (
    Work(
        "hot-reel",
        {
            "rate": Figure(f"{ALL}: done", "likes/s"),
            "conflicts": Figure(f"{ALL}: seen by a caller", "conflicts"),
            "uncounted": Figure(f"{ALL}: not in its row at the end", "likes"),
            "p50": Figure(f"{ALL}: like to counters at a subscriber, p50", "ms"),
            "p99": Figure(f"{ALL}: like to counters at a subscriber, p99", "ms"),
        },
        hot,
        souk_before=reels.fill,
    ),
)
