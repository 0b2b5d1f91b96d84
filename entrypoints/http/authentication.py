"""One plain ASGI layer: the bearer's token verified, and the route's permission held."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable

from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.barred import Barred
from adapters.tokens.verifying import Early, Refused, TokenVerifier
from domain.permissions import allows, expand
from entrypoints.http.caller import Caller
from entrypoints.http.edge import header
from entrypoints.http.names import NAME
from entrypoints.http.problems import Problem

QUERIES = ("GET", "OPTIONS")
KEPT = 10_000  # verified headers at the most
FRESH = 60.0  # seconds that one is trusted without looking again


class Bearers:
    """Callers by the header they sent, so that a signature is checked once a minute."""

    def __init__(self, tokens: Callable[[], TokenVerifier]) -> None:
        self._tokens = tokens
        self._known: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()

    async def caller(self, header: bytes) -> Caller:
        """Raises Problem 401."""
        until, caller = self._known.get(header, (0.0, None))
        if caller is not None and time.time() < until:
            return caller
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            raise unauthenticated("send a bearer token")
        try:
            claims = await self._tokens().verify(token.decode("ascii"))
        except Early:
            raise unauthenticated("the token is from the future: is a clock wrong?") from None
        except (Refused, UnicodeDecodeError):
            raise unauthenticated("the token is malformed, expired or not for us") from None
        if not (re.fullmatch(NAME, claims.tenant) and re.fullmatch(NAME, claims.sub)):
            raise unauthenticated("tenant and user are letters, digits, - and _")
        caller = Caller(claims.tenant, claims.sub, expand(claims.permissions), claims.exp)
        self._keep(header, min(time.time() + FRESH, claims.exp), caller)
        return caller

    def _keep(self, header: bytes, until: float, caller: Caller) -> None:
        self._known[header] = (until, caller)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)


def unauthenticated(detail: str) -> Problem:
    return Problem(401, "unauthenticated", detail, {"WWW-Authenticate": "Bearer"})


def authenticating(app: ASGIApp, bearers: Bearers, barred: Callable[[], Barred]) -> ASGIApp:
    """The layer. A route says what it wants by ``opt``: ``permission``, or ``public``; and by
    ``archived`` that it is a command which an archived tenant takes."""

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        opt = scope["route_handler"].opt
        if not opt.get("public"):
            caller = await bearers.caller(header(scope, b"authorization"))
            known = await barred()()
            if (caller.tenant, caller.user) in known.members:
                raise unauthenticated("whoever this is of was removed from the tenant")
            if (wanted := opt.get("permission")) and not allows(caller.held, wanted):
                raise Problem(403, "forbidden", f"this needs the permission {wanted}")
            if caller.tenant in known.tenants and not _taken(scope):
                raise Problem(403, "tenants.archived", "restore the tenant first")
            scope["user"] = caller
        await app(scope, receive, send)

    return layer


def _taken(scope: Scope) -> bool:
    """Whether it is a query, or a command that an archived tenant takes too."""
    opt = scope["route_handler"].opt
    return scope.get("method") in QUERIES or bool(opt.get("archived") or opt.get("anyone"))
