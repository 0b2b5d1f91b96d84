"""Whose token runs out when: one look a second for all conversations."""

import asyncio
import time
from contextlib import suppress
from typing import Protocol


class Expiring(Protocol):
    def expired(self) -> None: ...


class Expiries:
    """Conversations by the second in which their token runs out."""

    def __init__(self) -> None:
        self._due: dict[int, set[Expiring]] = {}

    def add(self, one: Expiring, at: int) -> None:
        """``at``: seconds since the epoch."""
        self._due.setdefault(at, set()).add(one)

    def discard(self, one: Expiring, at: int) -> None:
        found = self._due.get(at)
        if found is not None:
            found.discard(one)
            if not found:
                del self._due[at]

    def look(self, now: float) -> None:
        for at in sorted(second for second in self._due if second <= now):
            for one in self._due.pop(at):
                one.expired()

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.look(time.time())
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1 - time.time() % 1)
