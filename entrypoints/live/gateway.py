"""The gateway: lets people in, and holds what their conversations share."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from adapters.live.change import Change
from adapters.live.hub import Hub
from adapters.live.peer import Kind, Peer, Refusal, Request
from application.ports import Unavailable
from entrypoints.caller import Caller
from entrypoints.live.authority import CONTEXT, People
from entrypoints.live.conversation import Conversation
from entrypoints.live.expiry import Expiries
from entrypoints.live.signing import SigningIn, away, unauthenticated
from entrypoints.live.streams import Numbered, positions, topics
from entrypoints.live.subscription import Splicer

TOLD = 50  # characters of a name that is told again


class Gateway:
    """``accept`` is the server's, ``take`` the feed's."""

    def __init__(self, signing: SigningIn, people: People, splicer: Splicer, hub: Hub) -> None:
        self._signing, self._people = signing, people
        self.splicer, self.hub, self.expiries = splicer, hub, Expiries()
        self._work: set[asyncio.Task[None]] = set()

    def begin(self, projection: str, floor: int) -> None:
        """What was to be taken of the projection up to that position may be missing."""
        if projection == CONTEXT:
            self.spawn(self._people.again())
        self.hub.begin(projection, floor)

    def take(self, group: Sequence[Change]) -> None:
        """Roles first: what somebody may see no longer is not told them any more."""
        self._people.take(group)
        self.hub.take(group)

    async def accept(self, request: Request, peer: Peer) -> Conversation:
        """Raises Refusal: 400, 401, 503."""
        check(request, peer.kind)
        wanted = topics(request) if peer.kind == "sse" else []
        resumed = positions(request, len(wanted)) if wanted else []
        caller = await self._signing.caller(request)
        try:
            person = await self._people.enter(caller.tenant, caller.user)
        except Unavailable as error:
            raise away(error) from None
        if person.gone:
            self._people.leave(person)
            raise unauthenticated("who is not a member any more is not let in")
        conversation = Conversation(self, peer, person, caller)
        self._people.stay(person, conversation)
        self.expiries.add(conversation, conversation.caller.expires_at)
        conversation.greet()
        ids = ["" if after is None else str(after) for after in resumed]
        for n, (topic, after) in enumerate(zip(wanted, resumed, strict=True)):
            conversation.subscribe(topic, after, Numbered(peer, ids, n))
        return conversation

    async def caller(self, token: str) -> Caller:
        """Raises Refused."""
        return await self._signing.of_token(token)

    def renewed(self, conversation: Conversation, before: int) -> None:
        self.expiries.discard(conversation, before)
        self.expiries.add(conversation, conversation.caller.expires_at)

    def left(self, conversation: Conversation) -> None:
        self.expiries.discard(conversation, conversation.caller.expires_at)
        self._people.leave(conversation.person, conversation)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name="souk-live")
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task

    async def close(self) -> None:
        """End what is still being read for somebody."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)


def check(request: Request, kind: Kind) -> None:
    """Raises Refusal for a parameter that is not taken here, as the HTTP API refuses it."""
    for name, sent in request.query.items():
        told = f"{name[:TOLD]}: " if name.isprintable() else ""
        if name == "ticket" and len(sent) > 1:
            raise Refusal(400, "malformed", f"{told}sent twice")
        if name != "ticket" and not (name == "topic" and kind == "sse"):
            raise Refusal(400, "malformed", f"{told}no such parameter")
