"""A live server on uvloop with sessions that only note what happens, and a raw client for it."""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import uvloop

from adapters.live.peer import Frame, Limits, Peer, Refusal, Request
from adapters.live.server import Server
from tests.support.patience import PATIENCE

ORIGIN = "https://shop.example"
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
NEVER = 3600.0  # seconds


def patient(**others: Any) -> Limits:
    """Nobody is dropped because the machine stood still, nor pinged between what a test expects."""
    return Limits(**{"ping": NEVER, "patience": NEVER, "waiting": NEVER, **others})


class Noted:
    """A session that answers each message with the same, "fail" by failing."""

    def __init__(self, request: Request, peer: Peer) -> None:
        self.request, self.peer = request, peer
        self.heard: list[str] = []
        self.ended = 0

    def received(self, text: str) -> None:
        self.heard.append(text)
        if text == "fail":
            raise ValueError("as it was told to")
        self.peer.send(Frame(text.encode()))

    def lost(self) -> None:
        self.ended += 1


class House:
    def __init__(self, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        self._loop = loop
        self.ready = True
        self.sessions: list[Noted] = []
        options.setdefault("origins", frozenset({ORIGIN}))
        self.server = Server(self.accept, ready=lambda: self.ready, **options)
        self.port = 0

    async def accept(self, request: Request, peer: Peer) -> Noted:
        match request.query.get("be", [""]):
            case ["refused"]:
                raise Refusal(401, "unauthenticated", "who?", {"WWW-Authenticate": "Bearer"})
            case ["broken"]:
                raise ValueError("as it was told to")
            case ["slow"]:
                await asyncio.sleep(NEVER)
            case ["welcomed"]:
                peer.send(Frame(b'"welcome"'))
            case ["dismissed"]:
                peer.send(Frame(b'"no"'))
                peer.close(4401, "expired")
        self.sessions.append(Noted(request, peer))
        return self.sessions[-1]

    def do(self, act: Callable[[], Any]) -> Any:
        """``act`` on the server's own loop."""

        async def run() -> Any:
            found = act()
            return await found if asyncio.iscoroutine(found) else found

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE)

    def start(self, act: Callable[[], Coroutine[Any, Any, None]]) -> Future[None]:
        """The same, but nobody waits for it."""
        return asyncio.run_coroutine_threadsafe(act(), self._loop)

    def tell(self, *texts: str | bytes) -> None:
        """Send frames to everyone."""
        frames = [Frame(text.encode() if isinstance(text, str) else text) for text in texts]

        def send() -> None:
            for frame in frames:
                for session in self.sessions:
                    session.peer.send(frame)

        self.do(send)


@contextmanager
def open_house(limits: Limits | None = None, **options: Any) -> Iterator[House]:
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def make() -> House:
        return House(loop, limits=limits or patient(), **options)

    house = asyncio.run_coroutine_threadsafe(make(), loop).result(PATIENCE)
    house.port = house.do(lambda: house.server.start("127.0.0.1", 0))
    try:
        yield house
    finally:
        house.do(lambda: house.server.close(0.5))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)


def until(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


def head(target: str = "/api/v1/live", **headers: str) -> bytes:
    """``headers``: in place of the usual ones, with _ for -; an empty one is left out."""
    usual = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY.decode(),
        "Sec-WebSocket-Version": "13",
    }
    usual |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in usual.items() if value]
    return "\r\n".join([f"GET {target} HTTP/1.1", *lines]).encode() + b"\r\n\r\n"


def masked(payload: bytes, opcode: int = 1, fin: bool = True, bits: int = 0) -> bytes:
    mask = b"\x12\x34\x56\x78"
    first = bytes((fin << 7 | bits | opcode,))
    if len(payload) < 126:
        length = bytes((0x80 | len(payload),))
    elif len(payload) < 1 << 16:
        length = b"\xfe" + struct.pack("!H", len(payload))
    else:
        length = b"\xff" + struct.pack("!Q", len(payload))
    body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return first + length + mask + body


class Raw:
    """A socket whose bytes the test makes itself."""

    def __init__(self, port: int, *, receive: int = 0) -> None:
        self.socket = socket.socket()
        if receive:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.kept = bytearray()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and head of the answer."""
        self.send(request)
        answer = self.up_to(b"\r\n\r\n")
        return int(answer.split()[1]), answer

    def upgrade(self, target: str = "/api/v1/live") -> "Raw":
        status, _ = self.ask(head(target))
        assert status == 101
        return self

    def up_to(self, mark: bytes) -> bytes:
        looked = 0
        while (at := self.kept.find(mark, looked)) < 0:
            looked = max(0, len(self.kept) - len(mark) + 1)
            self._more()
        return self.exactly(at + len(mark))

    def exactly(self, number: int) -> bytes:
        while len(self.kept) < number:
            self._more()
        found = bytes(self.kept[:number])
        del self.kept[:number]
        return found

    def rest(self) -> bytes:
        """Everything until the server closes."""
        try:
            while more := self.socket.recv(1 << 16):
                self.kept += more
        except ConnectionResetError:
            pass
        return bytes(self.kept)

    def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame."""
        first, length = self.exactly(2)
        if length == 126:
            length = int.from_bytes(self.exactly(2), "big")
        elif length == 127:
            length = int.from_bytes(self.exactly(8), "big")
        return first & 15, self.exactly(length)

    def code(self) -> int:
        """The close code that comes next but for pings."""
        opcode, payload = self.frame()
        while opcode == 9:
            opcode, payload = self.frame()
        assert opcode == 8, (opcode, payload)
        return int.from_bytes(payload[:2], "big")

    def close(self) -> None:
        self.socket.close()

    def _more(self) -> None:
        more = self.socket.recv(1 << 16)
        if not more:
            raise EOFError(self.kept)
        self.kept += more

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
