"""The outermost layer: what every request and every answer has in common."""

import asyncio
import time
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import UUID, uuid4

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from entrypoints import logs
from entrypoints.http.heads import is_bare
from entrypoints.http.pages import Origins, options, shared
from entrypoints.http.problems import Problem, of

BODY = 60.0  # seconds that a body has to come: who sends one holds a connection and a request
ONCE = {b"authorization", b"idempotency-key", b"souk-after", b"souk-purpose"}
TAGS = b"if-none-match"
GUARDS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))


def edging(app: ASGIApp) -> ASGIApp:
    """One log line; refuses what no route could read, and says what may be sent."""

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        started, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        _check_url(scope)
        _unite(scope)
        if _has_body(scope):
            _check_kind(scope)
            receive = _in_time(receive)
        answering = options if scope.get("method") == "OPTIONS" else app
        try:
            await answering(scope, receive, sending)
        except Exception as error:  # which is told outside of all layers
            status = of(error).status
            raise
        finally:
            logs.request(
                "HEAD" if is_bare(scope) else str(scope.get("method", "")),
                scope.get("path_template", ""),
                status,
                round((time.perf_counter() - started) * 1000, 1),
                str(correlation_of(scope)),
            )

    return layer


async def marking(message: Message, scope: Scope, origins: Origins) -> None:
    """The headers of every answer, also where there is no route. ``origins``: those of the pages
    that may call."""
    if message["type"] == "http.response.start":
        origin = header(scope, b"origin")
        message["headers"] = [
            *message["headers"],
            (b"x-correlation-id", str(correlation_of(scope)).encode()),
            *GUARDS,
            *(shared(scope, origin, message, origins) if origin else ()),
        ]


def correlation_of(scope: Scope) -> UUID:
    """The id that a request was sent with, if it is one, or a new one; the same all along."""
    known: UUID | None = scope["state"].get("correlation")
    if known is None:
        sent = header(scope, b"x-correlation-id")
        known = scope["state"]["correlation"] = _correlation(sent)
    return known


def _correlation(sent: bytes) -> UUID:
    try:
        return UUID(sent.decode()) if sent else uuid4()
    except ValueError:
        return uuid4()


def header(scope: Scope, name: bytes) -> bytes:
    """The first of that name, which is in lower case; empty when there is none."""
    for key, value in scope["headers"]:
        if key == name:
            return value
    return b""


def _check_url(scope: Scope) -> None:
    """Raises Problem 400."""
    query = scope.get("query_string", b"")
    if "\0" in scope["path"] or b"%00" in query:
        raise Problem(400, "malformed", "the URL holds a NUL character")
    if not _is_text(query):
        raise Problem(400, "malformed", "the URL is not UTF-8")


def _is_text(query: bytes) -> bool:
    try:
        unquote_to_bytes(query).decode()
    except UnicodeError:
        return False
    return True


def _has_body(scope: Scope) -> bool:
    """Which a route may read."""
    if scope.get("method") not in ("POST", "PUT", "PATCH"):
        return False
    length, coded = header(scope, b"content-length"), header(scope, b"transfer-encoding")
    return bool(coded) or length not in (b"", b"0")


def _check_kind(scope: Scope) -> None:
    """Raises Problem 415."""
    kind = header(scope, b"content-type").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise Problem(415, "unsupported_media_type", "send application/json")


def _in_time(receive: Receive) -> Receive:
    """Raises Problem 408 while the body is awaited for too long."""
    until, whole = asyncio.get_running_loop().time() + BODY, False

    async def receiving() -> Any:
        nonlocal whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise Problem(408, "too_slow", "the body did not come") from None
        whole = not message.get("more_body", False)
        return message

    return receiving


def _unite(scope: Scope) -> None:
    """Tags on several lines are one list (RFC 9110, 5.3). Raises Problem 400 for what is no list
    and is sent twice: which of them counts is not to be guessed."""
    headers = [*scope["headers"]]
    if len(dict(headers)) == len(headers):
        return
    names = [name for name, _ in headers]
    for name in sorted(ONCE):
        if names.count(name) > 1:
            raise Problem(400, "malformed", f"{name.decode()}: sent twice")
    if names.count(TAGS) > 1:
        tags = b", ".join(value for name, value in headers if name == TAGS)
        scope["headers"] = [*(pair for pair in headers if pair[0] != TAGS), (TAGS, tags)]
