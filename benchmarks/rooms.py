"""socket.io as NestJS has it: a gateway whose sockets are in rooms, and a route that emits."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

import msgspec

from adapters.embedded.ports import free_ports
from benchmarks import nest
from benchmarks.requests import busy, post, resident
from benchmarks.souk_http import answers
from benchmarks.watchers import Socket
from benchmarks.work import Site

MESSAGE = 750  # bytes of JSON, as Souk's message of a changed product has
JOIN = "/socket.io/?EIO=4&transport=websocket&room="


class Rooms:
    """The shop, and a connection that changes come in by."""

    def __init__(
        self, port: int, server: subprocess.Popen[bytes], write: Callable[[bytes], None]
    ) -> None:
        self.port, self._server, self._write = port, server, write
        self._token, self._numbers = nest.token(), count(1)

    def resident(self) -> float:
        return resident(self._server)

    def busy(self) -> float:
        return busy(self._server)

    def sockets(self, number: int, apart: bool = False) -> list[Socket]:
        """All in one room, or each in one of their own."""
        rooms = (f"room-{n}" if apart else "room" for n in range(number))
        return [Socket(JOIN + room, self._token) for room in rooms]

    async def emit(self) -> int:
        """The number that the message has in place of a position. Nobody waits for the answer."""
        number = next(self._numbers)
        body = {"type": "change", "position": number, "document": ""}
        body["document"] = "x" * (MESSAGE - len(msgspec.json.encode(body)))
        self._write(post("/api/broadcast", self._token, body))
        return number


@asynccontextmanager
async def rooms(site: Site) -> AsyncIterator[Rooms]:
    (port,) = free_ports(1)
    with nest.serving_at(site, "express", 1, port) as server:
        url = f"http://127.0.0.1:{port}/api/products"
        await asyncio.to_thread(answers, url, server, nest.token())
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        drained = asyncio.create_task(reader.read())
        try:
            yield Rooms(port, server, writer.write)
        finally:
            drained.cancel()
            writer.close()
