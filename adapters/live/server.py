"""The live gateway's own server: WebSockets and event streams on one port, thousands of each."""

import asyncio
import random
from collections.abc import Callable

from msgspec import Struct

from adapters.live import answers
from adapters.live.listening import BACKLOG, listening
from adapters.live.opening import Opening
from adapters.live.outlet import Outlet
from adapters.live.peer import Accept, Limits, Peer, Request, Session
from adapters.live.pulse import Beating, Deadlines, beating, looking

SOONEST = 0.5  # seconds after which somebody who was sent away may come back


class Counts(Struct, frozen=True):
    """``open``: conversations now. ``cut``: readers that were too slow, ``refused``: who found
    it full, both since the start."""

    open: int
    cut: int
    refused: int


class Server:
    """``origins``: the pages that may ask, exactly as browsers send them; who sends no Origin is
    no browser and may. ``ready``: what /health/ready answers."""

    def __init__(
        self,
        accept: Accept,
        *,
        origins: frozenset[str] = frozenset(),
        limits: Limits | None = None,
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self.origins, self.limits = origins, limits or Limits()
        self._accept, self._ready = accept, ready
        self._gate = asyncio.Semaphore(self.limits.entering)
        self._outlets: set[Outlet] = set()
        self._unsent: list[Outlet] = []
        self._joint = (b"", b"", b"")  # what was last put behind what, and what that gave
        self._openings: set[Opening] = set()
        self._heads = Deadlines(self.limits.patience)
        self._ending = Deadlines(self.limits.farewell)
        self._entering = self._cut = self._refused = 0
        self._closing = False
        self._servers: list[asyncio.Server] = []
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def counts(self) -> Counts:
        return Counts(len(self._outlets), self._cut, self._refused)

    @property
    def ready(self) -> bool:
        return not self._closing and self._ready()

    async def start(self, host: str, port: int) -> int:
        """The port that it listens at; any free one when 0 is asked for. Raises Unbound."""
        loop = asyncio.get_running_loop()
        sockets = listening(host, port)
        for each in sockets:
            self._servers.append(
                await loop.create_server(lambda: Opening(self), sock=each, backlog=BACKLOG)
            )
        pings = beating(self.limits.ping, self._everyone)
        self._tasks = [
            asyncio.create_task(pings),
            asyncio.create_task(looking(self._heads, self._ending)),
        ]
        return int(sockets[0].getsockname()[1])

    async def close(self, retry_within: float = 10.0) -> None:
        """Tell everyone to come back at a time of their own within so many seconds, and let them
        go; nobody is waited for longer than ``farewell``."""
        self._closing = True
        for server in self._servers:
            server.close()
        for outlet in list(self._outlets):
            outlet.dismiss(random.uniform(SOONEST, max(SOONEST, retry_within)))  # noqa: S311
        for opening in list(self._openings):
            opening.abort()
        await self._emptied()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _emptied(self) -> None:
        """Who is dismissed goes, or is aborted when the time is over."""
        while self._outlets or self._openings:  # noqa: ASYNC110 - looks may be late
            await asyncio.sleep(0.02)

    def _everyone(self) -> list[Beating]:
        return list(self._outlets)

    def opened(self, opening: Opening) -> None:
        self._openings.add(opening)
        held = len(self._openings) + len(self._outlets)
        full = len(self._openings) > self.limits.openings or held > self.limits.connections
        if self._closing or full:
            self._refused += 1
            raise answers.full("too many ask at once")
        self._heads.start(opening)

    def heard(self, opening: Opening) -> None:
        self._heads.stop(opening)

    def answered(self, opening: Opening) -> None:
        self._heads.stop(opening)
        self._ending.start(opening)

    def gone(self, opening: Opening) -> None:
        self._heads.stop(opening)
        self._ending.stop(opening)
        self._openings.discard(opening)

    async def admit(self, request: Request, peer: Peer) -> Session:
        """Raises Refusal."""
        if len(self._outlets) + self._entering >= self.limits.sockets:
            self._refused += 1
            raise answers.full("too many are here")
        self._entering += 1
        try:
            async with asyncio.timeout(self.limits.waiting), self._gate:
                return await self._accept(request, peer)
        except TimeoutError:
            raise answers.full("it took too long") from None
        finally:
            self._entering -= 1

    def entered(self, outlet: Outlet) -> None:
        self._outlets.add(outlet)

    def ending(self, outlet: Outlet) -> None:
        self._ending.start(outlet)

    def left(self, outlet: Outlet, cut: bool) -> None:
        self._outlets.discard(outlet)
        self._ending.stop(outlet)
        self._cut += cut

    def flush_soon(self, outlet: Outlet) -> None:
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(outlet)

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        for outlet in unsent:
            outlet.flush()

    def joined(self, first: bytes, then: bytes) -> bytes:
        if self._joint[0] is not first or self._joint[1] is not then:
            self._joint = first, then, first + then
        return self._joint[2]
