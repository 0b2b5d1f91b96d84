"""Facts at work side by side, that still enter the log one behind the other."""

import asyncio
from collections.abc import Iterable
from contextvars import ContextVar

from application.ports import Append, Appended, Key, Log
from domain.kernel import Recorded


class Turn:
    """A fact's place in the line: it may enter once ``before`` has."""

    def __init__(self, before: "Turn | None" = None) -> None:
        self._before, self._entered = before, asyncio.Event()

    async def enter(self) -> None:
        """Wait for it. Entering again, after a conflict, waits no more."""
        if self._before is not None:
            await self._before._entered.wait()
            self._before = None  # or the whole line would stay in memory

    def leave(self) -> None:
        self._entered.set()


TURN: ContextVar[Turn] = ContextVar("turn")


class Turnstile:
    """A log that hands appends over in the order of their turns, without awaiting each outcome."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def read(self, tenant: str, streams: Iterable[str]) -> dict[str, list[Recorded]]:
        return await self._log.read(tenant, streams)

    async def append(self, append: Append) -> Appended:
        turn = TURN.get()
        await turn.enter()
        handed_over = asyncio.create_task(self._log.append(append))
        await asyncio.sleep(0)  # it is queued now: the next one comes behind it
        turn.leave()
        return await handed_over

    async def answered(self, tenant: str, key: Key) -> bytes | None:
        """Only facts that were looked up and found to be new come here; if one is run by two
        imports at once, the append finds out."""
        return None
