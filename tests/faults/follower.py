"""A subscriber that follows docs/push.md to the letter, and keeps account of what it took."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, DeliverPolicy

WAIT = 0.5  # seconds that a fetch waits
Reread = Callable[[], Awaitable[dict[str, tuple[int, Any]]]]


class Follower:
    """One tenant's. ``mine``: as `souk nats-credentials` prints it. ``reread``: the documents over
    HTTP, with their positions, by topic."""

    def __init__(self, mine: dict[str, Any], reread: Reread, chance: Random) -> None:
        self._mine, self._reread, self._chance = mine, reread, chance
        (self._subject,) = mine["subjects"]
        self.tenant = self._subject.split(".")[1]
        self.documents: dict[str, tuple[int, Any]] = {}  # by topic: position, document
        self.taken: list[tuple[str, int]] = []
        self.violations: list[str] = []
        self.muddled = False
        self._stream: str | None = None  # what it calls itself
        self._place: int | None = None  # in the stream

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(nats.errors.Error, OSError, TimeoutError):
                client = await self._connect()
                try:
                    while not stop.is_set():
                        await self._follow(client, stop)
                finally:
                    with suppress(Exception):
                        await client.close()
            await asyncio.sleep(0.1)

    async def _connect(self) -> Client:
        return await nats.connect(
            self._mine["url"],
            user=self._mine["user"],
            password=self._mine["password"],
            inbox_prefix=self._mine["inbox_prefix"],
            allow_reconnect=False,
            connect_timeout=2,
            error_cb=_quietly,
        )

    async def _follow(self, client: Client, stop: asyncio.Event) -> None:
        """From the last message taken on, until told to stop or a message is missing."""
        stream = client.jetstream(domain=self._mine["domain"], timeout=2)
        await self._begin(stream)
        name, expected = self._mine["consumer"], 1
        source = await stream.pull_subscribe_bind(name, self._mine["stream"])
        while not stop.is_set():
            try:
                messages = await source.fetch(100, timeout=WAIT)
            except TimeoutError:
                await source.consumer_info()  # raises when the server forgot it
                continue
            for message in self._muddle(messages):
                number = message.metadata.sequence.consumer
                if number > expected:
                    await source.unsubscribe()
                    return  # a hole: again from the last one taken
                if number == expected:
                    self._take(message)
                    expected += 1

    async def _begin(self, stream: JetStreamContext) -> None:
        """Where it was; or from the beginning, when what it has not seen is gone."""
        told = await self._ask(stream)
        if self._place is not None and (told["souk.stream"], told["souk.whole"]) != (
            self._stream,
            "yes",
        ):
            self._place = None
            told = await self._ask(stream)
        if self._place is None and self._stream is not None:
            await self._read()  # but not at first: it is there before anything is
        self._stream = told["souk.stream"]

    async def _ask(self, stream: JetStreamContext) -> dict[str, str]:
        """A consumer; answers what Souk says of the stream."""
        wanted = ConsumerConfig(name=self._mine["consumer"], filter_subject=self._subject)
        if self._place is not None:
            wanted.deliver_policy = DeliverPolicy.BY_START_SEQUENCE
            wanted.opt_start_seq = self._place + 1
        made = await stream.add_consumer(self._mine["stream"], wanted)
        return made.config.metadata or {}

    async def _read(self) -> None:
        try:
            read = await self._reread()
        except Exception as error:  # one of several requests: again, when all is well
            raise nats.errors.Error from error
        for topic, (position, document) in read.items():
            if position > self.documents.get(topic, (0, None))[0]:
                self.documents[topic] = (position, document)

    def _take(self, message: Msg) -> None:
        self._place = message.metadata.sequence.stream
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
