"""The time by which the log is written: Postgres's, as a process's own steady clock tells it."""

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

    async def now(self) -> datetime:
        """Raises Unavailable, once a minute at the most."""
        if self._reading is None or not self._reading.fresh:
            began = steady()
            async with borrow(self._pool) as connection:
                cursor = await connection.execute("SELECT clock_timestamp()")
                ((told,),) = await cursor.fetchall()
            reading = Reading(told)
            self._reading = reading if steady() - began < SOON else None
            return reading.now()
        return self._reading.now()
