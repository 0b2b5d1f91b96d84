"""/audit/tail: the log as it grows. What is recorded is its beginning, with what is followed."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter, QueryParameter
from litestar.response.base import ASGIResponse

from adapters.audit.filters import Filter
from adapters.audit.tails import LASTS, UNKNOWN_TAIL, Tail
from entrypoints.http.audit import REJECTS, VIEW, sent, sought
from entrypoints.http.caller import Caller
from entrypoints.http.names import END
from entrypoints.http.recording import Recording, recording
from entrypoints.http.routes import recounts, tells
from entrypoints.http.views import MOST
from entrypoints.wiring import Souk

LONGEST = 8_000  # characters of an id


class TailsController(Controller):
    path = "/audit/tail"
    tags = ["audit"]

    @get(
        "/",
        dependencies={"recording": Provide(recording), "sought": Provide(sought)},
        description=f"The newest entries, and an id to follow them by for {LASTS} seconds. With "
        "`after`, what came since that position, to go on where another tail ended.",
        **recounts(VIEW, Tail, *REJECTS),
    )
    async def begin(
        self,
        recording: NamedDependency[Recording],
        sought: NamedDependency[Filter],
        souk: NamedDependency[Souk],
        caller: NamedDependency[Caller],
        since: Annotated[int | None, QueryParameter(name="after", ge=0, le=MOST)] = None,
    ) -> ASGIResponse:
        await recording.history()
        return sent(await souk.tails.begin(caller.tenant, caller.user, sought, since))

    @get("/{tail:str}", **tells(VIEW, Tail, UNKNOWN_TAIL))
    async def follow(
        self,
        tail: Annotated[str, PathParameter(pattern=rf"^[A-Za-z0-9_-]{{1,{LONGEST}}}{END}")],
        since: Annotated[int, QueryParameter(name="after", ge=0, le=MOST)],
        souk: NamedDependency[Souk],
        caller: NamedDependency[Caller],
    ) -> ASGIResponse:
        """What came since that position, at most 200 of it, the newest. Ask once a second."""
        return sent(await souk.tails.follow(caller.tenant, caller.user, tail, since))
