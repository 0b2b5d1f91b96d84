"""A client of the live gateway: what one watches, through cuts and restarts, each change once.

async with connect("ws://127.0.0.1:8001", token) as live:
    async for message in live.watch("orders?seller=s1"):
        ...
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import reduce
from operator import or_
from typing import Any

import msgspec
from msgspec import UNSET, Struct
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException
from websockets.frames import Close

from entrypoints.live import messages
from entrypoints.live.address import socket_url
from entrypoints.live.backoff import Backoff
from entrypoints.live.credentials import Credentials, Token
from entrypoints.live.pace import Pace
from entrypoints.live.told import (
    Change,
    Document,
    LiveError,
    Message,
    Refused,
    Resync,
    Snapshot,
    TopicRefused,
    message_of,
    refusal,
)
from entrypoints.live.watch import Watch

UNWELCOME = 4401  # the close code of who would not be let in any more
REFUSED = (1008, 1009)  # close codes of a gateway that will not hear what it is told
LATER = (429, 502, 503, 504)  # statuses after which to come again
LARGEST = 256 * 1024 * 1024  # bytes of a snapshot
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(reduce(or_, messages.SENT))
_ENCODER = msgspec.json.Encoder()


@asynccontextmanager
async def connect(url: str, token: Token) -> AsyncIterator["Live"]:
    """Signed in. It tries until then, for as long as it takes, and again whenever it is cut off.

    ``url``: of the gateway, or of the proxy before it: ws, wss, http or https. ``token``: a bearer
    token, or what makes one, which is asked at each connection and before one expires, so that
    watching outlives it. Raises Refused when the gateway will not have this client."""
    live = Live(url, token)
    running = asyncio.create_task(live.run(), name="souk-live-client")
    try:
        await live.greeted()
        yield live
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


class Live:
    """``positions``: by topic, up to where who watches it has come: keep it to go on from there
    another day. It is that of the last message but the one being looked at now."""

    def __init__(self, url: str, token: Token) -> None:
        self._url, self._credentials = socket_url(url), Credentials(token)
        self._watches: dict[str, Watch] = {}
        self._socket: ClientConnection | None = None
        self._backoff, self._pace, self._speaking = Backoff(), Pace(), asyncio.Lock()
        self._greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._failure: Exception | None = None
        self._renewal: asyncio.TimerHandle | None = None
        self._later: set[asyncio.TimerHandle | asyncio.Task[None]] = set()
        self.positions: dict[str, int] = {}

    async def greeted(self) -> None:
        """Raises Refused."""
        await self._greeted

    async def watch(self, topic: str, after: int | None = None) -> AsyncIterator[Message]:
        """A Snapshot, then every Change of it, once and in order; Resync when a new Snapshot is to
        be begun with. ``after``: no Snapshot, but what changed behind that position. Break off to
        stop watching; to watch it elsewhere ends it here. One who does not keep up holds up the
        other topics too; after a while the gateway cuts the connection, and it goes on from there.
        Raises TopicRefused, Refused."""
        watch = Watch(topic, after)
        if before := self._watches.get(topic):
            before.fail(LiveError("replaced", "it is watched elsewhere"))
        self._watches[topic] = watch
        if self._failure:
            watch.fail(self._failure)
        try:
            await self._subscribe(watch)
            while True:
                message = await watch.next()
                yield message
                if not isinstance(message, Resync):
                    self.positions[topic] = message.position
        finally:
            watch.close()
            if self._watches.get(topic) is watch:
                del self._watches[topic]
                await self._say(messages.Unsubscribe(topic))

    async def run(self) -> None:
        """Until cancelled, or refused for good."""
        try:
            while self._failure is None:
                await self._connection()
                await self._backoff.wait()
        except Exception as error:
            self._fail(error)
        finally:
            for each in self._later:
                each.cancel()

    async def _connection(self) -> None:
        """One connection, from its sign-in to its end. Raises Refused."""
        headers = self._credentials.headers()
        try:
            async with open_socket(
                self._url, additional_headers=headers, compression=None, max_size=LARGEST
            ) as socket:
                await self._converse(socket)
        except InvalidStatus as refused:
            status = refused.response.status_code
            if status not in LATER:
                raise refusal(status, bytes(refused.response.body or b"")) from None
            self._backoff.asked_for(refused.response.headers.get("Retry-After"))
        except ConnectionClosed as closed:
            self._ended(closed.rcvd)
        except InvalidURI as wrong:  # of where an address leads
            raise Refused(400, "malformed", str(wrong)) from None
        except (OSError, TimeoutError, WebSocketException):
            return

    def _ended(self, close: Close | None) -> None:
        """Raises Refused when the same would happen again."""
        if close and close.code == UNWELCOME and not self._credentials.renewable:
            raise Refused(401, "unauthenticated", close.reason) from None
        if close and close.code in REFUSED:
            raise Refused(close.code, "refused", close.reason) from None

    async def _converse(self, socket: ClientConnection) -> None:
        self._socket, self._pace = socket, Pace()
        try:
            for watch in tuple(self._watches.values()):
                if self._watches.get(watch.topic) is watch:  # not ended while others had their turn
                    await self._subscribe(watch)
            while True:
                await self._heard(await socket.recv())
        finally:
            self._socket = None

    async def _heard(self, text: str | bytes) -> None:
        try:
            said = _DECODER.decode(text)
        except msgspec.MsgspecError:  # of a gateway that knows more kinds of messages
            return
        if watch := self._watches.get(getattr(said, "topic", None) or ""):
            self._backoff.progressed()
        match said:
            case messages.Hello():
                self._hello(said)
            case messages.Bye(retry_in):
                self._backoff.asked_for(retry_in)
            case messages.Resumed() if watch:
                watch.resumed()
            case messages.Error() if watch:
                self._refused(watch, said)
            case _ if watch and (message := message_of(said)):
                await watch.take(message)

    def _hello(self, hello: messages.Hello) -> None:
        self._backoff.advised(hello.reconnect.min, hello.reconnect.max)
        if not self._greeted.done():
            self._greeted.set_result(None)
        if self._renewal:
            self._later.discard(self._renewal)
            self._renewal.cancel()
        if (due := self._credentials.due(hello.expires_at)) is not None:
            self._renewal = self._after(due, lambda: self._soon(self._credentials.anew()))

    def _refused(self, watch: Watch, error: messages.Error) -> None:
        if error.retry_in is UNSET:
            watch.fail(TopicRefused(error.code, error.detail))
        else:
            self._after(error.retry_in, lambda: self._again(watch))

    def _again(self, watch: Watch) -> None:
        if self._watches.get(watch.topic) is watch:
            watch.asked()
            self._soon(messages.Subscribe(watch.topic, watch.place))

    async def _subscribe(self, watch: Watch) -> None:
        watch.asked()
        await self._say(messages.Subscribe(watch.topic, watch.place))

    async def _say(self, message: Struct) -> None:
        """To a gateway that is there; who is not learns of all watches when it is back."""
        if (socket := self._socket) is None:
            return
        async with self._speaking:  # a word that waits is not overtaken by the one that undoes it
            if socket is self._socket:
                await self._pace.turn()
            if socket is self._socket:
                with suppress(ConnectionClosed):
                    await socket.send(_ENCODER.encode(message), text=True)

    def _after(self, seconds: float, then: Callable[[], None]) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()

        def due() -> None:
            self._later.discard(handle)
            then()

        handle = loop.call_later(max(0.0, seconds), due)
        self._later.add(handle)
        return handle

    def _soon(self, message: Struct) -> None:
        task = asyncio.create_task(self._say(message))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def _fail(self, error: Exception) -> None:
        self._failure = error
        if not self._greeted.done():
            self._greeted.set_exception(error)
        for watch in self._watches.values():
            watch.fail(error)


__all__ = ["Change", "Document", "Live", "LiveError", "Message", "Refused", "Resync", "Snapshot"]
__all__ += ["TopicRefused", "connect"]
