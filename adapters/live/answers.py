"""The few HTTP answers that are not conversations. Each ends its connection."""

import random
from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from adapters.live.peer import Refusal
from adapters.problems import MEDIA_TYPE, details


def plain(status: int, body: object) -> bytes:
    return _answer(status, "application/json", msgspec.json.encode(body), {})


def problem(refusal: Refusal, path: str) -> bytes:
    """As the HTTP API answers them."""
    body = details(refusal.status, refusal.code, refusal.detail, path)
    return _answer(refusal.status, MEDIA_TYPE, msgspec.json.encode(body), refusal.headers)


def full(what: str) -> Refusal:
    """Nobody else fits in now; whoever is told so comes back at a time of their own."""
    later = str(random.randint(1, 10))  # noqa: S311 - only spreads a herd
    return Refusal(503, "unavailable", what, {"Retry-After": later})


def stream(origin: str | None) -> bytes:
    """The head of an event stream, which lasts until the connection ends."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
        b"Cache-Control: no-store\r\nX-Accel-Buffering: no\r\nConnection: close\r\n"
    )
    return head + _shared(origin) + b"\r\n"


def _shared(origin: str | None) -> bytes:
    """A page of an allowed origin may read it."""
    if origin is None:
        return b""
    return f"Access-Control-Allow-Origin: {origin}\r\nVary: Origin\r\n".encode("latin-1")


def _answer(status: int, kind: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
