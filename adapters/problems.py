"""Errors as problem+json (RFC 9457): the same words from the HTTP API and the live gateway."""

from msgspec import Struct

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "Malformed request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    416: "Range not satisfiable",
    422: "Rejected by a rule",
    426: "Upgrade required",
    431: "Too large",
    500: "Internal error",
    501: "Malformed request",
    503: "Unavailable",
}


class Progress(Struct, frozen=True):
    """How far it is, of what is asked for and not ready."""

    events: int
    total: int


class ProblemDetails(Struct, frozen=True, omit_defaults=True):
    """What every error answers. ``code`` is stable; ``detail`` is for people. ``progress``: of
    what will be ready later."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    instance: str = ""
    progress: Progress | None = None


def details(
    status: int, code: str, detail: str, instance: str, progress: Progress | None = None
) -> ProblemDetails:
    """``instance``: the path that was asked for."""
    title = TITLES.get(status, "Error")
    return ProblemDetails(
        f"urn:souk:problem:{code}", title, status, code, detail, instance, progress
    )
