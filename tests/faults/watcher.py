"""A live watcher, by WebSocket or by event stream, that is cut off all the time."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

SHORTEST, LONGEST = 0.2, 2.5  # seconds of one connection
LARGEST = 64 * 1024 * 1024  # bytes of one message: all carts that a new price changes are in one
PATIENCE = 3.0  # seconds for the head of an answer
AWAY = (OSError, TimeoutError, EOFError, WebSocketException)


class Watcher:
    """One topic, watched as the page says. ``told``: the changes behind the snapshot, each a
    position with the ids that changed there; ``held``: the documents by now."""

    def __init__(
        self,
        tenant: str,
        topic: str,
        url: str,
        token: Callable[[], str],
        by_stream: bool,
        foreign: Sequence[str],
    ) -> None:
        """``foreign``: words that are only in what is another tenant's."""
        self._foreign = foreign
        self.tenant, self.topic, self.by_stream = tenant, topic, by_stream
        self._url, self._token = url, token
        self._chance = Random(f"{tenant}{topic}{by_stream}")
        self.position: int | None = None
        self.began = 0  # the snapshot's position
        self.told: list[tuple[int, frozenset[str]]] = []
        self.held: dict[str, Any] = {}
        self.violations: list[str] = []
        self.resumes = 0
        self._resumed = False

    @property
    def name(self) -> str:
        way = "event stream" if self.by_stream else "socket"
        return f"{self.tenant}'s {way} of {self.topic}"

    async def run(self, stop: asyncio.Event) -> None:
        stopped = asyncio.create_task(stop.wait())
        while not stop.is_set():
            await self._connection(stopped)
            await asyncio.sleep(self._chance.uniform(0.02, 0.2))

    async def _connection(self, stopped: asyncio.Task[Any]) -> None:
        """One, which ends when its time is over, whatever is on its way."""
        reading = asyncio.create_task(self._read())
        lasts = self._chance.uniform(SHORTEST, LONGEST)
        await asyncio.wait([reading, stopped], timeout=lasts, return_when=asyncio.FIRST_COMPLETED)
        reading.cancel()
        with suppress(asyncio.CancelledError, *AWAY):
            await reading

    async def _read(self) -> None:
        self._resumed = False
        async for text in self._stream() if self.by_stream else self._socket():
            self._hear(text)

    async def _socket(self) -> AsyncIterator[str]:
        url = f"{self._url.replace('http', 'ws', 1)}/api/v1/live"
        async with connect(
            url,
            additional_headers={"Authorization": f"Bearer {self._token()}"},
            compression=None,
            max_size=None,
            open_timeout=PATIENCE,
            close_timeout=0.1,
        ) as socket:
            after = {} if self.position is None else {"after": self.position}
            await socket.send(json.dumps({"type": "subscribe", "topic": self.topic, **after}))
            async for text in socket:
                yield str(text)

    async def _stream(self) -> AsyncIterator[str]:
        headers = {"Authorization": f"Bearer {self._token()}"}
        if self.position is not None:
            headers["Last-Event-ID"] = str(self.position)
        address = urlsplit(self._url)
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(
                address.hostname, address.port, limit=LARGEST
            )
        try:
            lines = [f"GET /api/v1/live/events?topic={self.topic} HTTP/1.1", "Host: souk"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode())
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
            while head.split()[1] == b"200" and (line := await reader.readline()):
                if line.startswith(b"data: "):
                    yield line[6:].decode()
        finally:
            writer.transport.abort()

    def _hear(self, text: str) -> None:
        message = json.loads(text)
        for word in self._foreign:
            if word in text:
                self._wrong(f"was told of {word}: {text[:200]}")
        match message:
            case {"type": "snapshot", "position": position, "items": items}:
                self._begin(position, items, message["complete"])
            case {"type": "resumed", "position": position}:
                self.resumes, self._resumed = self.resumes + 1, True
                if position != self.position:
                    self._wrong(f"was resumed at {position}, not {self.position}")
            case {"type": "change", "position": position, "id": id, "document": document}:
                self._change(position, {id: document})
            case {"type": "changes", "position": position, "items": items}:
                self._change(position, {item["id"]: item["document"] for item in items})
            case {"type": "hello" | "bye" | "close"} | {"type": "error", "code": "unavailable"}:
                pass
            case _:
                self._wrong(f"was told {text[:200]}")

    def _begin(self, position: int, items: list[dict[str, Any]], complete: bool) -> None:
        """Once: what it knows is a base to go on from, whatever happens."""
        if self.position is not None or not complete:
            self._wrong(f"was told everything anew at {position}, complete: {complete}")
        self._resumed = True
        self.began = self.position = position
        self.held = {item["id"]: item["document"] for item in items}

    def _change(self, position: int, documents: dict[str, Any]) -> None:
        if not self._resumed or self.position is None or position <= self.position:
            self._wrong(f"was told of {position} after {self.position}")
        self.position = position
        self.told.append((position, frozenset(documents)))
        self.held |= documents

    def _wrong(self, what: str) -> None:
        self.violations.append(f"{self.name} {what}")
