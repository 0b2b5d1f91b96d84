"""/health: whether the process lives, and whether what it needs is there."""

import asyncio
from collections.abc import Container, Mapping
from typing import Any, TypeAlias

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.response import Response
from msgspec import Struct

from adapters.deadletters import counts
from adapters.health import Check
from adapters.policies import outcomes
from adapters.projector.positions import Lag
from adapters.roots.keys import jwks_of
from application.policies import POLICIES
from application.ports import Unavailable
from entrypoints.http.routes import opens
from entrypoints.wiring import Souk
from projections import PROJECTIONS

Behind: TypeAlias = tuple[dict[str, Lag], dict[str, Lag], int, dict[str, int], dict[str, int]]
LATE = 60.0  # seconds that a projection may be behind: nobody folds, or it cannot
NOTHING: Behind = {}, {}, 0, {}, {}


class Alive(Struct, frozen=True):
    """The process answers."""

    status: str = "ok"


class Ready(Struct, frozen=True):
    """``status``: ok, degraded (something optional is away, something is parked, a projection or
    policy is behind by more than a minute, or tables are newer than this process) or unavailable
    (Postgres is). ``dead_letters``: the projections with events that they could not fold, and how
    many. ``newer``: those whose tables are of a newer version than this process's, and which."""

    status: str
    checks: dict[str, Check]
    projections: dict[str, Lag]
    policies: dict[str, Lag]
    parked: int  # reactions of policies that failed and wait for someone to look
    dead_letters: dict[str, int]
    newer: dict[str, int]


class HealthController(Controller):
    tags = ["health"]

    @get(["/health/live"], **opens(), sync_to_thread=False)
    def live(self) -> Alive:
        """Whether the process lives."""
        return Alive()

    @get(["/health/ready", "/health", "/api/health"], **opens(away=Ready))
    async def ready(self, souk: NamedDependency[Souk]) -> Response[Ready]:
        """Whether what it needs is there: 503 while Postgres is not."""
        found = await souk.health()
        lags, reacting, parked, letters, newer = (
            await _behind(souk) if found["postgres"].status == "ok" else NOTHING
        )
        away = [name for name, check in found.items() if check.status != "ok"]
        late = _late(lags, PROJECTIONS) or _late(reacting, POLICIES)
        poor = bool(away or parked or letters or late or newer)
        status = "unavailable" if "postgres" in away or not lags else "degraded" if poor else "ok"
        return Response(
            Ready(status, found, lags, reacting, parked, letters, newer),
            status_code=503 if status == "unavailable" else 200,
        )


def _late(lags: Mapping[str, Lag], known: Container[str]) -> bool:
    """Rows of what another version had stand still for ever."""
    return any(lag.seconds > LATE for name, lag in lags.items() if name in known)


def _newer(versions: Mapping[str, int]) -> dict[str, int]:
    known = {name: projection.VERSION for name, projection in PROJECTIONS.items()}
    return {name: found for name, found in versions.items() if found > known.get(name, found)}


async def _behind(souk: Souk) -> Behind:
    """Each projection's and policy's lag, how much is parked, and which tables are newer; nothing
    while Postgres fails."""
    try:
        lags, reacting, stuck, letters, versions = await asyncio.gather(
            souk.positions.lags(),
            souk.positions.policies(),
            outcomes.parked(souk.project),
            counts(souk.project),
            souk.positions.versions(),
        )
    except Unavailable:
        return NOTHING
    parked = sum(policy.count for policy in stuck)
    return lags, reacting, parked, letters, _newer(versions)


@get("/.well-known/jwks.json", **opens(), tags=["health"], sync_to_thread=False)
def jwks(souk: NamedDependency[Souk]) -> dict[str, Any]:
    """The public keys that Souk's tokens are signed with."""
    return souk.signer.jwks


@get("/.well-known/souk-roots.json", **opens(), tags=["health"], sync_to_thread=False)
def roots_keys(souk: NamedDependency[Souk]) -> dict[str, Any]:
    """The public key that Merkle roots of the log are signed with; none when they are not."""
    return {**jwks_of(souk.settings.roots_key_pem)}
