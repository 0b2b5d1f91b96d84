"""A connection that is cut when the server says nothing: one that stands still, or is behind a
network that swallows everything, keeps no limit of its own."""

import asyncio
import os
import select
import socket
from contextlib import suppress
from typing import Any

import structlog
from psycopg import AsyncConnection, Error
from psycopg.abc import RV, PQGen

log = structlog.get_logger(__name__)


class Watched(AsyncConnection[tuple[Any, ...]]):
    """``limit``: seconds that it waits for an answer; ``piped``: for all those to one pipeline, of
    which the server says nothing before the last. Beyond it the wait ends as if the server had
    gone: OperationalError, at once.

    To cancel a wait would take ten seconds more: the library asks the server to give up, too. One
    timer for each connection, and not for each wait, costs next to nothing.
    """

    limit = piped = 10.0
    _since: float | None = None  # when it began to wait, on the loop's clock
    _looking: asyncio.TimerHandle | None = None

    async def wait(self, gen: PQGen[RV], *how: Any, **more: Any) -> RV:
        loop = asyncio.get_running_loop()
        self._since = loop.time()
        if self._looking is None:
            self._looking = loop.call_later(self.limit, self._look)
        try:
            return await super().wait(gen, *how, **more)
        finally:
            self._since = None

    def _look(self) -> None:
        self._looking = None
        if self._since is None or self.closed:
            return
        loop = asyncio.get_running_loop()
        limit = self.piped if self.pgconn.pipeline_status else self.limit
        left = self._since + limit - loop.time()
        if left <= 0 and not told(self, select.POLLIN):
            log.warning("postgres says nothing: a connection is cut", seconds=limit)
            _cut(self)
        else:  # what is there to read was not read yet, where it is late: this process is slow
            self._looking = loop.call_later(left if left > 0 else self.limit, self._look)


def told(connection: AsyncConnection[Any], news: int) -> bool:
    """Whether there is any of these ``news``, of poll(2), without waiting."""
    poll = select.poll()
    poll.register(connection.fileno(), news)
    return bool(poll.poll(0))


def _cut(connection: AsyncConnection[Any]) -> None:
    """The end of a copy is that of the socket: the library's own stays its own."""
    with suppress(OSError, Error), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)
