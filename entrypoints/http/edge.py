"""The outermost layer: what every request and every answer has in common."""

import time
from uuid import UUID, uuid4

import structlog
from litestar.datastructures import Headers
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from entrypoints.http.problems import Problem

logger = structlog.get_logger("souk.http")


def edging(app: ASGIApp) -> ASGIApp:
    """One log line; refuses what no route could read."""

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        correlation = correlation_of(scope)
        started, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        _check(scope, Headers.from_scope(scope))
        try:
            await app(scope, receive, sending)
        finally:
            logger.info(
                "request",
                method=scope.get("method"),
                route=scope.get("path_template", ""),
                status=status,
                ms=round((time.perf_counter() - started) * 1000, 1),
                correlation=str(correlation),
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
        sent = Headers.from_scope(scope).get("x-correlation-id")
        known = scope["state"]["correlation"] = _correlation(sent)
    return known


def _correlation(sent: str | None) -> UUID:
    try:
        return UUID(sent) if sent else uuid4()
    except ValueError:
        return uuid4()


def _check(scope: Scope, headers: Headers) -> None:
    """Raises Problem 400 for a NUL in the URL, 415 for a body that is not said to be JSON."""
    if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
        raise Problem(400, "malformed", "the URL holds a NUL character")
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and scope.get("method") in ("POST", "PUT", "PATCH") and kind != "application/json":
        raise Problem(415, "unsupported_media_type", "send application/json")
