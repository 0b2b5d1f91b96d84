"""Timers that have run out, polled from the rows that hold them."""

import time
from asyncio import Event, Semaphore, TaskGroup
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from psycopg.errors import UndefinedTable

from adapters.policies.outcomes import PARKED, Outcome, keep
from adapters.policies.settling import settled
from adapters.postgres.pools import Connection
from adapters.projector.leader import sleep
from application.commands import Commands
from application.policies.kernel import Due, Timer

AT_ONCE, FIRING = 200, 16  # in a batch, and of those at the same time
# What was restored for a tenant sets no timer.
_LOUD = (
    "NOT EXISTS (SELECT FROM policies.silences s WHERE s.tenant = own.tenant"
    " AND own.position <= s.until)"
)
_ROWS = {"negotiations": "negotiations_negotiations", "offers": "offers_offers"}


def _of_rows(table: str) -> str:
    """Of rows that have a timer each, in their column ``due``."""
    return (
        f"SELECT tenant, id, due, position FROM read.{table} AS own"
        f" WHERE due <= %s AND (due, tenant, id) > (%s::timestamptz, %s, %s) AND {_LOUD}"
        " ORDER BY due, tenant, id LIMIT %s"
    )


# A timer's rows: whose it is, and when it runs out.
_DUE = {
    "expiry": "SELECT tenant, order_id, expires_at, max(position) FROM read.inventory_holds own"
    f" WHERE expires_at <= %s AND (expires_at, tenant, order_id) > (%s::timestamptz, %s, %s)"
    f" AND {_LOUD}"
    " GROUP BY tenant, order_id, expires_at ORDER BY expires_at, tenant, order_id LIMIT %s",
    **{name: _of_rows(table) for name, table in _ROWS.items()},
}


async def clock(db: Connection) -> datetime:
    """Postgres's, by which the log is written and lists leave out what is over. What runs out does
    so for good, and this machine's clock may be an hour ahead."""
    found = await (await db.execute("SELECT clock_timestamp()")).fetchall()
    now: datetime = found[0][0]
    return now


async def due(
    db: Connection, timer: str, now: datetime, last: Due | None = None, limit: int = AT_ONCE
) -> list[Due]:
    """The earliest of the timers that have run out by ``now``, which is real time; of those that
    come after ``last``."""
    place = (last.at, last.tenant, last.id) if last else ("-infinity", "", "")
    try:
        cursor = await db.execute(_DUE[timer], (now, *place, limit))
    except UndefinedTable:
        return []  # no projector has run here yet
    return [
        Due(tenant, id, at, now, position) for tenant, id, at, position in await cursor.fetchall()
    ]


class Clockwork:
    """Fires what has run out, every ``every`` seconds: a batch at each tick, to the last. Those
    that are rejected stay due, and must not hide the others. ``now`` None: by Postgres's clock."""

    def __init__(
        self,
        timers: Mapping[str, Timer],
        commands: Commands,
        now: Callable[[], datetime] | None,
        every: float,
        stop: Event,
        at_once: int = AT_ONCE,
    ) -> None:
        self._timers, self._commands, self._now = timers, commands, now
        self._every, self._stop, self._next = every, stop, 0.0
        self._at_once, self._room = at_once, Semaphore(FIRING)
        self._round, self._at = dict[str, Due | None](), datetime.max
        self._parked: set[tuple[str, str, str, datetime]] = set()

    async def run(self, db: Connection) -> None:
        """Until stopped."""
        while not self._stop.is_set():
            if not await self.tick(db):
                await sleep(self._stop, self._next - time.monotonic())

    async def tick(self, db: Connection) -> bool:
        """Whether there may be more to fire. All that follows the log goes on in between."""
        if not self._round:
            if time.monotonic() < self._next:
                return False
            self._at = self._now() if self._now else await clock(db)
            self._round = dict.fromkeys(self._timers)
        for name, last in list(self._round.items()):
            batch = await due(db, name, self._at, last, self._at_once)
            if batch:
                await self._fire_all(db, self._timers[name], batch)
                self._round[name] = batch[-1]
            else:
                del self._round[name]
        if not self._round:
            self._next = time.monotonic() + self._every
        return bool(self._round)

    async def _fire_all(self, db: Connection, timer: Timer, batch: Sequence[Due]) -> None:
        async with TaskGroup() as group:
            firing = [group.create_task(self._fire(timer, each)) for each in batch]
        await keep(db, [outcome for each in firing if (outcome := each.result())])

    async def _fire(self, timer: Timer, each: Due) -> Outcome | None:
        """What is rejected is asked again next time; what is parked, by the next leader."""
        slot = (timer.name, each.tenant, each.id, each.at)

        async def react() -> None:
            await timer.reaction(self._commands, timer.call(each), each)

        async with self._room:
            if slot in self._parked or self._stop.is_set():
                return None
            outcome = await settled(each.tenant, timer.name, each.position, react, self._stop)
        if outcome is None or outcome.outcome != PARKED:
            return None
        self._parked.add(slot)
        return outcome
