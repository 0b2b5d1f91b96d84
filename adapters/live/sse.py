"""One event stream (SSE): the same messages, one way, for who cannot or need not send any."""

import asyncio
import random
from typing import ClassVar

import msgspec

from adapters.live.outlet import FLOWING, House, Outlet, bye
from adapters.live.peer import Frame, Key, Kind

PING = b": ping\n\n"
UNTAKEN = 2  # beats in which the network took nothing, after which nobody is there
SOON, LATER = 500, 10_000  # milliseconds between which a stream that broke is asked for again


class EventStream(Outlet):
    __slots__ = ()
    kind: ClassVar[Kind] = "sse"

    def __init__(self, house: House, transport: asyncio.Transport) -> None:
        super().__init__(house, transport)
        self.push(_retry(random.randint(SOON, LATER)))  # noqa: S311 - only spreads a herd

    def send(self, frame: Frame) -> None:
        self.push(frame.sse)

    def latest(self, key: Key, frame: Frame) -> None:
        self.newest(key, frame.sse)

    def close(self, code: int, reason: str = "") -> None:
        told = {"type": "close", "code": code, "reason": reason}
        self.end(Frame(msgspec.json.encode(told)).sse)

    def dismiss(self, retry_in: float) -> None:
        self.end(_retry(int(retry_in * 1000)) + bye(retry_in).sse)

    def parting(self) -> None:
        """There is no answer to wait for."""
        self._transport.close()

    def beat(self) -> None:
        taken = self._took() or not self._left
        self._silent = 0 if taken else self._silent + 1
        if self._silent > UNTAKEN:
            self._transport.abort()
        elif self._state is FLOWING:
            self._transport.write(PING)


def _retry(milliseconds: int) -> bytes:
    return b"retry: %d\n\n" % milliseconds
