"""Lets readers in, by their bearer token, and makes the consumers they ask for."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import msgspec
import nats
import structlog
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg

from adapters.nats.accounts import WISHES
from adapters.nats.connecting import connected
from adapters.nats.consumers import Consumers
from adapters.nats.flushing import flushed
from adapters.nats.issuer import Issuer, payload
from adapters.nats.reader import Reader, subjects
from adapters.tokens.verifying import Claims, Refused
from application.ports import Unavailable
from domain.kernel import NAME

AUTHORIZATIONS = "$SYS.REQ.USER.AUTH"
QUEUE = "souk-door"  # of several processes, one answers
AWAY = 0.5  # seconds between tries to connect
MOST = 1000  # who are being answered at once; the others try again
logger = structlog.get_logger(__name__)


class Tokens(Protocol):
    async def verify(self, token: str) -> Claims:
        """Raises Refused; Unavailable when that cannot be told now."""
        ...


class Options(Struct, frozen=True):
    """What a client sends to sign in: the token as its password, or as its token."""

    user: str = ""
    password: str = msgspec.field(name="pass", default="")
    auth_token: str = ""


class Request(Struct, frozen=True):
    """``user_nkey``: the name that NATS gave the connection; the answer must be about it."""

    user_nkey: str
    server_id: dict[str, Any]
    connect_opts: Options = Options()


class Door:
    """``url``: as Souk's own user. Several may be open; the server must be set up as
    ``accounts.configuration`` says, else nobody ever knocks."""

    def __init__(self, url: str, secret: bytes, tokens: Tokens) -> None:
        self._url, self._issuer, self._tokens = url, Issuer(secret), tokens
        self._tasks: set[asyncio.Task[None]] = set()
        self.open = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop. NATS may come and go."""
        while not stop.is_set():
            lost = asyncio.Event()
            with suppress(nats.errors.Error, OSError, TimeoutError):
                client = await self._connect(lost)
                try:
                    await self._serve(client, stop, lost)
                finally:
                    self.open.clear()
                    await client.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), AWAY)

    async def _connect(self, lost: asyncio.Event) -> Client:
        async def closed() -> None:
            lost.set()

        return await connected(self._url, closed)

    async def _serve(self, client: Client, stop: asyncio.Event, lost: asyncio.Event) -> None:
        consumers = Consumers(client)
        admit = partial(self._admit, consumers)
        await client.subscribe(AUTHORIZATIONS, QUEUE, cb=self._beside(admit))
        await client.subscribe(f"{WISHES}.*.>", QUEUE, cb=self._beside(consumers.answer))
        await flushed(client)
        self.open.set()
        ends = [asyncio.create_task(event.wait()) for event in (stop, lost)]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    def _beside(self, answer: Callable[[Msg], Awaitable[None]]) -> Callable[[Msg], Awaitable[None]]:
        """Each in a task of its own: an issuer whose keys are slow to fetch holds up no other.
        Who is not answered waits in vain and tries again; who is refused may give up."""

        async def answered(message: Msg) -> None:
            try:
                await answer(message)
            except (Unavailable, nats.errors.Error) as error:
                logger.warning("a reader was not answered", error=str(error))
            except Exception:
                logger.exception("a reader was not answered")

        async def begin(message: Msg) -> None:
            if len(self._tasks) >= MOST:
                return
            task = asyncio.create_task(answered(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return begin

    async def _admit(self, consumers: Consumers, message: Msg) -> None:
        """NATS's question is not checked for its signature: only the server and Souk can ask on
        this subject, and the answer is of use to the connection that it names alone."""
        asked = msgspec.convert(payload(message.data.decode())["nats"], Request)
        options = asked.connect_opts
        reader = Reader(options.user or "reader", options.password or options.auth_token)
        answer: dict[str, Any] = {"type": "authorization_response", "version": 2}
        try:
            claims = await self._verified(reader)
            await consumers.narrow(reader.consumer, subjects(claims))
            answer["jwt"] = self._issuer.sign(reader.user(claims, asked.user_nkey))
        except Refused as reason:
            logger.info("reader refused", reason=str(reason))
            answer["error"] = "the token is malformed, expired or not for us"
        about = {"sub": asked.user_nkey, "aud": asked.server_id["id"], "nats": answer}
        await message.respond(self._issuer.sign(about).encode())

    async def _verified(self, reader: Reader) -> Claims:
        """Raises Refused, Unavailable. What becomes part of a subject is looked at twice."""
        claims = await self._tokens.verify(reader.token)
        if not all(NAME.fullmatch(name) for name in (reader.name, claims.tenant, claims.sub)):
            raise Refused("name")
        if not subjects(claims):
            raise Refused("nothing to read")
        return claims
