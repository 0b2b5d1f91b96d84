"""A connection until it is a conversation: its head is read, looked at, and answered."""

import asyncio
from typing import Protocol, cast

import structlog

from adapters.live import answers, head
from adapters.live.outlet import House, Outlet
from adapters.live.peer import Peer, Refusal, Request, Session
from adapters.live.sse import EventStream
from adapters.live.websocket import WebSocket

SOCKETS, STREAMS = "/api/v1/live", "/api/v1/live/events"
ALIVE, READY = "/health/live", "/health/ready"
logger = structlog.get_logger(__name__)


class Door(House, Protocol):
    """What else of the server a connection needs while it opens."""

    origins: frozenset[str]

    @property
    def ready(self) -> bool: ...

    def opened(self, opening: "Opening") -> None:
        """It has ``patience`` seconds to say what it wants, then ``abort`` is called.

        Raises Refusal when there are too many."""

    def heard(self, opening: "Opening") -> None: ...

    def answered(self, opening: "Opening") -> None:
        """It has ``farewell`` seconds to go by itself, then ``abort`` is called."""

    def gone(self, opening: "Opening") -> None: ...

    async def admit(self, request: Request, peer: Peer) -> Session:
        """Raises Refusal."""


class Opening(asyncio.Protocol):
    __slots__ = ("_done", "_door", "_early", "_head", "_origin", "_path", "_task", "_transport")

    def __init__(self, door: Door) -> None:
        self._door = door
        self._head: head.Head | None = None  # made when something comes: thousands may wait
        self._early = b""  # what came behind the head, until somebody listens
        self._done = False
        self._path = ""
        self._origin: str | None = None  # if it is one that may ask
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        try:
            self._door.opened(self)
        except Refusal as refusal:
            self._refuse(refusal)

    def data_received(self, data: bytes) -> None:
        if self._task:
            self._keep(data)
        if self._done:
            return
        self._head = self._head or head.Head(self._door.limits.head)
        try:
            request = self._head.feed(data, self._remote())
            if request:
                self._path = request.path
                origin = request.headers.get("origin")
                self._origin = origin if origin in self._door.origins else None
                self._route(request)
        except Refusal as refusal:
            self._refuse(refusal)

    def _keep(self, data: bytes) -> None:
        self._early += data
        if len(self._early) > self._door.limits.head:
            self._transport.abort()

    def _remote(self) -> str:
        found = self._transport.get_extra_info("peername")
        return str(found[0]) if found else ""

    def _route(self, request: Request) -> None:
        """Raises Refusal."""
        if request.path not in (SOCKETS, STREAMS, ALIVE, READY):
            raise Refusal(404, "not_found")
        if request.method == "OPTIONS":
            self._answer(answers.options(self._origin))
        elif request.path in (ALIVE, READY) and request.method in ("GET", "HEAD"):
            well = request.path == ALIVE or self._door.ready
            told = answers.plain(200 if well else 503, {"status": "ok" if well else "unavailable"})
            self._answer(told if request.method == "GET" else answers.without_body(told))
        elif request.method != "GET":
            raise Refusal(405, "method_not_allowed", headers={"Allow": answers.METHODS})
        else:
            self._begin(request)

    def _begin(self, request: Request) -> None:
        """Raises Refusal."""
        if "origin" in request.headers and self._origin is None:
            raise Refusal(403, "forbidden", "this origin may not ask here")
        peer: Outlet
        if request.path == SOCKETS:
            granted = head.upgrade(request)
            peer = WebSocket(self._door, self._transport)
        else:
            granted = answers.stream(self._origin)
            peer = EventStream(self._door, self._transport)
        assert self._head
        self._early, self._head, self._done = self._head.rest, None, True
        self._door.heard(self)
        self._task = asyncio.create_task(self._enter(request, peer, granted))

    async def _enter(self, request: Request, peer: Outlet, granted: bytes) -> None:
        try:
            session = await self._door.admit(request, peer)
        except Refusal as refusal:
            self._refuse(refusal)
        except Exception as error:
            logger.error("a live request failed", exc_info=error)
            self._refuse(Refusal(500, "internal", "it is logged"))
        else:
            self._hand_over(peer, session, granted)

    def _hand_over(self, peer: Outlet, session: Session, granted: bytes) -> None:
        if self._transport.is_closing():
            session.lost()
            return
        self._door.gone(self)
        peer.enter(session, granted)
        if self._early:
            peer.data_received(self._early)

    def _refuse(self, refusal: Refusal) -> None:
        self._answer(answers.problem(refusal, self._path, self._origin))

    def _answer(self, answer: bytes) -> None:
        """The connection stays open a moment for what they are still sending, since their network
        would throw our answer away otherwise."""
        self._head, self._done, self._task = None, True, None
        if not self._transport.is_closing():
            self._transport.write(answer)
            self._transport.write_eof()
            self._door.answered(self)

    def abort(self) -> None:
        """It took too long, or the server goes."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head, self._done = None, True
        self._door.gone(self)
        if self._task:
            self._task.cancel()
