"""Who is at the other end of a socket or an event stream, and what a conversation may do to it."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import ClassVar, Literal, Protocol

from msgspec import Struct

Kind = Literal["websocket", "sse"]
Key = tuple[str, str]  # a topic, and what of it; what ``latest`` replaces
TEXT = 0x81  # one whole text message, not masked: what servers send


class Frame:
    """One JSON message, encoded once for however many read it.

    ``id`` is what an event stream resumes from (``Last-Event-ID``); sockets are not sent it.
    """

    __slots__ = ("_sse", "id", "json", "ws")

    def __init__(self, json: bytes, id: str = "") -> None:
        self.json = json
        self.id = id
        self.ws = _header(len(json)) + json
        self._sse = b""

    @property
    def sse(self) -> bytes:
        if not self._sse:
            head = f"id: {self.id}\n".encode() if self.id else b""
            self._sse = head + b"data: " + self.json + b"\n\n"
        return self._sse


def _header(length: int) -> bytes:
    if length < 126:
        return bytes((TEXT, length))
    if length < 1 << 16:
        return bytes((TEXT, 126)) + length.to_bytes(2, "big")
    return bytes((TEXT, 127)) + length.to_bytes(8, "big")


class Request(Struct, frozen=True):
    """The head of the request that wants to be a conversation. Names of headers are lower-case."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    remote: str


class Peer(ABC):
    """One reader. Nothing here waits or raises, and after the end nothing here does anything.

    May be spoken to from within ``Accept`` already: that is sent right after the upgrade.
    """

    __slots__ = ()
    kind: ClassVar[Kind]

    @property
    @abstractmethod
    def closed(self) -> bool:
        """True from ``close``, the reader's own going, or its being cut."""

    @abstractmethod
    def send(self, frame: Frame) -> None:
        """Send it after all that was sent before.

        A reader whose network takes nothing more is cut (1013) when a bounded outbox is full, so
        whoever sends much of their own accord (a snapshot, a history) awaits ``drained`` before
        each piece of it.
        """

    @abstractmethod
    async def drained(self) -> None:
        """Until nothing waits for the network, or it is closed. At once while in ``Accept``."""

    @abstractmethod
    def latest(self, key: Key, frame: Frame) -> None:
        """Send it, or put it in the place of an unsent one of this key (what was sent by
        ``send`` meanwhile may overtake it)."""

    @abstractmethod
    def forget(self, topic: str) -> None:
        """Throw away what is unsent of it by ``latest``: what is sent next would overtake it."""

    @abstractmethod
    def close(self, code: int, reason: str = "") -> None:
        """End it with a close code of RFC 6455 and at most 123 bytes of reason.

        An event stream has no close codes: it is told ``{"type":"close","code","reason"}``.
        """


class Session(Protocol):
    """One conversation. Neither may raise; what takes long is the session's own task."""

    def received(self, text: str) -> None:
        """A whole text message of the client (never called for an event stream)."""

    def lost(self) -> None:
        """It ended, whoever ended it. Called once, last, for every session ``Accept`` gave."""


class Refusal(Exception):
    """Raised by ``Accept``: the request is answered with this as problem+json."""

    def __init__(
        self, status: int, code: str, detail: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail, self.headers = status, code, detail, headers or {}


Accept = Callable[[Request, Peer], Awaitable[Session]]


class Limits(Struct, frozen=True, kw_only=True):
    """Sizes in bytes, times in seconds."""

    sockets: int = 20_000
    connections: int = 40_000  # conversations, and what may become one
    openings: int = 20_000  # connections that are not conversations yet
    entering: int = 256  # of those, in Accept at once; the others wait
    head: int = 16 * 1024
    patience: float = 10.0  # for the head
    waiting: float = 30.0  # for a turn in Accept, and Accept
    message: int = 16 * 1024  # what a client may send at once, whole
    rate: int = 50  # messages a second from one client
    burst: int = 150  # of those at once: all that one reader may watch, and more
    ping: float = 25.0  # between two pings
    outbox: int = 256 * 1024  # not yet taken by the network
    frames: int = 1024  # the same, counted
    farewell: float = 2.0  # for the other side to answer a close
