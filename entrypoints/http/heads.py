"""HEAD: what GET answers, without its body (RFC 9110, 9.3.2). The framework takes it for a method
that a route may have or not; monitors and caches take it for granted."""

from litestar import Litestar
from litestar.types import Message, Receive, Scope, Send

BARE = "bare"  # in a request's state: its body will not be sent, and need not be fetched


class Headed(Litestar):
    """Every route that answers GET answers HEAD."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        if scope.get("method") == "HEAD":
            state = {**(scope.get("state") or {}), BARE: True}
            scope, send = {**scope, "method": "GET", "state": state}, _bare(send)  # type: ignore[assignment]
        await super().__call__(scope, receive, send)


def _bare(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sending


def is_bare(scope: Scope) -> bool:
    return BARE in scope["state"]
