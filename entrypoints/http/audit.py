"""/audit: the log as auditors read it. Every reading is recorded before it is answered."""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, PathParameter, QueryParameter
from litestar.response.base import ASGIResponse

from adapters.audit.entries import Entry
from adapters.audit.filters import Filter
from adapters.audit.history import (
    BEYOND,
    UNFOLDABLE,
    UNKNOWN_EVENT,
    UNKNOWN_STREAM,
    UNKNOWN_VERSION,
    Compared,
    Detail,
    StreamState,
)
from adapters.audit.moments import SPELT, Malformed, Moment, moment
from entrypoints.http.answers import Ready
from entrypoints.http.names import END, TimeInQuery, utc
from entrypoints.http.problems import Problem
from entrypoints.http.recording import Recording, recording
from entrypoints.http.routes import recounts
from entrypoints.http.views import MOST, Sliced, check_limit

VIEW = "audit_logs:view"
MISSING = f"{UNKNOWN_STREAM} {UNKNOWN_VERSION} {UNFOLDABLE} {BEYOND}"
REJECTS = ("audit.nothing_read", "audit.query_too_long", "audit.purpose_too_long")
UNKEPT = ((b"cache-control", b"private, no-store"), (b"vary", b"authorization"))
Found: TypeAlias = Annotated[str | None, QueryParameter(min_length=1, max_length=200)]
Place: TypeAlias = Annotated[int | None, QueryParameter(ge=0, le=MOST)]
Part: TypeAlias = Annotated[str, PathParameter(pattern=rf"^[^/\x00]{{1,200}}{END}")]
When: TypeAlias = Annotated[str | None, QueryParameter(max_length=64, description=SPELT)]


async def sought(
    recorded_from: TimeInQuery = None,
    recorded_before: TimeInQuery = None,
    position_from: Place = None,
    position_before: Place = None,
    stream: Annotated[
        str | None,
        QueryParameter(
            pattern=rf"^[^/\x00]+/[^\x00]+{END}", max_length=400, description="context/id"
        ),
    ] = None,
    context: Found = None,
    tag: Found = None,
    actor: Found = None,
    correlation: FromQuery[UUID | None] = None,
    causation: Annotated[
        UUID | None, QueryParameter(description="the event id of the cause")
    ] = None,
    q: Annotated[
        str | None,
        QueryParameter(
            min_length=1, max_length=200, description="in what is stored in the clear, in any case"
        ),
    ] = None,
) -> Filter:
    """Times, which are those of recording, and positions are half-open."""
    return Filter(
        utc(recorded_from),
        utc(recorded_before),
        position_from,
        position_before,
        stream,
        context,
        tag,
        actor,
        correlation,
        causation,
        q,
    )


def sent(document: object) -> ASGIResponse:
    return Ready.json(200, msgspec.json.encode(document), UNKEPT)


def point(text: str) -> Moment:
    """Raises Problem 400."""
    try:
        return moment(text)
    except Malformed as error:
        raise Problem(400, "malformed", str(error)) from None


class AuditController(Controller):
    path = "/audit"
    tags = ["audit"]
    dependencies = {"recording": Provide(recording)}

    @get(
        "/events",
        dependencies={"sought": Provide(sought)},
        **recounts(VIEW, Sliced[Entry], *REJECTS),
    )
    async def events(
        self,
        recording: NamedDependency[Recording],
        sought: NamedDependency[Filter],
        order: Annotated[Literal["asc", "desc"], QueryParameter()] = "desc",
        changes: Annotated[
            bool, QueryParameter(description="false: without old and new, which is faster")
        ] = True,
        cursor: Annotated[
            str | None,
            QueryParameter(
                pattern=rf"^[0-9]{{1,18}}{END}", description="``next`` of the page before"
            ),
        ] = None,
        limit: Annotated[int, QueryParameter(ge=10, le=100)] = 20,
    ) -> ASGIResponse:
        """What happened, newest first. A page may be short and still have a ``next``: it looks
        through the log for about a second and then answers what it found."""
        check_limit(limit)
        tenant = recording.tenant
        history = await recording.history()
        place = None if cursor is None else int(cursor)
        found = await history.events(tenant, sought, place, limit, order == "asc", changes)
        return sent(Sliced(found.items, None if found.next is None else str(found.next)))

    @get("/events/{position:int}", **recounts(VIEW, Detail, *REJECTS, missing=UNKNOWN_EVENT))
    async def event(
        self,
        position: Annotated[int, PathParameter(ge=0, le=MOST)],
        recording: NamedDependency[Recording],
    ) -> ASGIResponse:
        """One event, the commands that led to it, and those that followed from it."""
        history = await recording.history()
        return sent(await history.event(recording.tenant, position))

    @get(
        "/streams/{context:str}/{id:str}", **recounts(VIEW, StreamState, *REJECTS, missing=MISSING)
    )
    async def state(
        self,
        context: Part,
        id: Part,
        recording: NamedDependency[Recording],
        at: When = None,
    ) -> ASGIResponse:
        """The aggregate's state then, or now."""
        then = None if at is None else point(at)
        history = await recording.history()
        return sent(await history.state(recording.tenant, context, id, then))

    @get(
        "/streams/{context:str}/{id:str}/diff",
        **recounts(VIEW, Compared, *REJECTS, missing=MISSING),
    )
    async def diff(
        self,
        context: Part,
        id: Part,
        recording: NamedDependency[Recording],
        begin: Annotated[str, QueryParameter(name="from", max_length=64, description=SPELT)],
        end: Annotated[
            str | None, QueryParameter(name="to", max_length=64, description=f"{SPELT}; or now")
        ] = None,
    ) -> ASGIResponse:
        """What changed in between, field by field. A later ``from`` tells the way back."""
        one, other = point(begin), None if end is None else point(end)
        history = await recording.history()
        return sent(await history.changes(recording.tenant, context, id, one, other))
