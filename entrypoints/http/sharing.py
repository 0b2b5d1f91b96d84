"""One plain ASGI layer: lists that are the same for a whole tenant are made a few times a second,
not for everyone who asks."""

import asyncio
import time
from collections import OrderedDict
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import Struct

from entrypoints.http.answers import unchanged
from entrypoints.http.caller import caller_of
from entrypoints.http.edge import header
from entrypoints.http.problems import Problem

FRESH = 0.25  # seconds that a list may be behind the rows it was made of
KEPT = 2_000  # lists at the most
LARGEST = 256 * 1024  # bytes of one that is kept
USUAL = 500  # bytes of a query, up to which it is remembered what it asks
Slot = tuple[str, str, bytes]  # tenant, path, query


class Answer(Struct, frozen=True, gc=False):
    """A list as it was sent, or that it is away. ``made``: on the steady clock, in seconds."""

    made: float
    etag: bytes
    start: Message
    body: bytes

    @property
    def status(self) -> object:
        return self.start.get("status")


class Making:
    """A list that is not there yet. ``over``: set once it is, or is not to be; ``away``: what was
    answered in its place, when a server that it needs is."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.away: Answer | None = None


class Lists:
    """The latest lists. Whoever asks for what is newer than a position (``after``) is not served
    from here, and nobody of that tenant is served what is older than that."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Slot, Answer] = OrderedDict()
        self._since: dict[str, float] = {}
        self.making: dict[Slot, Making] = {}

    def get(self, slot: Slot, now: float) -> Answer | None:
        answer = self._answers.get(slot)
        if answer is None or now - answer.made > FRESH:
            return None
        return answer if answer.made >= self._since.get(slot[0], 0.0) else None

    def keep(self, slot: Slot, answer: Answer) -> None:
        """Those that are too old to be served go: whoever asks for ever other lists, and any word
        in a query makes another, would fill the memory with them."""
        self._answers[slot] = answer
        self._answers.move_to_end(slot)
        while len(self._answers) > KEPT or self._oldest.made < answer.made - FRESH:
            self._answers.popitem(last=False)

    @property
    def _oldest(self) -> Answer:
        return next(iter(self._answers.values()))

    def outdate(self, tenant: str, now: float) -> None:
        """Who has seen a newer state must not see an older one again."""
        if len(self._since) > KEPT:
            self._since.clear()
            self._answers.clear()
        self._since[tenant] = now


def sharing(app: ASGIApp, lists: Lists) -> ASGIApp:
    """The layer, for routes whose ``opt`` says ``shared``: what they answer depends on the tenant
    and the URL alone."""

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        opt = scope["route_handler"].opt
        if opt.get("unfolded") and _is_past(scope):
            raise Problem(400, "malformed", "as_of: what this tells is not folded")
        if not opt.get("shared") or _is_past(scope):  # which is for some only, and not of now
            await app(scope, receive, send)
            return
        tenant, now = caller_of(scope).tenant, time.monotonic()
        if _is_after(scope):
            lists.outdate(tenant, now)
            await app(scope, receive, send)
            return
        slot = (tenant, scope["path"], scope["query_string"])
        if (answer := await _found(lists, slot, now)) is not None:
            await _serve(answer, scope, send)
        elif header(scope, b"if-none-match"):
            await app(scope, receive, send)
        else:
            await _make(app, scope, receive, send, lists, slot, now)

    return layer


def _is_past(scope: Scope) -> bool:
    return "as_of" in _asked(scope["query_string"])


def _is_after(scope: Scope) -> bool:
    return "after" in _asked(scope["query_string"]) or bool(header(scope, b"souk-after"))


def _asked(query: bytes) -> frozenset[str]:
    return _known(query) if len(query) <= USUAL else _names(query)


@lru_cache(KEPT)
def _known(query: bytes) -> frozenset[str]:
    return _names(query)


def _names(query: bytes) -> frozenset[str]:
    """As a text: of bytes, that function of Python's takes nothing but ASCII."""
    asked = parse_qsl(query.decode("latin-1"), keep_blank_values=True)  # %61fter is after, too
    return frozenset(name for name, _ in asked)


async def _found(lists: Lists, slot: Slot, now: float) -> Answer | None:
    """What is there, or what somebody else is just making, who began no earlier than what may
    still be served. Where they waited in vain, so would all the others: they are answered alike."""
    answer = lists.get(slot, now)
    if answer is None and (making := lists.making.get(slot)) is not None:
        await making.over.wait()
        answer = lists.get(slot, now) or making.away
    return answer


async def _serve(answer: Answer, scope: Scope, send: Send) -> None:
    unless = header(scope, b"if-none-match")
    etag = answer.etag.decode()
    if answer.status == 200 and unless and unchanged(unless.decode("latin-1"), etag):
        kept = [(k, v) for k, v in answer.start["headers"] if k != b"content-length"]  # type: ignore[typeddict-item]
        await send({"type": "http.response.start", "status": 304, "headers": kept})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    start: Any = {**answer.start}  # a copy: it is marked on its way out
    await send(start)
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


async def _make(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    lists: Lists,
    slot: Slot,
    now: float,
) -> None:
    """``now`` is when it was asked for: it cannot be newer than that."""
    started: list[Message] = []
    making = lists.making.setdefault(slot, Making())

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.append({**message})
        elif message["type"] == "http.response.body" and started:
            _heard(lists, making, slot, _whole(now, started[0], message))
        await send(message)

    try:
        await app(scope, receive, sending)
    finally:
        making.over.set()
        if lists.making.get(slot) is making:
            del lists.making[slot]


def _heard(lists: Lists, making: Making, slot: Slot, answer: Answer | None) -> None:
    if answer and answer.status == 200:
        lists.keep(slot, answer)
    elif answer and answer.status == 503:  # an exception is an answer already where it comes here
        making.away = answer


def _whole(now: float, start: Message, body: Message) -> Answer | None:
    """None for one in pieces, or a large one."""
    content: bytes = body.get("body", b"")  # type: ignore[assignment]
    if body.get("more_body") or len(content) > LARGEST:
        return None
    headers = start.get("headers", ())
    etag = next((value for key, value in headers if key.lower() == b"etag"), b"")  # type: ignore[attr-defined]
    return Answer(now, etag, start, content)
