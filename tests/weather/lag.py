"""How long the event loop is kept from its work: the longest delay of a tick."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TICK = 0.01  # seconds


class Lag:
    def __init__(self) -> None:
        self.longest = 0.0  # seconds

    async def watch(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(TICK)
            self.longest = max(self.longest, time.perf_counter() - began - TICK)


@asynccontextmanager
async def measured(record, name) -> AsyncIterator[Lag]:
    """``record``: pytest's record_property, which keeps the figure with the test's result."""
    lag = Lag()
    watching = asyncio.create_task(lag.watch())
    try:
        yield lag
    finally:
        watching.cancel()
        record(f"{name}: longest delay of the event loop, ms", round(lag.longest * 1000, 1))
