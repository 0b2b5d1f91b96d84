"""A gateway on a running Souk, and readers of it that keep what they are told."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.live.peer import Frame, Key, Peer, Refusal, Request
from entrypoints.live.gateway import Gateway
from entrypoints.live.wiring import connect
from tests.support.http import Api
from tests.support.patience import PATIENCE

ANSWERS = ("snapshot", "resumed", "resync", "error")  # to a subscription


class Reader(Peer):
    """The transport's port, as plain as it can be: everything that is sent is kept.

    ``open``: an Event that can be cleared, so that the reader's network takes nothing.
    """

    def __init__(self, kind: str = "websocket") -> None:
        self.kind = kind  # type: ignore[misc]
        self.frames: list[Frame] = []
        self.code: int | None = None
        self.session = None
        self.open = asyncio.Event()
        self.open.set()
        self._news = asyncio.Event()

    @property
    def closed(self) -> bool:
        return self.code is not None

    def send(self, frame: Frame) -> None:
        self.frames.append(frame)
        self._news.set()

    def latest(self, key: Key, frame: Frame) -> None:
        self.send(frame)

    def forget(self, topic: str) -> None:
        pass

    async def drained(self) -> None:
        await self.open.wait()

    def close(self, code: int, reason: str = "") -> None:
        self.code = code
        self._news.set()

    @property
    def told(self) -> list[dict]:
        return [json.loads(frame.json) for frame in self.frames]

    def of(self, topic: str) -> list[dict]:
        return [message for message in self.told if message.get("topic") == topic]

    def ask(self, **message: object) -> None:
        self.session.received(json.dumps(message))

    def leave(self) -> None:
        self.code = self.code or 1000
        self.session.lost()

    async def until(self, true, within: float = PATIENCE) -> dict:
        """The first message, of all so far and to come, that is so."""
        async with asyncio.timeout(within):
            seen = 0
            while True:
                self._news.clear()
                for frame in self.frames[seen:]:
                    seen += 1
                    if true(message := json.loads(frame.json)):
                        return message
                await self._news.wait()

    async def subscribed(self, topic: str, after: int | None = None) -> dict:
        """The answer to a subscription: snapshot, resumed, resync or error."""
        before = len(self.frames)
        self.ask(type="subscribe", topic=topic, **({} if after is None else {"after": after}))
        async with asyncio.timeout(PATIENCE):
            while True:
                self._news.clear()
                for frame in self.frames[before:]:
                    message = json.loads(frame.json)
                    if message.get("topic") == topic and message["type"] in ANSWERS:
                        return message
                await self._news.wait()

    def documents(self) -> dict[str, dict[str, dict]]:
        """By topic and id what a client would hold by now."""
        held: dict[str, dict[str, dict]] = defaultdict(dict)
        for message in self.told:
            match message:
                case {"type": "snapshot", "topic": topic, "items": items}:
                    held[topic] = {item["id"]: item["document"] for item in items}
                case {"type": "change", "topic": topic, "id": id, "document": document}:
                    held[topic][id] = document
                case {"type": "changes", "topic": topic, "items": items}:
                    held[topic] |= {item["id"]: item["document"] for item in items}
        return held


class Readers:
    """Whoever comes to a gateway."""

    def __init__(self, gateway: Gateway, api: Api) -> None:
        self.gateway, self.api = gateway, api

    async def of(self, role: str, user: str, tenant: str = "bazaar") -> Reader:
        return await self.signed_in(self.api.token(role, user, tenant))

    async def signed_in(self, token: str) -> Reader:
        return await self.enter({"authorization": f"Bearer {token}"})

    async def enter(
        self,
        headers: dict[str, str] | None = None,
        kind: str = "websocket",
        **query: list[str],
    ) -> Reader:
        """Raises Refusal."""
        path = "/api/v1/live" if kind == "websocket" else "/api/v1/live/events"
        reader = Reader(kind)
        request = Request("GET", path, query, headers or {}, "127.0.0.1")
        reader.session = await self.gateway.accept(request, reader)
        return reader

    async def refused(self, *args, **more) -> Refusal:
        try:
            await self.enter(*args, **more)
        except Refusal as refusal:
            return refusal
        raise AssertionError("nobody refused")


@asynccontextmanager
async def running_gateway(api: Api) -> AsyncIterator[Readers]:
    async with connect(api.souk.settings) as live:
        yield Readers(live.gateway, api)
