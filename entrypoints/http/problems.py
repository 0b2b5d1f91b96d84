"""Errors as problems, each with a stable code."""

import json
import re
from math import ceil
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.params import ParameterKwarg
from litestar.utils.scope.state import ScopeState

from adapters.asof.wanted import Folding
from adapters.problems import MEDIA_TYPE, Progress, details
from application.ports import (
    Conflict,
    Forbidden,
    KeyBusy,
    KeyReused,
    Missing,
    Outdated,
    Taken,
    Unavailable,
)
from domain.kernel import Rejected

CODES = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}
EXPECTED = ("unavailable", "as_of.folding")
TRUNCATED = "Input data was truncated"  # in the words of the library that reads JSON
HALVED = "a text holds half a surrogate pair"
LONGEST_WAIT = 60  # seconds that are advised before asking again
logger = structlog.get_logger(__name__)


class Problem(Exception):
    """An error that the HTTP edge itself finds."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        headers: dict[str, str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail, self.headers = status, code, detail, headers or {}
        self.progress = progress


def of(error: Exception, handler: BaseRouteHandler | None = None) -> Problem:
    """The problem that an error of ours is told as; ``internal`` for what nobody foresaw.
    ``handler``: whose parameters it may be about."""
    match error:
        case Problem():
            return error
        case Rejected(code=code, detail=detail):
            return Problem(422, code, detail)
        case Missing(code=code):
            return Problem(404, code)
        case Forbidden(code=code, detail=detail):
            return Problem(403, code, detail)
        case Outdated(code=code):
            return Problem(409, code, "it changed meanwhile: look at it again")
        case Taken(kind=kind, value=value):
            return Problem(409, f"{kind}_taken", f"{value} is taken")
        case Conflict():
            return Problem(409, "version_conflict", "it changed meanwhile: read it and try again")
        case KeyReused():
            return Problem(422, "idempotency_key_reused", "it was used for another request")
        case KeyBusy():
            return Problem(409, "idempotency_key_in_flight", "the first request still runs")
        case Unavailable(what=what, retry_after=after):
            # Also whose turn on a stream did not come: nobody can tell the two apart from here.
            told = f"{what} is away or busy"
            return Problem(503, "unavailable", told, {"Retry-After": str(after)})
        case Folding(events=events, total=total):
            wait = str(min(max(ceil(error.seconds), 1), LONGEST_WAIT))
            return Problem(
                503, "as_of.folding", str(error), {"Retry-After": wait}, Progress(events, total)
            )
        case HTTPException():
            return _of_framework(error, handler)
        case RecursionError() | msgspec.MsgspecError() | UnicodeError():
            return Problem(400, "malformed", "not JSON as this route wants it")
    return Problem(500, "internal", "it is logged, with the correlation id of this answer")


def _of_framework(error: HTTPException, handler: BaseRouteHandler | None) -> Problem:
    status = error.status_code
    if _is_about_the_key(error):
        return Problem(400, "idempotency_key_missing", "1 to 255 characters")
    if status in CODES:
        return Problem(status, CODES[status], headers=_with_head(dict(error.headers or {})))
    if 400 <= status < 500:
        return Problem(400, "malformed", _reasons(error, handler))
    if isinstance(error.__cause__, msgspec.ValidationError):
        # What was sent is wrong, in a field that is called like something a handler is given: the
        # framework takes it for our own fault.
        return Problem(400, "malformed", str(error.__cause__))
    return Problem(500, "internal", "it is logged, with the correlation id of this answer")


def _with_head(headers: dict[str, str]) -> dict[str, str]:
    """HEAD is taken wherever GET is, which the framework does not know."""
    for name in headers:
        if name.lower() == "allow" and "GET" in headers[name]:
            headers[name] = headers[name].replace("GET", "GET, HEAD")
    return headers


def _is_about_the_key(error: HTTPException) -> bool:
    if "idempotency-key" in error.detail.lower():
        return True
    wrong = error.extra if isinstance(error.extra, list) else []
    return any((e.get("source"), e.get("key")) == ("header", "key") for e in wrong)


def _reasons(error: HTTPException, handler: BaseRouteHandler | None) -> str:
    """What was wrong with which field, never its value."""
    if isinstance(error.extra, list):
        wrong = [extra for extra in error.extra if isinstance(extra, dict)]
        return "; ".join(_reason(extra, handler) for extra in wrong)[:500]
    text, _, _ = re.sub(r"\s+", " ", str(error.detail)).partition(" for path ")  # with its query
    return text[:500] if text.isprintable() else ""


def _reason(wrong: dict[str, Any], handler: BaseRouteHandler | None) -> str:
    """The framework calls the body data, and says no more of one that is not there; a parameter it
    calls as Python does."""
    key, message = str(wrong.get("key", "")), str(wrong.get("message", ""))
    if key == "data":
        return "body: a JSON object is wanted" if message == "'data'" else f"body: {message}"
    if handler is not None and wrong.get("source") != "body":
        key = _spelt(key, handler)
    return f"{key}: {message}"


def _spelt(name: str, handler: BaseRouteHandler) -> str:
    """What clients call a parameter of the handler's, or of what it depends on."""
    takers: list[BaseRouteHandler | Provide] = [handler, *handler.resolve_dependencies().values()]
    for taker in takers:
        field = taker.signature_model._fields.get(name)
        if field is not None and isinstance(field.kwarg_definition, ParameterKwarg):
            return field.kwarg_definition.name or name
    return name


def _of_body(request: Request[Any, Any, Any], detail: str) -> str:
    """The library says of half a surrogate pair that is among the last bytes, too, that it was
    truncated; the reader of Python's own takes that for a text."""
    body = ScopeState.from_scope(request.scope).body
    if detail != TRUNCATED or not isinstance(body, bytes):
        return detail
    try:
        json.loads(body.decode())
    except (ValueError, RecursionError):
        return detail
    return HALVED


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The exception handler of every route."""
    problem = of(error, request.scope.get("route_handler"))
    if problem.status >= 500 and problem.code not in EXPECTED:
        logger.error("unexpected error", path=request.scope["path"], exc_info=error)
    path = request.scope["path"]
    told = _of_body(request, problem.detail)
    body = details(problem.status, problem.code, told, path, problem.progress)
    return Response(
        msgspec.json.encode(body),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )
