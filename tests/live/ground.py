"""Changes in read.changes, and someone who publishes them as well, or as badly, as is wanted."""

import asyncio
from contextlib import asynccontextmanager, suppress

import nats

from adapters.live.feed import Feed
from adapters.projector import changes
from adapters.projector.changes import Change
from adapters.projector.documents import Stored
from adapters.projector.leader import Bell
from adapters.projector.marks import HEADER, Marks
from adapters.projector.relay import Relay, message
from tests.projector.toys import prepare, projecting
from tests.support.patience import PATIENCE

TOYS = "toys"


def row(tenant, topic, position, document=b"{}", first=False):
    return Change(tenant, topic, position, "toys_lamps", topic, Stored(document, None), first)


class Ledger:
    """One projection's changes, and how far they are sent."""

    def __init__(self, db):
        self.db, self._marks, self._looked = db, Marks(), 0

    async def write(self, rows, late=False):
        """In one transaction, as a projector does."""
        async with self.db.transaction():
            await changes.write(self.db, TOYS, rows, late)

    async def window(self, limit=1000):
        """The next changes with their marks, and the last row."""
        rows = await changes.after(self.db, TOYS, self._looked, limit + 1)
        rows, following = rows[:limit], rows[limit] if len(rows) > limit else None
        if not rows:
            return [], None
        marked = self._marks.of(TOYS, self._looked, rows, following)
        self._marks.sent(TOYS, rows[-1].seq)
        self._looked = rows[-1].seq
        return marked, rows[-1]

    async def sent(self, last):
        await changes.sent(self.db, {TOYS: last})

    async def all(self):
        """What is to be handed on, in order, as (seq, topic, position, document, first, late)."""
        cursor = await self.db.execute(
            "SELECT seq, topic, position, document, first, late FROM read.changes"
            " WHERE topic <> '' ORDER BY seq"
        )
        return [(*r[:3], bytes(r[3] or b"null"), *r[4:]) for r in await cursor.fetchall()]


def told(change):
    """A change as a Ledger's row."""
    at = change.seq, change.topic, change.position, change.document
    return (*at, change.first, change.late)


@asynccontextmanager
async def ledger(database):
    await prepare(database)
    async with projecting(database) as db:
        yield Ledger(db)


@asynccontextmanager
async def publishing(url):
    """Publishes marked changes, as the relay does."""
    client = await nats.connect(url)

    async def publish(change, mark):
        subject = f"souk.{change.tenant}.{change.topic}"
        await client.publish(subject, message(change), headers={HEADER: str(mark)})

    try:
        yield publish
    finally:
        await client.close()


@asynccontextmanager
async def fed(database, nats_url, take, begin=lambda *about: None, projections=(TOYS,)):
    """A feed that runs."""
    stop = asyncio.Event()
    feed = Feed(database, nats_url, projections, take, begin)
    running = asyncio.create_task(feed.run(stop))
    feed.running = running
    try:
        yield feed
    finally:
        stop.set()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(running, PATIENCE)


@asynccontextmanager
async def relaying(database, nats_url):
    """A relay that runs."""
    stop, bell, relay = asyncio.Event(), Bell(), Relay(nats_url, [TOYS])
    async with projecting(database) as db:
        running = asyncio.create_task(relay.run(db, bell, stop))
        try:
            yield
        finally:
            stop.set()
            bell.ring()
            await asyncio.wait_for(running, PATIENCE)
            await relay.close()
