"""One reader's conversation: what they ask for, and what becomes of it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeAlias, cast

import msgspec
import structlog
from msgspec import UNSET, Struct

from adapters.live.channel import Sink
from adapters.live.hub import Hub
from adapters.live.peer import Frame, Peer
from adapters.tokens.verifying import Refused
from application.ports import Forbidden, Missing, Unavailable
from entrypoints.caller import Caller
from entrypoints.live.authority import Person, narrowed
from entrypoints.live.messages import (
    Authenticate,
    Error,
    Hello,
    Ping,
    Pong,
    Received,
    Subscribe,
    Unsubscribe,
    Unsubscribed,
)
from entrypoints.live.subscription import Splicer, Subscription
from entrypoints.live.topics import Malformed, Topic, hidden, parse, right

MOST = 100  # subscriptions of one conversation
UNWELCOME = 4401  # the close code of who would not be let in any more
UNAUTHENTICATED = "unauthenticated"
Work: TypeAlias = Callable[[Subscription], Awaitable[None]]
logger = structlog.get_logger(__name__)
_DECODER = msgspec.json.Decoder(Received)
_ENCODER = msgspec.json.Encoder()


class House(Protocol):
    """What conversations share."""

    hub: Hub
    splicer: Splicer

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run it beside everything else, and keep it until it ends."""

    async def caller(self, token: str) -> Caller:
        """Raises Refused."""

    def renewed(self, conversation: "Conversation", before: int) -> None:
        """Its token runs out at another time than ``before``."""

    def left(self, conversation: "Conversation") -> None: ...


class Conversation:
    """What one person watches over one connection."""

    __slots__ = ("_house", "_token", "caller", "peer", "person", "watched")

    def __init__(self, house: House, peer: Peer, person: Person, caller: Caller) -> None:
        self._house = house
        self.peer, self.person = peer, person
        self.watched: dict[str, Subscription] = {}
        self._sign_in(caller)

    def _sign_in(self, caller: Caller) -> None:
        """``_token``: what they signed in with; ``caller``: what is left of it by their role."""
        self._token = caller
        held = narrowed(caller.held, self.person.role)
        who = self.person
        self.caller = Caller(who.tenant, who.user, held, caller.expires_at, who.tier)

    def greet(self) -> None:
        self._say(Hello(self.caller.user, self.caller.tenant, self.caller.expires_at))

    def received(self, text: str) -> None:
        try:
            message = _DECODER.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            self._say(Error("malformed", "not a message as the page describes them"))
            return
        match message:
            case Subscribe(topic=topic, after=after):
                self.subscribe(topic, after)
            case Unsubscribe(topic=topic):
                self._unsubscribe(topic)
            case Authenticate(token=token):
                self._house.spawn(self._authenticate(token))
            case Ping(n=n):
                self._say(Pong(n))

    def subscribe(self, text: str, after: int | None, sink: Sink | None = None) -> None:
        """Asked for again, a topic begins anew. ``sink``: where its messages go, if not simply to
        the peer."""
        try:
            topic = parse(text)
            right(self.caller, topic)
        except (Malformed, Missing, Forbidden) as error:
            self._refuse(text, error)
            return
        self._drop(text)
        if len(self.watched) >= MOST:
            detail = f"at most {MOST} topics in one conversation"
            self._say(Error("too_many_subscriptions", detail, text))
            return
        sub = self._watch(topic, sink or self.peer, after)
        self._tend(sub, self._house.splicer.start)

    def _watch(self, topic: Topic, sink: Sink, after: int | None = None) -> Subscription:
        channel = self._house.hub.channel(self.caller.tenant, topic)
        sub = Subscription(channel, cast(Topic, channel.topic), sink, self, after)
        self.watched[sub.topic.text] = sub
        channel.join(sub)
        return sub

    def restart(self, sub: Subscription) -> None:
        """What it was told is no base to go on from: its channel has changed at a position that
        it is past, or more of it is to be seen, or less. Told nothing yet, it starts as it was
        to start: what its reader has of it, if anything, is as good as it was."""
        self._drop(sub.topic.text)
        splicer = self._house.splicer
        anew = self._watch(sub.topic, sub.sink, sub.after)
        self._tend(anew, splicer.again if sub.begun else splicer.start)

    def _tend(self, sub: Subscription, work: Work) -> None:
        sub.work = self._house.spawn(self._tended(sub, work))

    async def _tended(self, sub: Subscription, work: Work) -> None:
        try:
            await work(sub)
        except Exception as error:
            if self.watched.get(sub.topic.text) is sub:
                self._drop(sub.topic.text)
                self._refuse(sub.topic.text, error)
        finally:
            sub.work = None  # not kept for as long as it is watched

    def _unsubscribe(self, text: str) -> None:
        self._drop(text)
        self._say(Unsubscribed(text))

    def _drop(self, text: str) -> None:
        """Nothing more is read for it, and nothing more told. Else whoever takes nothing and asks
        again and again would have a snapshot wait for them each time."""
        sub = self.watched.pop(text, None)
        if sub is not None:
            sub.channel.leave(sub)
            self.peer.forget(text)
            if sub.work is not None:
                sub.work.cancel()

    async def _authenticate(self, token: str) -> None:
        try:
            caller = await self._house.caller(token)
            if (caller.tenant, caller.user) != (self.caller.tenant, self.caller.user):
                raise Refused("another person")
        except Refused:
            self._say(Error(UNAUTHENTICATED, "not a valid token of the same person"))
            return
        if self.peer.closed:
            return
        before = self.caller.expires_at
        self._sign_in(caller)
        self._house.renewed(self, before)
        self.greet()
        self._look_again()

    def reconsider(self) -> None:
        """Their role or their tier has changed, or they are no member any more."""
        if self.person.gone:
            self._end("not a member any more")
            return
        self._sign_in(self._token)
        self._look_again()

    def _look_again(self) -> None:
        """Topics that are theirs no longer end; one of which they see more or less begins anew."""
        for sub in list(self.watched.values()):
            if not sub.allowed(self.caller):
                self.end(sub, Forbidden("forbidden"))
            elif sub.joining or sub.hidden != hidden(self.caller, sub.topic, sub.own):
                self.restart(sub)

    def end(self, sub: Subscription, error: Forbidden | Missing) -> None:
        """They may not watch it any more."""
        text = sub.topic.text
        self._drop(text)
        self._refuse(text, error)
        self._say(Unsubscribed(text, error.code))

    def expired(self) -> None:
        self._end("the token has expired")

    def _end(self, why: str) -> None:
        self._say(Error(UNAUTHENTICATED, why))
        self.peer.close(UNWELCOME, why)

    def lost(self) -> None:
        for text in list(self.watched):
            self._drop(text)
        self._house.left(self)

    def _refuse(self, text: str, error: Exception) -> None:
        code, detail, retry_in = told(error)
        self._say(Error(code, detail, text, UNSET if retry_in is None else retry_in))

    def _say(self, message: Struct) -> None:
        self.peer.send(Frame(_ENCODER.encode(message)))


def told(error: Exception) -> tuple[str, str, float | None]:
    """Its code as over HTTP, a sentence for people, and when to try again, in seconds."""
    match error:
        case Malformed():
            return "malformed", str(error), None
        case Missing(code=code) | Forbidden(code=code):
            return code, "", None
        case Unavailable(what=what, retry_after=after):
            soon = round(after * random.uniform(0.5, 1.5), 2)  # noqa: S311
            return "unavailable", f"{what} is away", soon
    logger.error("unexpected error", exc_info=error)
    return "internal", "it is logged", None
