"""One WebSocket, from its upgrade on."""

import asyncio
from typing import ClassVar

import structlog

from adapters.live.frames import (
    GOING,
    INTERNAL,
    NONE,
    NORMAL,
    PING,
    POLICY,
    RESTART,
    Broken,
    Closed,
    Event,
    Incoming,
    Message,
    Pinged,
    closing,
    pong,
)
from adapters.live.outlet import CLOSING, FLOWING, House, Outlet, bye
from adapters.live.peer import Frame, Key, Kind

logger = structlog.get_logger(__name__)
UNANSWERED = 2  # pings, after which nobody is there


class WebSocket(Outlet):
    __slots__ = ("_due", "_incoming", "_parted")
    kind: ClassVar[Kind] = "websocket"

    def __init__(self, house: House, transport: asyncio.Transport) -> None:
        super().__init__(house, transport)
        self._incoming: Incoming | None = None
        self._due = 0.0  # when the frames that came so far would have come at the allowed rate
        self._parted = False  # nothing that still comes matters

    def send(self, frame: Frame) -> None:
        self.push(frame.ws)

    def latest(self, key: Key, frame: Frame) -> None:
        self.newest(key, frame.ws)

    def close(self, code: int, reason: str = "") -> None:
        self.end(closing(code, reason))

    def dismiss(self, retry_in: float) -> None:
        self.end(bye(retry_in).ws + closing(RESTART, "the server restarts"))

    def data_received(self, data: bytes) -> None:
        self._silent = 0
        if self._parted:
            return
        incoming = self._incoming or Incoming(self._house.limits.message)
        try:
            for event in incoming.feed(data):
                self._count()
                self._take(event)
            self._incoming = None if incoming.idle else incoming
        except Broken as broken:
            self._fail(broken.code, broken.why)
        except Exception as error:
            logger.error("a live session failed", exc_info=error)
            self._fail(INTERNAL, "it is logged")

    def _fail(self, code: int, why: str) -> None:
        """What they still send is read and thrown away, so that their network doesn't throw away
        our reason; their own end of the connection is theirs to close."""
        self._parted, self._incoming = True, None
        self.close(code, why)
        if not self._transport.is_closing():
            self._transport.write_eof()

    def _count(self) -> None:
        """Raises Broken."""
        limits, now = self._house.limits, asyncio.get_running_loop().time()
        rate = limits.rate
        self._due = max(self._due, now) + 1 / rate
        if self._due > now + limits.burst / rate:
            raise Broken(POLICY, f"at most {rate} messages a second")

    def _take(self, event: Event | None) -> None:
        match event:
            case Message(text=text):
                if self._session and self._state < CLOSING:
                    self._session.received(text)
            case Pinged(payload=payload):
                self.push(pong(payload))
            case Closed(code=code):
                self._answered(code)

    def _answered(self, code: int) -> None:
        """Theirs, or their answer to ours: either way the connection is ours to end."""
        self._parted = True
        if self._state < CLOSING:
            self.close(code if code in (NONE, NORMAL, GOING) or code >= 3000 else NORMAL)
        self._transport.close()

    def parting(self) -> None:
        """The other side answers first; it is cut off when it does not."""

    def beat(self) -> None:
        self._silent = 0 if self._took() else self._silent + 1
        if self._silent > UNANSWERED:
            self._transport.abort()
        elif self._state is FLOWING:
            self._transport.write(PING)
