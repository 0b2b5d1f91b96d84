"""/projections: how far they are, how much there is to fold, and what they could not."""

from typing import Annotated, TypeAlias

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response.base import ASGIResponse

from adapters.deadletters import Letters, Retried, retry_policy, retry_projection, waiting
from adapters.log.throughput import Throughput, throughput
from adapters.projector.standing import Standings, standings
from application.policies import POLICIES, TIMERS
from application.ports import Missing
from entrypoints.http.answers import Ready
from entrypoints.http.caller import Caller
from entrypoints.http.commands import Sent
from entrypoints.http.names import NamedInPath
from entrypoints.http.routes import changes, tells
from entrypoints.wiring import Souk
from projections import PROJECTIONS

VIEW, RETRY = "projections:view", "projections:retry"
UNKNOWN, UNKNOWN_POLICY = "projections.unknown_projection", "policies.unknown_policy"
UNKEPT = ((b"cache-control", b"private, no-store"), (b"vary", b"authorization"))
Seconds: TypeAlias = Annotated[
    int, QueryParameter(ge=1, le=3600, description="of one of the 60 steps")
]


def sent(document: msgspec.Struct) -> ASGIResponse:
    return Ready.json(200, msgspec.json.encode(document), UNKEPT)


class ProjectionsController(Controller):
    """Positions are those of the whole log; dead letters are the caller's tenant's, whoever asks:
    a token belongs to one tenant. Those of all are for who may run ``souk deadletters``."""

    path = "/projections"
    tags = ["projections"]

    @get("/", **tells(VIEW, Standings))
    async def all(
        self, souk: NamedDependency[Souk], caller: NamedDependency[Caller]
    ) -> ASGIResponse:
        """Each projection's version, its position, and how far it is behind the log."""
        return sent(await standings(souk.project, caller.tenant))

    @get("/throughput", **tells(VIEW, Throughput))
    async def throughput(self, souk: NamedDependency[Souk], seconds: Seconds = 10) -> ASGIResponse:
        """Events that the whole log took in each of the last 60 steps that are over."""
        return sent(await throughput(souk.project, seconds))

    @get("/dead-letters", **tells(VIEW, Letters))
    async def dead_letters(
        self, souk: NamedDependency[Souk], caller: NamedDependency[Caller]
    ) -> ASGIResponse:
        """What no projection could fold, one for each parked stream; and the reactions of policies
        that failed."""
        return sent(await waiting(souk.project, caller.tenant))

    @post("/{name:str}/dead-letters/retry", **changes(RETRY, missing=UNKNOWN))
    async def retry(self, name: NamedInPath, call: Sent, souk: NamedDependency[Souk]) -> Retried:
        """Fold them once more, in order, after the cure. What fails again stays."""
        if name not in PROJECTIONS:
            raise Missing(UNKNOWN)
        return await retry_projection(souk.project, souk.settings.postgres_url, name, call.tenant)


class PoliciesController(Controller):
    path = "/policies"
    tags = ["projections"]

    @post("/{name:str}/dead-letters/retry", **changes(RETRY, missing=UNKNOWN_POLICY))
    async def retry(self, name: NamedInPath, call: Sent, souk: NamedDependency[Souk]) -> Retried:
        """Carry the parked reactions of a policy or a timer out once more, after the cure."""
        if name not in POLICIES and name not in TIMERS:
            raise Missing(UNKNOWN_POLICY)
        url = souk.settings.postgres_url
        return await retry_policy(souk.project, url, souk.log, name, call.tenant)
