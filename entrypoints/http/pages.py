"""Pages of other origins: which may call, what they may send, and which headers they may read.

The framework's own way of it overwrites ``Vary``, tells every origin what only the named ones are
to know, and writes into answers that are kept for others.
"""

from collections.abc import Callable, Collection

from litestar.types import Message, Receive, Scope, Send

from entrypoints.http.answers import Headers, Ready

ASKED = (
    b"authorization, content-type, idempotency-key, if-none-match, if-range, range, souk-after,"
    b" souk-purpose, x-correlation-id"
)
TOLD = (
    b"accept-ranges, allow, content-range, etag, retry-after, souk-as-of, souk-as-of-cost,"
    b" www-authenticate, x-correlation-id"
)
KEPT = 7200  # seconds that a browser asks no more: none takes it for longer than some do
ALLOWED = b"access-control-allow-origin"
Origins = Callable[[], Collection[str]]


async def options(scope: Scope, receive: Receive, send: Send) -> None:
    """What may be sent to this path, for whoever asks: a browser asks without the page's token.
    The framework's own names the methods of one of its handlers only."""
    routes = (r for r in scope["litestar_app"].routes if r.path_format == scope["path_template"])
    methods = {method for route in routes for method in getattr(route, "methods", ())}
    if "GET" in methods:
        methods.add("HEAD")
    await Ready(204, [(b"allow", ", ".join(sorted(methods)).encode())])(scope, receive, send)


def shared(scope: Scope, origin: bytes, start: Message, origins: Origins) -> Headers:
    """What is told beside an answer that a page of that origin asked for. Nothing to one that is
    not named, and nothing more where everyone may read."""
    headers: dict[bytes, bytes] = dict(start["headers"])  # type: ignore[typeddict-item]
    if ALLOWED in headers or origin.decode("latin-1") not in origins():
        return ()
    named = ((ALLOWED, origin), (b"vary", b"origin"))
    if scope.get("method") != "OPTIONS":
        return (*named, (b"access-control-expose-headers", TOLD))
    return (
        *named,
        (b"access-control-allow-methods", headers.get(b"allow", b"")),
        (b"access-control-allow-headers", ASKED),
        (b"access-control-max-age", str(KEPT).encode()),
    )
