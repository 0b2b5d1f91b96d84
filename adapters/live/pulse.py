"""Time, for thousands of connections, in one task: pings that are spread, and deadlines."""

import asyncio
from collections.abc import Callable
from typing import Protocol

STEPS = 100  # of a ping period
LOOK = 0.25  # seconds between two looks for what is overdue


class Beating(Protocol):
    def beat(self) -> None: ...


class Overdue(Protocol):
    def abort(self) -> None: ...


class Deadlines:
    """Who has how long yet; all of them the same ``seconds``, so the first is always next."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[Overdue, float] = {}

    def start(self, who: Overdue) -> None:
        self._until[who] = asyncio.get_running_loop().time() + self._seconds

    def stop(self, who: Overdue) -> None:
        self._until.pop(who, None)

    def look(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._until:
            who, until = next(iter(self._until.items()))
            if until > now:
                return
            del self._until[who]
            who.abort()


async def beating(period: float, everyone: Callable[[], list[Beating]]) -> None:
    """Each of them once in a period, spread over it; who comes meanwhile has time."""
    while True:
        members = everyone()
        share = len(members) // STEPS + 1
        for step in range(STEPS):
            for member in members[step * share : (step + 1) * share]:
                member.beat()
            await asyncio.sleep(period / STEPS)


async def looking(*deadlines: Deadlines) -> None:
    while True:
        await asyncio.sleep(LOOK)
        for each in deadlines:
            each.look()
