"""``as_of``: any query as it would have been answered at a past position or time."""

from typing import Annotated, Any, Literal, TypeAlias

from litestar import Request
from litestar.params import QueryParameter

from adapters.asof.past import Past
from adapters.asof.points import SPELT, Beyond, Malformed, Point, point
from entrypoints.http.answers import Headers
from entrypoints.http.caller import Caller, caller_of
from entrypoints.http.problems import Problem
from entrypoints.http.recording import recording_of
from entrypoints.wiring import Souk

PERMISSION = "audit_logs:view"
AsOf: TypeAlias = Annotated[
    str | None,
    QueryParameter(description=f"for auditors: {SPELT}"),
]
Axis: TypeAlias = Annotated[
    Literal["recorded", "occurred"] | None,
    QueryParameter(
        description="of a time: when it was recorded (the default), or when it occurred"
    ),
]


async def past(
    request: Request[Any, Any, Any], souk: Souk, as_of: str, axis: str | None, purpose: str | None
) -> Past:
    """Recorded, before anything is answered. Raises Problem 400, 403, 422, and what an append
    raises."""
    caller = caller_of(request.scope)
    allow(caller)
    point = await point_of(souk, as_of, axis)  # what is refused is not recorded
    await recording_of(request, souk, purpose).record()
    reader = souk.reader(caller.tenant)
    return Past(souk.folds, reader, point, souk.settings.as_of_seconds)


def allow(caller: Caller) -> None:
    """Raises Problem 403."""
    if not caller.may(PERMISSION):
        raise Problem(403, "as_of.forbidden", f"as_of needs the permission {PERMISSION}")


async def point_of(souk: Souk, as_of: str, axis: str | None) -> Point:
    """Raises Problem 400, 422."""
    try:
        return await point(souk.project, as_of, axis)
    except Malformed as error:
        raise Problem(400, "malformed", f"as_of: {error}") from None
    except Beyond as error:
        raise Problem(422, "as_of.beyond_the_log", str(error)) from None


def told(past: Past) -> Headers:
    """The headers of an answer: as of where, and what it took."""
    events, ms, cached = past.cost
    cost = f"events={events};ms={ms:g};cached={int(cached)}"
    position = str(past.point.position)
    return ((b"souk-as-of", position.encode()), (b"souk-as-of-cost", cost.encode()))
