"""A subscriber that follows docs/push.md to the letter, and keeps account of what it took."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from random import Random
from typing import Any

import nats
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

STREAM = "SOUK"
WAIT = 0.5  # seconds that a fetch waits
Reread = Callable[[], Awaitable[dict[str, tuple[int, Any]]]]


class Follower:
    """One tenant's. ``reread``: the documents over HTTP, with their positions, by topic."""

    def __init__(self, url: str, tenant: str, reread: Reread, chance: Random) -> None:
        self.tenant, self._url, self._reread, self._chance = tenant, url, reread, chance
        self.documents: dict[str, tuple[int, Any]] = {}  # by topic: position, document
        self.taken: list[tuple[str, int]] = []
        self.violations: list[str] = []
        self.muddled = False
        self._stream: datetime | None = None  # when it was made
        self._last = 0  # place in the stream

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(nats.errors.Error, OSError, TimeoutError):
                client = await nats.connect(
                    self._url, allow_reconnect=False, connect_timeout=2, error_cb=_quietly
                )
                try:
                    while not stop.is_set():
                        await self._follow(client.jetstream(timeout=2), stop)
                finally:
                    with suppress(Exception):
                        await client.close()
            await asyncio.sleep(0.1)

    async def _follow(self, stream: JetStreamContext, stop: asyncio.Event) -> None:
        """From the last message taken on, until told to stop or a message is missing."""
        await self._recognise(stream)
        wanted = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self._last + 1,
            ack_policy=AckPolicy.NONE,
            mem_storage=True,
            inactive_threshold=30,
        )
        subject = f"souk.{self.tenant}.>"
        source = await stream.pull_subscribe(subject, stream=STREAM, config=wanted)
        expected = 1
        while not stop.is_set():
            try:
                messages = await source.fetch(100, timeout=WAIT)
            except nats.errors.TimeoutError:
                await source.consumer_info()  # raises when the server forgot it
                continue
            for message in self._muddle(messages):
                number = message.metadata.sequence.consumer
                if number > expected:
                    await source.unsubscribe()
                    return  # a hole: fetch again from the last one taken
                if number == expected:
                    self._take(message)
                    expected += 1

    async def _recognise(self, stream: JetStreamContext) -> None:
        """A stream made anew has lost what was in it: the documents are read over HTTP."""
        made = (await stream.stream_info(STREAM)).created
        if self._stream is not None and made != self._stream:
            self._last = 0
            try:
                read = await self._reread()
            except Exception as error:  # one of several requests: again, when all is well
                raise nats.errors.Error from error
            for topic, (position, document) in read.items():
                if position > self.documents.get(topic, (0, None))[0]:
                    self.documents[topic] = (position, document)
        self._stream = made

    def _take(self, message: Msg) -> None:
        self._last = message.metadata.sequence.stream
        change = json.loads(message.data)
        topic, position = change["topic"], change["position"]
        if message.subject != f"souk.{self.tenant}.{topic}":
            self.violations.append(f"{self.tenant} was sent {message.subject} about {topic}")
        if position > self.documents.get(topic, (0, None))[0]:
            self.documents[topic] = (position, change["document"])
            self.taken.append((topic, position))

    def _muddle(self, messages: list[Msg]) -> list[Msg]:
        """Some twice, and neighbours changed places, while ``muddled``."""
        if not self.muddled:
            return messages
        twice = [m for m in messages for _ in range(1 + (self._chance.random() < 0.2))]
        for place in range(len(twice) - 1):
            if self._chance.random() < 0.1:
                twice[place], twice[place + 1] = twice[place + 1], twice[place]
        return twice


async def _quietly(error: Exception) -> None:
    """It connects again by itself."""
