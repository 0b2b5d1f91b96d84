"""Authentication: one plain ASGI layer between the routes and their handlers."""

import time
from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.tokens import Refused, TokenVerifier
from domain.permissions import expand
from entrypoints.http.caller import Caller
from entrypoints.http.problems import Refusal
from entrypoints.keys import NAME

KEPT = 10_000  # verified headers in memory
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="souk"'}


class Callers:
    """Callers by the header that proved them; the oldest are forgotten first."""

    def __init__(self, verifier: TokenVerifier) -> None:
        self._verifier = verifier
        self._kept: dict[bytes, tuple[Caller, int]] = {}

    async def of(self, header: bytes) -> Caller:
        """Raises Refusal 401. An expired token is refused even when it was verified before."""
        kept = self._kept.get(header)
        if kept is not None and kept[1] > time.time():
            return kept[0]
        self._kept.pop(header, None)
        return await self._verified(header)

    def forget(self) -> None:
        """Verify every token again: keys or rights were revoked."""
        self._kept.clear()

    async def _verified(self, header: bytes) -> Caller:
        scheme, _, token = header.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            raise unauthenticated()
        try:
            claims = await self._verifier.verify(token.strip())
        except Refused:
            raise unauthenticated() from None
        if not (NAME.fullmatch(claims.tenant) and NAME.fullmatch(claims.sub)):
            raise unauthenticated()
        caller = Caller(claims.tenant, claims.sub, expand(claims.permissions))
        if len(self._kept) >= KEPT:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[header] = (caller, claims.exp)
        return caller


class Authentication:
    """Refuses who may not, before the body is read. Routes say so in their ``opt``."""

    def __init__(self, app: ASGIApp, callers: Callers) -> None:
        self._app, self._callers = app, callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (opt := scope["route_handler"].opt) is not None:
            await self._admit(scope, opt)
        await self._app(scope, receive, send)

    async def _admit(self, scope: Any, opt: Any) -> None:
        if b"%00" in scope.get("query_string", b"") or "\x00" in scope["path"]:
            raise Refusal(400, "malformed", "a NUL character")
        permission = opt.get("permission")
        if permission is None:
            return
        headers = dict(scope["headers"])
        caller = await self._callers.of(headers.get(b"authorization", b""))
        if permission and not caller.may(permission):
            raise Refusal(403, "forbidden", f"needs {permission}")
        if opt.get("body") and not _is_json(headers.get(b"content-type", b"")):
            raise Refusal(415, "unsupported_media_type", "send application/json")
        scope["state"]["caller"] = caller


def unauthenticated() -> Refusal:
    """One answer for every reason, so that it teaches a guesser nothing."""
    return Refusal(401, "unauthenticated", "a valid bearer token is needed", CHALLENGE)


def _is_json(media_type: bytes) -> bool:
    return media_type.partition(b";")[0].strip().lower() == b"application/json"
