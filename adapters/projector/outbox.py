"""Messages to JetStream by the window: one inbox takes the acknowledgements of all of them.

The library asks for each by itself, with a task, a timer and a token, which took longer than the
fold that the message tells of.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.js.errors import APIError, NoStreamResponseError

ACK = 30.0  # seconds to wait for the first acknowledgement of a window, and from each to the next


class Message(NamedTuple):
    subject: str
    payload: bytes
    headers: dict[str, str]


class _Refusal(Struct):
    code: int | None = None
    description: str | None = None


class _Answer(Struct):
    error: _Refusal | None = None


class Outbox:
    """One window at a time, on a connection of nobody else's."""

    def __init__(self, client: Client) -> None:
        self._client, self._inbox = client, client.new_inbox()
        self._window = self._waiting = 0
        self._done: asyncio.Future[None] | None = None
        self._limit = asyncio.timeout(None)
        self._decode = msgspec.json.Decoder(_Answer).decode

    async def open(self) -> "Outbox":
        await self._client.subscribe(f"{self._inbox}.*", cb=self._hear)
        return self

    async def send(self, window: Sequence[Message]) -> None:
        """Until JetStream has all of it, in this order; whatever fails, it has its beginning.

        Raises nats.errors.Error, TimeoutError.
        """
        if not window:
            return
        self._window, self._waiting = self._window + 1, len(window)
        self._done = done = asyncio.get_running_loop().create_future()
        reply = f"{self._inbox}.{self._window}"
        try:
            for message in window:
                await self._client.publish(
                    message.subject, message.payload, reply=reply, headers=message.headers
                )
            async with asyncio.timeout(ACK) as self._limit:
                await done
        finally:
            self._done = None

    def lost(self) -> None:
        """The connection is closed: what is not acknowledged yet never will be."""
        self._end(ConnectionClosedError())

    async def _hear(self, answer: Msg) -> None:
        if answer.subject.rpartition(".")[2] != str(self._window):
            return  # too late: that window was given up
        self._waiting -= 1
        if self._done and not self._done.done() and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time() + ACK)
        if not answer.data:  # nobody took it
            self._end(NoStreamResponseError())
        elif (error := self._decode(answer.data).error) is not None:
            self._end(APIError(error.code, error.description))
        elif self._waiting == 0:
            self._end()

    def _end(self, error: Exception | None = None) -> None:
        if self._done is None or self._done.done():
            return
        if error is None:
            self._done.set_result(None)
        else:
            self._done.set_exception(error)
