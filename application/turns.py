"""Who waits for whom within a process: one command at a time on a stream, and for a key.

Every command passes here twice: these are plain objects, for generators that are contexts, and
stacks of them, took longer than what they waited for.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from application.ports import Key, KeyBusy, Unavailable

TURN = 5.0  # seconds that a command waits for its turn on the streams that it will write
PATIENCE = 10.0  # seconds that a second request waits for the first one of the same key


class Turns:
    """``patience``: seconds that a command waits for its turn."""

    def __init__(self, patience: float = TURN) -> None:
        self.patience = patience
        self.queues: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.waiting: defaultdict[str, int] = defaultdict(int)
        self.running: dict[tuple[str, Key], asyncio.Future[None]] = {}

    def on(self, streams: Iterable[str]) -> "Turn":
        """To have them all to oneself, ``async with``. Always in the same order, so that no two
        wait for each other.

        Entering raises Unavailable when the turn does not come: a crowd must not wait for ever.
        """
        return Turn(self, sorted(set(streams)))

    def alone(self, tenant: str, key: Key) -> "Alone":
        """To be the only request of its key, ``async with``. Entering waits for one that runs, and
        raises KeyBusy when that takes too long."""
        return Alone(self, (key.tenant or tenant, Key(key.principal, key.route, key.key, b"")))


class Turn:
    def __init__(self, turns: Turns, streams: list[str]) -> None:
        self._turns, self._streams = turns, streams
        self._joined = self._held = 0  # of the streams, from the first on

    async def __aenter__(self) -> None:
        try:
            if self._turns.waiting.keys().isdisjoint(self._streams):
                await self._take()  # at once: a timeout would cost more than it all
            else:
                async with asyncio.timeout(self._turns.patience):
                    await self._take()
        except TimeoutError:
            self._leave()
            raise Unavailable("log") from None
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    async def _take(self) -> None:
        for stream in self._streams:
            self._turns.waiting[stream] += 1
            self._joined += 1
            await self._turns.queues[stream].acquire()
            self._held += 1

    def _leave(self) -> None:
        waiting, queues = self._turns.waiting, self._turns.queues
        for stream in self._streams[: self._held]:
            queues[stream].release()
        for stream in self._streams[: self._joined]:
            waiting[stream] -= 1
            if not waiting[stream]:
                del waiting[stream], queues[stream]


class Alone:
    def __init__(self, turns: Turns, slot: tuple[str, Key]) -> None:
        self._running, self._slot = turns.running, slot

    async def __aenter__(self) -> None:
        while (first := self._running.get(self._slot)) is not None:
            try:
                await asyncio.wait_for(asyncio.shield(first), PATIENCE)
            except TimeoutError:
                raise KeyBusy from None
        self._running[self._slot] = asyncio.get_running_loop().create_future()

    async def __aexit__(self, *_: object) -> None:
        self._running.pop(self._slot).set_result(None)
