"""The time by which the log is written: Postgres's, as a process's own steady clock tells it."""

import asyncio
import time
from datetime import datetime, timedelta
from functools import partial

from adapters.postgres.pools import Pool, borrow

OLD = 60.0  # seconds after which the server's clock is looked at again: it may have been set
SOON = 1.0  # seconds in which an answer tells the time well enough to go by it from now on
# Where there is such a clock, one that goes on while the machine sleeps.
steady = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Reading:
    """The server's time, as it was told just now."""

    def __init__(self, told: datetime) -> None:
        self._told, self._read = told, steady()

    @property
    def fresh(self) -> bool:
        return steady() - self._read < OLD

    def now(self) -> datetime:
        return self._told + timedelta(seconds=steady() - self._read)


class Clock:
    """What this machine's clock shows, nobody needs: it may be an hour off."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._reading: Reading | None = None
        self._asking: asyncio.Task[datetime] | None = None  # one for all who want to know

    async def now(self) -> datetime:
        """Raises Unavailable."""
        if self._reading and self._reading.fresh:
            return self._reading.now()
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask(), name="souk-clock")
            self._asking.add_done_callback(self._asked)
        return await asyncio.shield(self._asking)  # also when who asked first hangs up

    def _asked(self, asking: asyncio.Task[datetime]) -> None:
        self._asking = None
        if not asking.cancelled():
            asking.exception()  # told to whoever is still there

    async def _ask(self) -> datetime:
        async with borrow(self._pool) as connection:
            began = steady()
            cursor = await connection.execute("SELECT clock_timestamp()")
            told: datetime = (await cursor.fetchall())[0][0]
            if steady() - began < SOON:
                self._reading = Reading(told)
        return told
