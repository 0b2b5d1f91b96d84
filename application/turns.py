"""Who waits for whom within a process: one command at a time on a stream, and for a key."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from application.ports import Key, KeyBusy, Unavailable

TURN = 5.0  # seconds that a command waits for its turn on the streams that it will write
PATIENCE = 10.0  # seconds that a second request waits for the first one of the same key


class Turns:
    """``patience``: seconds that a command waits for its turn."""

    def __init__(self, patience: float = TURN) -> None:
        self._patience = patience
        self._queues: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: defaultdict[str, int] = defaultdict(int)
        self._running: dict[tuple[str, Key], asyncio.Future[None]] = {}

    @asynccontextmanager
    async def on(self, streams: Iterable[str]) -> AsyncIterator[None]:
        """Have them all to oneself. Always in the same order, so that no two wait for each other.

        Raises Unavailable when the turn does not come: a crowd must not wait for ever.
        """
        wanted = sorted(set(streams))
        async with AsyncExitStack() as stack:
            if self._waiting.keys().isdisjoint(wanted):
                await self._take(stack, wanted)  # at once: a timeout would cost more than it all
            else:
                try:
                    async with asyncio.timeout(self._patience):
                        await self._take(stack, wanted)
                except TimeoutError:
                    raise Unavailable("log") from None
            yield

    async def _take(self, stack: AsyncExitStack, streams: Iterable[str]) -> None:
        for stream in streams:
            await stack.enter_async_context(self._queue(stream))

    @asynccontextmanager
    async def _queue(self, stream: str) -> AsyncIterator[None]:
        self._waiting[stream] += 1
        try:
            async with self._queues[stream]:
                yield
        finally:
            self._waiting[stream] -= 1
            if not self._waiting[stream]:
                del self._waiting[stream], self._queues[stream]

    @asynccontextmanager
    async def alone(self, tenant: str, key: Key) -> AsyncIterator[None]:
        """Wait for a running request of the same key. Raises KeyBusy when it takes too long."""
        slot = (tenant, Key(key.principal, key.route, key.key, b""))
        while (first := self._running.get(slot)) is not None:
            try:
                await asyncio.wait_for(asyncio.shield(first), PATIENCE)
            except TimeoutError:
                raise KeyBusy from None
        done = self._running[slot] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            del self._running[slot]
            done.set_result(None)
