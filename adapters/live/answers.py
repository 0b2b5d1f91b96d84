"""The few HTTP answers that are not conversations. Each ends its connection."""

import random
from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from adapters.live.peer import Refusal
from adapters.problems import MEDIA_TYPE, details

METHODS = "GET, OPTIONS"
ASKED = {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "authorization, last-event-id",
    "Access-Control-Max-Age": "7200",  # seconds
}
TOLD = {"Access-Control-Expose-Headers": "allow, retry-after, www-authenticate"}


def plain(status: int, body: object) -> bytes:
    return _answer(status, "application/json", msgspec.json.encode(body), {})


def without_body(answer: bytes) -> bytes:
    """What HEAD asks for."""
    return answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def problem(refusal: Refusal, path: str, origin: str | None = None) -> bytes:
    """As the HTTP API answers them. ``origin``: of the page that may read it."""
    body = details(refusal.status, refusal.code, refusal.detail, path)
    headers = {**refusal.headers, **_shared(origin), **(TOLD if origin else {})}
    return _answer(refusal.status, MEDIA_TYPE, msgspec.json.encode(body), headers)


def options(origin: str | None) -> bytes:
    """What may be sent, for a browser that asks before a page of another origin sends it."""
    head = {"Allow": METHODS, "Connection": "close", **_shared(origin), **(ASKED if origin else {})}
    return _head(204, head)


def full(what: str) -> Refusal:
    """Nobody else fits in now; whoever is told so comes back at a time of their own."""
    later = str(random.randint(1, 10))  # noqa: S311 - only spreads a herd
    return Refusal(503, "unavailable", what, {"Retry-After": later})


def stream(origin: str | None) -> bytes:
    """The head of an event stream, which lasts until the connection ends."""
    head = {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
        "Connection": "close",
    }
    return _head(200, {**head, **_shared(origin)})


def _shared(origin: str | None) -> Mapping[str, str]:
    """A page of an allowed origin may read it."""
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {}


def _answer(status: int, kind: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    head = {
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Connection": "close",
    }
    return _head(status, {**head, **headers}) + body


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    return f"{first}{''.join(lines)}\r\n".encode("latin-1")
