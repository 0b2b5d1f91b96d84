"""/console: the page for auditors and operators, and the files that it is made of."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from litestar import Request, get
from litestar.params import PathParameter
from litestar.response.base import ASGIResponse

from entrypoints.http.answers import Ready, unchanged
from entrypoints.http.problems import Problem

FOLDER = Path(__file__).parents[1] / "console"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    "": "text/plain; charset=utf-8",  # licences
}
# Nothing runs that is not a file of ours, and nobody is spoken to but this very origin.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
GUARDS = (
    (b"content-security-policy", POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# What is vendored has its version in its path.
KEPT, ASKED = b"public, max-age=31536000, immutable", b"public, no-cache"


class File(NamedTuple):
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]


def _files() -> dict[str, File]:
    """By path; nothing else is ever read for anybody."""
    found = (path for path in sorted(FOLDER.rglob("*")) if path.is_file())
    return {
        path.relative_to(FOLDER).as_posix(): _file(path)
        for path in found
        if path.suffix in KINDS and not path.name.startswith(".")
    }


def _file(path: Path) -> File:
    body = path.read_bytes()
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    kept = KEPT if "vendor" in path.relative_to(FOLDER).parts else ASKED
    kind = KINDS[path.suffix].encode()
    return File(
        body,
        (
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"etag", tag.encode()),
            (b"cache-control", kept),
            *GUARDS,
        ),
    )


FILES = _files()
OPEN: Any = {"opt": {"public": True}, "include_in_schema": False, "sync_to_thread": False}


@get("/console", **OPEN)
def console(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The page."""
    return _sent(request, "index.html")


@get("/console/{file:path}", **OPEN)
def console_file(
    request: Request[Any, Any, Any], file: Annotated[str, PathParameter()]
) -> ASGIResponse:
    """A file of it. Raises Problem 404."""
    return _sent(request, str(file).lstrip("/") or "index.html")


def _sent(request: Request[Any, Any, Any], name: str) -> ASGIResponse:
    if (found := FILES.get(name)) is None:
        raise Problem(404, "not_found")
    etag = dict(found.headers)[b"etag"].decode()
    if unchanged(request.headers.get("if-none-match", ""), etag):
        return Ready(304, [pair for pair in found.headers if pair[0] != b"content-length"])
    return Ready(200, found.headers, found.body)
