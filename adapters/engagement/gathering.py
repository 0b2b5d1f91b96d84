"""Brings gathered views into the log: each batch once, whatever dies in between."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from uuid import UUID, uuid4, uuid5

from adapters.engagement.watched import Watched
from adapters.postgres.pools import Connection
from adapters.projector.leader import lead, sleep
from application.commands import Commands
from application.engagement import Engagement
from application.ports import Call, Key, Log, Origin

EVERY = 1.0  # seconds between batches
AT_ONCE = 500  # reels in one command
POLICY = "policy:views"


class Gathering:
    """One leader closes a batch after the other and counts it in the log under a key of its own.

    A batch never changes and stays until it is counted: counted again, its key says so.
    """

    def __init__(self, url: str, log: Log, watched: Watched, every: float = EVERY) -> None:
        """``every``: seconds between two batches."""
        self._url, self._watched, self._every = url, watched, every
        self._engagement = Engagement(Commands(log))

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped, through any failure of the servers."""
        await lead(self._url, "souk-views", stop, lambda db: self._job(db, stop))

    async def _job(self, db: Connection, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await db.execute("SELECT 1")  # the lead is still this one's
            await self.step()
            await sleep(stop, self._every)

    async def step(self) -> int:
        """Close a batch, and count all there are; how many views that were."""
        await self._watched.batch(uuid4().hex)
        if not (names := await self._watched.batches()):
            return 0
        await self._watched.settle()
        return sum([await self._count(name) for name in names])

    async def _count(self, name: str) -> int:
        counts = await self._watched.counts(name)
        for number, (tenant, some) in enumerate(_parts(counts)):
            await self._engagement.count(_call(tenant, name, number), some)
        await self._watched.done(name)
        return sum(counts.values())


def _parts(counts: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, dict[str, int]]]:
    """Each of one tenant; always the same ones of the same batch."""
    tenants: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for tenant, reel in sorted(counts):
        tenants[tenant][reel] = counts[tenant, reel]
    for tenant, reels in tenants.items():
        items = iter(reels.items())
        while some := dict(islice(items, AT_ONCE)):
            yield tenant, some


def _call(tenant: str, name: str, number: int) -> Call:
    id = uuid5(UUID(name), f"{tenant}/{number}")
    key = Key(POLICY, "views", f"{name}/{number}", b"")
    return Call(tenant, POLICY, id, id, key=key, origin=Origin("policy"))
