"""Hearing of new events at once. Only a hint: whoever waits looks every second anyway."""

import asyncio
from collections.abc import Sequence

from adapters.log.tail import CHANNEL
from adapters.projector.leader import Bell, connected, persist

LOOK = 1.0  # seconds


async def listen(url: str, bells: Sequence[Bell], stop: asyncio.Event) -> None:
    """Ring at every commit of the log, on a connection that is made again when it dies."""

    async def attempt() -> None:
        async with connected(url, "souk-hints") as db:
            await db.execute(f"LISTEN {CHANNEL}")
            _ring(bells)  # what was committed before LISTEN
            while not stop.is_set():
                async for _ in db.notifies(timeout=LOOK, stop_after=1):
                    _ring(bells)
                await db.execute("SELECT 1")

    await persist("hints", stop, attempt)


def _ring(bells: Sequence[Bell]) -> None:
    for bell in bells:
        bell.ring()
