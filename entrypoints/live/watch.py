"""One topic that a client watches: what has come of it, and from where to go on."""

import asyncio

import msgspec

from entrypoints.live.messages import Subscribe
from entrypoints.live.told import Change, Message, Resync, TopicRefused

MOST = 1000  # messages that wait for who watches; then nothing more is read from the socket


class Watch:
    """``place``: the position up to which everything has come; None: nothing has."""

    def __init__(self, topic: str, place: int | None) -> None:
        """Raises TopicRefused for what the gateway could not even read."""
        _check(topic, place)
        self.topic, self.place = topic, place
        self._begun = False
        self._came: asyncio.Queue[Message | Exception] = asyncio.Queue()
        self._room = asyncio.Event()
        self._room.set()

    def asked(self) -> None:
        """Subscribed, for the first time or again: what still comes of before is not for it."""
        self._begun = False

    def resumed(self) -> None:
        self._begun = True

    async def take(self, message: Message) -> None:
        """What it has already is dropped. Waits while too much waits."""
        if isinstance(message, Change) and not self._is_news(message):
            return
        self._begun = True
        self.place = None if isinstance(message, Resync) else message.position
        self._came.put_nowait(message)
        if self._came.qsize() >= MOST:
            self._room.clear()
        await self._room.wait()

    def _is_news(self, change: Change) -> bool:
        return self._begun and (self.place is None or change.position > self.place)

    def fail(self, error: Exception) -> None:
        self._came.put_nowait(error)

    def close(self) -> None:
        self._room.set()

    async def next(self) -> Message:
        """Raises what it failed with."""
        found = await self._came.get()
        if self._came.qsize() < MOST:
            self._room.set()
        if isinstance(found, Exception):
            raise found
        return found


def _check(topic: str, after: int | None) -> None:
    asked = {"type": "subscribe", "topic": topic, "after": after}
    try:
        msgspec.convert(asked, Subscribe)
    except msgspec.ValidationError as error:
        raise TopicRefused("malformed", str(error)) from None
