"""Publishing: every so often a root for each tenant with news, and then to each outlet what it has
not got yet. Nothing is lost while an outlet is away: roots are in Postgres first."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime

import structlog

from adapters.log.tail import head
from adapters.postgres.pools import Connection
from adapters.projector.leader import lead, sleep
from adapters.roots import rows
from adapters.roots.growing import Growing
from adapters.roots.keys import Seal
from adapters.roots.outlets import Away, Outlet
from adapters.roots.rows import RootRow

BATCH = 5_000  # events read at once
WINDOW = 200  # roots handed to an outlet before that is written down
AGAIN = 5.0  # seconds until an outlet that was away is tried again
_EVENTS = (
    "SELECT tenant, position, hash FROM log.events WHERE position > %s AND position <= %s"
    " ORDER BY position LIMIT %s"
)
logger = structlog.get_logger(__name__)


class Publisher:
    """``pem``: the private key that roots are signed with, "" for none. ``every``: seconds."""

    NAME = "souk-roots"

    def __init__(self, url: str, outlets: Sequence[Outlet], pem: str, every: float) -> None:
        self._url, self._outlets, self._every = url, outlets, every
        self._seal = Seal(pem) if pem else None

    async def run(self, stop: asyncio.Event) -> None:
        """While this process leads; returns soon after ``stop`` is set."""
        if self._every:
            await lead(self._url, self.NAME, stop, lambda db: self._job(db, stop))

    async def _job(self, db: Connection, stop: asyncio.Event) -> None:
        while not stop.is_set():
            began = time.monotonic()
            await self.publish(db)
            while not await self.hand_on(db) and not stop.is_set():
                left = began + self._every - time.monotonic()
                if left <= 0:
                    break
                await sleep(stop, min(AGAIN, left))
            await sleep(stop, max(0.0, began + self._every - time.monotonic()))

    async def publish(self, db: Connection) -> int:
        """A root for each tenant with events that are under none; how many."""
        async with db.transaction():
            if self._seal:
                await rows.keep_key(db, self._seal.public)
            grown = await self._grown(db, await rows.last_position(db), await head(db))
            at = await _now(db)
            new = [growing.stated(at, self._seal) for growing in grown.values()]
            await rows.insert(db, sorted(new, key=_position))
        return len(new)

    async def _grown(self, db: Connection, after: int, upto: int) -> dict[str, Growing]:
        """The log is read once for all tenants, and only what is new of it."""
        grown: dict[str, Growing] = {}
        while after < upto:
            cursor = db.cursor(binary=True)
            await cursor.execute(_EVENTS, (after, upto, BATCH))
            events = await cursor.fetchall()
            if not events:
                break
            met = {tenant for tenant, _, _ in events} - grown.keys()
            last = await rows.last_of(db, met)
            grown |= {tenant: Growing(tenant, last.get(tenant)) for tenant in met}
            for tenant, position, hash in events:
                grown[tenant].add(position, hash)
            after = events[-1][1]
        return grown

    async def hand_on(self, db: Connection) -> bool:
        """Whether every outlet has everything now."""
        return all([await self._hand_on(db, outlet) for outlet in self._outlets])

    async def _hand_on(self, db: Connection, outlet: Outlet) -> bool:
        mark, upto = await rows.mark(db, outlet.name), await rows.last_position(db)
        try:
            while window := await rows.between(db, mark, upto, WINDOW):
                for row in window:
                    await outlet.take(row.told)
                mark = window[-1].position
                await rows.move(db, outlet.name, mark)
        except Away as away:
            logger.warning("roots wait", outlet=outlet.name, error=str(away))
            return False
        return True


def _position(row: RootRow) -> int:
    return row.position


async def _now(db: Connection) -> datetime:
    cursor = await db.execute("SELECT clock_timestamp()")
    ((now,),) = await cursor.fetchall()
    assert isinstance(now, datetime)
    return now
