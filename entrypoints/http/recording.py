"""Every reading of the history is recorded before it is answered."""

from typing import Annotated, Any, TypeAlias
from uuid import uuid4

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import HeaderParameter

from adapters.audit.history import History
from application.ports import Call
from domain.audit import LONGEST_PURPOSE
from domain.orders import digits
from entrypoints.http.caller import caller_of
from entrypoints.http.edge import correlation_of
from entrypoints.http.origins import origin_of
from entrypoints.wiring import Souk

Purpose: TypeAlias = Annotated[
    str | None,
    HeaderParameter(
        name="Souk-Purpose",
        min_length=1,
        max_length=LONGEST_PURPOSE,
        description="Why the history is read; recorded with the reading",
    ),
]

FOUND_BY = "phone"  # the only parameter with somebody's personal data


class Recording:
    """The history, once the reading is recorded."""

    def __init__(self, souk: Souk, call: Call, what: str, query: dict[str, Any], why: str | None):
        self.tenant = call.tenant
        self._souk, self._call, self._reading = souk, call, (what, query, why)

    async def history(self) -> History:
        """Raises what an append does: then there is nothing to answer."""
        await self.record()
        return self._souk.history

    async def record(self) -> None:
        """Raises what an append does."""
        what, query, why = self._reading
        if FOUND_BY in query:  # sealed with the reader's key, it would outlive whose number it is
            hashed = await self._souk.keyring.hashed(self.tenant, digits(query[FOUND_BY]))
            query = query | {FOUND_BY: f"hashed {hashed}"}
        await self._souk.audit.record(self._call, what, query, why)


async def recording(
    request: Request[Any, Any, Any], souk: NamedDependency[Souk], purpose: Purpose = None
) -> Recording:
    return recording_of(request, souk, purpose)


def recording_of(request: Request[Any, Any, Any], souk: Souk, purpose: str | None) -> Recording:
    caller = caller_of(request.scope)
    call = Call(
        caller.tenant,
        caller.user,
        uuid4(),
        correlation_of(request.scope),
        origin=origin_of(request.scope, souk.settings.trusted_proxies),
    )
    what = f"{request.method} {request.scope['path_template']}"
    asked = _asked(request)
    return Recording(souk, call, what, asked, None if purpose is None else _written(purpose))


def _asked(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """All that was sent, since it is not for here to know what of it counts: a name that was sent
    twice with all that it was given. What the path says is not hidden by a query's words."""
    query = request.query_params.dict()
    once = {name: sent[0] if len(sent) == 1 else sent for name, sent in query.items()}
    return request.path_params | once | request.path_params


def _written(text: str) -> str:
    """A header's bytes, which most clients mean as UTF-8."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
