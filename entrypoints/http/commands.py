"""What a command is called with: who, when, and under which idempotency key."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar
from uuid import uuid4

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import HeaderParameter

from application.ports import Call, Key
from entrypoints.http.caller import caller_of
from entrypoints.http.edge import correlation_of
from entrypoints.http.origins import origin_of
from entrypoints.wiring import Souk

C = TypeVar("C", bound=Call)
U = TypeVar("U")
R = TypeVar("R")
P = ParamSpec("P")
KEY = "Idempotency-Key"
SENT = "The same key and body again: the same answer, once carried out. 1 to 255 characters."


class Creating(Call, frozen=True):
    """The call of a command that creates: it always has a key."""

    @property
    def id(self) -> str:
        """The id of what is created."""
        return str(self.command_id)


async def call(
    request: Request[Any, Any, Any],
    souk: NamedDependency[Souk],
    key: Annotated[
        str | None, HeaderParameter(name=KEY, min_length=1, max_length=255, description=SENT)
    ] = None,
) -> Call:
    return await _call(Call, request, souk, key)


async def creating(
    request: Request[Any, Any, Any],
    souk: NamedDependency[Souk],
    key: Annotated[str, HeaderParameter(name=KEY, min_length=1, max_length=255, description=SENT)],
) -> Creating:
    return await _call(Creating, request, souk, key)


async def keyless(request: Request[Any, Any, Any], souk: NamedDependency[Souk]) -> Call:
    """Of what leaves no answer to give again: a key that is sent has no meaning."""
    return await _call(Call, request, souk, None)


async def _call(kind: type[C], request: Request[Any, Any, Any], souk: Souk, key: str | None) -> C:
    caller = caller_of(request.scope)
    return kind(
        tenant=caller.tenant,
        actor=caller.user,
        command_id=uuid4(),
        correlation=correlation_of(request.scope),
        key=await _key(request, souk, caller.user, key) if key else None,
        origin=origin_of(request.scope, souk.settings.trusted_proxies),
    )


async def _key(request: Request[Any, Any, Any], souk: Souk, user: str, key: str) -> Key:
    """Bound to the user and the route; the HMAC tells this request from another. What a DELETE is
    to say stands in its query."""
    route = f"{request.method} {request.scope['path_template']}"
    parts = [request.scope["path"].encode(), await request.body()]
    if query := request.scope["query_string"]:  # without one, keys of before stay good
        parts.append(query)
    digest = hmac.digest(souk.settings.secret, b"\0".join(parts), hashlib.sha256)
    return Key(user, route, key, digest)


class On(Generic[U]):
    """One thing, with the use cases of its context: ``await on(Orders.ship, tracking)``.

    Every use case takes the call, the thing's id and its owner first; these are known here.
    """

    def __init__(self, cases: U, call: Call, id: str, owner: str | None) -> None:
        self._cases, self._call, self._id, self._owner = cases, call, id, owner

    async def __call__(
        self,
        case: Callable[Concatenate[U, Call, str, str | None, P], Awaitable[R]],
        *more: P.args,
        **named: P.kwargs,
    ) -> R:
        return await case(self._cases, self._call, self._id, self._owner, *more, **named)


Sent: TypeAlias = NamedDependency[Call]
SentToCreate: TypeAlias = NamedDependency[Creating]
