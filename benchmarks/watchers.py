"""Thousands of WebSockets in watch.c, the same for both sides, and what each of them had when."""

import asyncio
import struct
from bisect import bisect_left
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from benchmarks import tools
from benchmarks.work import Site

PATIENCE = 120  # seconds
CHANGE, SNAPSHOT, RESUMED, WRONG = 1, 2, 3, 4
RECORD = struct.Struct("=IIQQ")
UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Authorization: Bearer {token}\r\n\r\n"
)


class Socket(Struct, frozen=True):
    """Who asks, and for what. ``topic``: of Souk; socket.io's rooms are in the path."""

    path: str
    token: str
    topic: str = ""


class Heard(Struct, frozen=True):
    """One message at one socket. ``at``: seconds, of the clock that time.perf_counter has."""

    kind: int
    position: int
    at: float


class End(Struct, frozen=True):
    """How it ended. ``lost``: sockets that a server closed; ``refused``: attempts that failed."""

    ready: int
    lost: int
    refused: int


class Watchers:
    """All of them, connected and subscribed. ``took``: seconds until they were."""

    def __init__(self, child: asyncio.subprocess.Process, out: Path) -> None:
        self._child, self._out = child, out
        self._whole, self._more = 0, asyncio.Event()
        self._ready: asyncio.Queue[float] = asyncio.Queue()
        self._end: End | None = None
        self._reading = asyncio.create_task(self._read())
        self.took = 0.0

    async def ready(self) -> float:
        """Raises RuntimeError when the client died."""
        async with asyncio.timeout(PATIENCE):
            self.took = await self._ready.get()
        if self.took < 0:
            raise RuntimeError("the sockets' client died")
        return self.took

    async def cut(self) -> float:
        """Break all connections at once; seconds until all sockets are there again."""
        self._say("cut")
        return await self.ready()

    async def reached(self, position: int) -> None:
        """Until as many sockets as wanted have that position, or a later one."""
        async with asyncio.timeout(PATIENCE):
            while self._whole < position:
                await self._more.wait()

    async def end(self) -> tuple[End, dict[int, list[Heard]]]:
        """How it ended, and what each socket heard. Raises RuntimeError."""
        self._say("end")
        async with asyncio.timeout(PATIENCE):
            await self._reading
            await self._child.wait()
        if self._end is None:
            raise RuntimeError("the sockets' client died")
        return self._end, heard(self._out.read_bytes())

    def kill(self) -> None:
        self._reading.cancel()
        with suppress(ProcessLookupError):
            self._child.kill()

    def _say(self, command: str) -> None:
        assert self._child.stdin
        self._child.stdin.write(f"{command}\n".encode())

    async def _read(self) -> None:
        assert self._child.stdout
        async for line in self._child.stdout:
            word, _, rest = line.decode().strip().partition(" ")
            if word == "whole":
                self._whole = max(self._whole, int(rest))
                self._more.set()
                self._more = asyncio.Event()
            elif word == "ready":
                self._ready.put_nowait(float(rest))
            elif word == "done":
                self._end = msgspec.json.decode(rest, type=End)
        self._ready.put_nowait(-1)


@asynccontextmanager
async def watching(
    site: Site, port: int, kind: str, sockets: Sequence[Socket], each: int = 0
) -> AsyncIterator[Watchers]:
    """``kind``: "souk" or "sio". ``each``: of how many sockets ``whole`` awaits a change."""
    with TemporaryDirectory(dir=site.folder) as name:
        file, out = Path(name) / "sockets", Path(name) / "heard"
        file.write_bytes(b"".join(packed(sockets)))
        program = await asyncio.to_thread(tools.compiled, site, "watch")
        words = "127.0.0.1", str(port), kind, str(file), str(out), str(each)
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(program, *words, stdin=pipe, stdout=pipe)
        watchers = Watchers(child, out)
        try:
            await watchers.ready()
            yield watchers
        finally:
            watchers.kill()
            await child.wait()


def packed(sockets: Iterable[Socket]) -> Iterable[bytes]:
    for each in sockets:
        for text in (UPGRADE.format(path=each.path, token=each.token), each.topic):
            yield struct.pack("=I", len(text)) + text.encode()


def heard(records: bytes) -> dict[int, list[Heard]]:
    """Raises RuntimeError when something came that should not have."""
    found: defaultdict[int, list[Heard]] = defaultdict(list)
    for socket, kind, position, at in RECORD.iter_unpack(records):
        if kind == WRONG:
            raise RuntimeError(f"socket {socket} was told something else")
        found[socket].append(Heard(kind, position, at / 1e9))
    return found


def changes(told: Iterable[Heard]) -> list[Heard]:
    return [each for each in told if each.kind == CHANGE]


def delays(told: Sequence[Heard], sent: Iterable[tuple[int, float]]) -> list[float]:
    """Milliseconds until one socket had each position, or a later one of the same topic.

    Raises IndexError when it never had one.
    """
    came = changes(told)
    positions = [each.position for each in came]
    return [(came[bisect_left(positions, p)].at - at) * 1000 for p, at in sent]
