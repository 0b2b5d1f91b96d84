"""Timers that have run out, polled from the rows that hold them."""

import time
from asyncio import Event
from collections.abc import Callable, Mapping
from datetime import datetime

from psycopg.errors import UndefinedTable

from adapters.policies.outcomes import PARKED, keep
from adapters.policies.settling import settled
from adapters.postgres.pools import Connection
from application.commands import Commands
from application.policies.kernel import Due, Timer

AT_ONCE = 200
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
    """Fires what has run out, every ``every`` seconds."""

    def __init__(
        self,
        timers: Mapping[str, Timer],
        commands: Commands,
        now: Callable[[], datetime],
        every: float,
        stop: Event,
        at_once: int = AT_ONCE,
    ) -> None:
        self._timers, self._commands, self._now = timers, commands, now
        self._every, self._stop, self._next = every, stop, 0.0
        self._at_once = at_once
        self._parked: set[tuple[str, str, str, datetime]] = set()

    async def tick(self, db: Connection) -> None:
        if time.monotonic() >= self._next:
            for timer in self._timers.values():
                await self._fire_all(db, timer)
            self._next = time.monotonic() + self._every

    async def _fire_all(self, db: Connection, timer: Timer) -> None:
        """To the last: those that are rejected stay due, and must not hide the others."""
        now, last = self._now(), None
        while not self._stop.is_set() and (
            batch := await due(db, timer.name, now, last, self._at_once)
        ):
            for each in batch:
                await self._fire(db, timer, each)
            last = batch[-1]

    async def _fire(self, db: Connection, timer: Timer, each: Due) -> None:
        """What is rejected is asked again next time; what is parked, by the next leader."""
        slot = (timer.name, each.tenant, each.id, each.at)
        if slot in self._parked or self._stop.is_set():
            return

        async def react() -> None:
            await timer.reaction(self._commands, timer.call(each), each)

        outcome = await settled(each.tenant, timer.name, each.position, react, self._stop)
        if outcome and outcome.outcome == PARKED:
            self._parked.add(slot)
            await keep(db, [outcome])
