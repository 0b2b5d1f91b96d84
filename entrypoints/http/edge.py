"""The outermost layer: what every request and every answer has in common."""

import time
from uuid import UUID, uuid4

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from entrypoints import logs
from entrypoints.http.problems import Problem


def edging(app: ASGIApp) -> ASGIApp:
    """One log line; refuses what no route could read."""

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        started, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        _check(scope)
        try:
            await app(scope, receive, sending)
        finally:
            logs.request(
                str(scope.get("method", "")),
                scope.get("path_template", ""),
                status,
                round((time.perf_counter() - started) * 1000, 1),
                str(correlation_of(scope)),
            )

    return layer


async def marking(message: Message, scope: Scope) -> None:
    """The headers of every answer, also where there is no route."""
    if message["type"] == "http.response.start":
        message["headers"] = [
            *message["headers"],
            (b"x-correlation-id", str(correlation_of(scope)).encode()),
            (b"x-content-type-options", b"nosniff"),
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


def _check(scope: Scope) -> None:
    """Raises Problem 400 for a NUL in the URL, 415 for a body that is not said to be JSON."""
    if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
        raise Problem(400, "malformed", "the URL holds a NUL character")
    if scope.get("method") not in ("POST", "PUT", "PATCH"):
        return
    length, coded = header(scope, b"content-length"), header(scope, b"transfer-encoding")
    kind = header(scope, b"content-type").partition(b";")[0].strip().lower()
    if (coded or length not in (b"", b"0")) and kind != b"application/json":
        raise Problem(415, "unsupported_media_type", "send application/json")
