"""Problems: every refusal and every failure as RFC 9457 JSON with a stable code."""

from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, LitestarException, ValidationException
from msgspec import Struct

from application.ports import (
    Conflict,
    Forbidden,
    KeyBusy,
    KeyReused,
    Missing,
    Taken,
    Unavailable,
)
from domain.kernel import Rejected

LOG = structlog.get_logger("souk.http")
MEDIA_TYPE = "application/problem+json"

# What Litestar itself answers, by status.
OF_STATUS = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    503: "unavailable",
}


class Problem(Struct, frozen=True):
    """``code`` is stable; ``instance`` names the request in the logs."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    errors: list[dict[str, str]] = []


class Refusal(Exception):
    """What the edge itself refuses, before any use case runs."""

    def __init__(
        self, status: int, code: str, detail: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        self.headers = headers or {}


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The one exception handler of the application."""
    refusal = refusal_of(error)
    correlation = correlation_of(request.scope)
    if refusal.status >= 500 and refusal.code == "internal":
        LOG.error(
            "internal",
            correlation=str(correlation),
            method=request.method,
            route=request.scope.get("path_template", ""),
            exc_info=error,
        )
    problem = Problem(
        type=f"urn:souk:problem:{refusal.code}",
        title=HTTPStatus(refusal.status).phrase,
        status=refusal.status,
        code=refusal.code,
        detail=refusal.detail,
        instance=f"urn:uuid:{correlation}",
        errors=_errors(error),
    )
    return Response(
        msgspec.json.encode(problem),
        status_code=refusal.status,
        media_type=MEDIA_TYPE,
        headers=refusal.headers,
    )


def refusal_of(error: Exception) -> Refusal:
    match error:
        case Refusal():
            return error
        case Rejected(code=code, detail=detail):
            return Refusal(422, code, detail)
        case Missing(code=code):
            return Refusal(404, code)
        case Forbidden(code=code):
            return Refusal(403, code)
        case Taken(kind=kind):
            return Refusal(409, f"{kind}_taken", "another one has it already")
        case Conflict():
            return Refusal(409, "version_conflict", "it keeps changing; try again")
        case KeyReused():
            return Refusal(422, "idempotency_key_reused", "the key stands for another request")
        case KeyBusy():
            return Refusal(409, "idempotency_key_in_flight", "the first request still runs")
        case Unavailable(what=what, retry_after=seconds):
            detail = f"{what} is away or busy"
            return Refusal(503, "unavailable", detail, {"Retry-After": str(seconds)})
        case _:
            return _of_framework(error)


def _of_framework(error: Exception) -> Refusal:
    if isinstance(error, HTTPException) and error.status_code < 500:
        code = OF_STATUS.get(error.status_code, "malformed")
        return Refusal(error.status_code, code, _detail(error), dict(error.headers or {}))
    if isinstance(error, RecursionError | UnicodeError | msgspec.MsgspecError):
        return Refusal(400, "malformed", "the request cannot be read")
    return Refusal(500, "internal", "the failure is logged under this instance")


def _detail(error: HTTPException) -> str:
    """Never what was sent: it may be personal, or somebody's attempt at markup."""
    if isinstance(error, ValidationException):
        return "the request does not fit its schema"
    return HTTPStatus(error.status_code).description or HTTPStatus(error.status_code).phrase


def _errors(error: Exception) -> list[dict[str, str]]:
    extra = error.extra if isinstance(error, ValidationException) else None
    if not isinstance(extra, list):
        return []
    return [
        {"field": str(e.get("key", "")), "message": str(e.get("message", ""))}
        for e in extra
        if isinstance(e, dict)
    ]


def correlation_of(scope: Any) -> UUID:
    """The request's correlation: the client's X-Correlation-Id if it is a uuid, else a new one."""
    state = scope.setdefault("state", {})
    if "correlation" not in state:
        state["correlation"] = _sent(scope) or uuid4()
    correlation: UUID = state["correlation"]
    return correlation


def _sent(scope: Any) -> UUID | None:
    for name, value in scope["headers"]:
        if name == b"x-correlation-id":
            try:
                return UUID(value.decode("latin-1"))
            except ValueError:
                return None
    return None


HANDLERS: dict[int | type[Exception], Any] = {
    Exception: answer,
    HTTPException: answer,
    LitestarException: answer,
}
