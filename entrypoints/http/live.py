"""/live: where the live gateway is, what one may watch there, and tickets for it."""

from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.response import Response
from msgspec import Struct
from msgspec.structs import replace

from adapters.live.tickets import LASTS, Bearer
from application.ports import Unavailable
from entrypoints.http.caller import Caller
from entrypoints.http.routes import welcomes
from entrypoints.live.asyncapi import document, page
from entrypoints.live.topics import offered
from entrypoints.wiring import Souk
from projections import identity

SOCKETS, STREAMS = "/api/v1/live", "/api/v1/live/events"


class Gateway(Struct, frozen=True):
    """``topics``: {id}, {seller} and the like stand for anyone's."""

    websocket: str
    events: str
    tickets: str
    topics: list[str]


class Ticket(Struct, frozen=True):
    """Good for one sign-in: ``?ticket=``. ``expires_in``: seconds."""

    ticket: str
    expires_in: int


class LiveController(Controller):
    path = "/live"
    tags = ["live"]

    @get("/", **welcomes(Gateway))
    async def gateway(
        self,
        request: Request[Any, Any, Any],
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Gateway:
        """Where to connect, and the topics that the caller may ask for there."""
        base = souk.settings.live_url or str(request.base_url).rstrip("/")
        socket = f"ws{base.removeprefix('http')}{SOCKETS}"
        topics = offered(replace(caller, tier=await _tier(caller, souk)))
        return Gateway(socket, f"{base}{STREAMS}", "/api/v1/live/tickets", topics)

    @post("/tickets", **welcomes(Ticket, 201))
    async def ticket(self, caller: NamedDependency[Caller], souk: NamedDependency[Souk]) -> Ticket:
        """A ticket for a browser, which cannot send a header with a WebSocket."""
        bearer = Bearer(caller.tenant, caller.user, caller.held, caller.expires_at)
        return Ticket(await souk.tickets.issue(bearer), LASTS)


async def _tier(caller: Caller, souk: Souk) -> str | None:
    """None as well while it cannot be read: where the gateway is can be told all the same."""
    try:
        member = await identity.member(souk.reader(caller.tenant), caller.user)
    except Unavailable:
        return None
    return identity.tier_of(member.body) if member else None


@get("/docs/asyncapi.json", opt={"public": True}, include_in_schema=False, sync_to_thread=False)
def asyncapi() -> dict[str, Any]:
    """The messages of the live gateway, as AsyncAPI 3."""
    return document()


@get("/docs/asyncapi", opt={"public": True}, include_in_schema=False, sync_to_thread=False)
def asyncapi_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The same for people, when it is they who ask."""
    if "text/html" in request.headers.get("accept", ""):
        return Response(page(document()), media_type="text/html")
    return Response(document(), media_type="application/json")
