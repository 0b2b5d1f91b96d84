"""Where roots go, so that they are kept by others than who keeps the log: S3 and NATS."""

import re
from typing import Protocol

import msgspec
import nats
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext

from adapters.media.objects import Gone, Objects
from adapters.nats.connecting import connected
from adapters.projector.outbox import ACK
from adapters.projector.relay import ensure
from adapters.roots.statement import Root
from application.ports import Unavailable

FOLDER, KIND = "roots", "application/json"
TOPIC = "audit.roots"
NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
logger = structlog.get_logger(__name__)


class Away(Exception):
    """The outlet does not answer now."""


class Outlet(Protocol):
    @property
    def name(self) -> str: ...

    async def take(self, root: Root) -> None:
        """May be handed the same root again. Raises Away."""
        ...


def key_of(tenant: str, size: int) -> str:
    return f"{FOLDER}/{tenant}/{size}.json"


class Shelf:
    """S3: one object for each root, which is never overwritten."""

    name = "s3"

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def take(self, root: Root) -> None:
        key = key_of(root.tenant, root.size)
        try:
            there = await self._there(key)
            if there is None:
                await self._objects.put(key, root.file, KIND)
            elif there != root.file:
                logger.error("another root was published before", key=key)
        except Unavailable as error:
            raise Away(error.what) from error

    async def _there(self, key: str) -> bytes | None:
        await self._objects.ready()
        try:
            return b"".join([chunk async for chunk in self._objects.read(key)])
        except Gone:
            return None


class Wire:
    """NATS: `souk.<tenant>.audit.roots`, in the stream of changes; in the shape of a change."""

    name = "nats"

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None

    async def take(self, root: Root) -> None:
        if not NAME.fullmatch(root.tenant):
            logger.error("a root cannot be pushed", tenant=root.tenant)
            return
        try:
            stream = self._stream or await self._connect()
            headers = {"Nats-Msg-Id": f"{TOPIC}:{root.tenant}:{root.size}"}
            subject = f"souk.{root.tenant}.{TOPIC}"
            await stream.publish(subject, message(root), timeout=ACK, headers=headers)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            await self.close()
            raise Away(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        client, self._client, self._stream = self._client, None, None
        if client:
            await client.close()

    async def _connect(self) -> JetStreamContext:
        self._client = await connected(self._url)
        stream = self._client.jetstream(timeout=ACK)
        await ensure(stream)
        self._stream = stream
        return stream


def message(root: Root) -> bytes:
    return msgspec.json.encode({"topic": TOPIC, "position": root.position, "document": root})
