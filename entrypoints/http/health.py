"""/health: whether the process lives, and whether what it needs is there."""

import asyncio
from collections.abc import Container, Mapping
from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.response import Response
from msgspec import Struct
from msgspec.structs import replace

from adapters.deadletters import counts
from adapters.health import Check
from adapters.policies import outcomes
from adapters.projector.positions import Lag
from adapters.roots.keys import jwks_of
from adapters.tokens.verifying import LEEWAY
from application.policies import POLICIES
from application.ports import Unavailable
from entrypoints.http.routes import opens
from entrypoints.wiring import Souk
from projections import PROJECTIONS

LATE = 60.0  # seconds that a projection may be behind: nobody folds, or it cannot


class Alive(Struct, frozen=True):
    """The process answers."""

    status: str = "ok"


class Ready(Struct, frozen=True):
    """``status``: ok, degraded (something optional is away, something is parked, a projection or
    policy is behind by more than a minute, tables are newer than this process, or its clock is off
    by more than 5 seconds) or unavailable (Postgres is). ``dead_letters``: the projections with
    events that they could not fold, and how many. ``newer``: those whose tables are of a newer
    version than this process's, and which. ``clock``: seconds that this process's is ahead of
    Postgres's."""

    status: str
    checks: dict[str, Check]
    projections: dict[str, Lag]
    policies: dict[str, Lag]
    parked: int  # reactions of policies that failed and wait for someone to look
    dead_letters: dict[str, int]
    newer: dict[str, int]
    clock: float | None

    @property
    def poor(self) -> bool:
        away = any(check.status != "ok" for check in self.checks.values())
        stuck = self.parked or self.dead_letters or self.newer
        late = _late(self.projections, PROJECTIONS) or _late(self.policies, POLICIES)
        return bool(away or stuck or late or abs(self.clock or 0) > LEEWAY)


class HealthController(Controller):
    tags = ["health"]

    @get(["/health/live"], **opens(), sync_to_thread=False)
    def live(self) -> Alive:
        """Whether the process lives."""
        return Alive()

    @get(["/health/ready", "/health", "/api/health"], **opens(away=Ready))
    async def ready(self, souk: NamedDependency[Souk]) -> Response[Ready]:
        """Whether what it needs is there: 503 while Postgres is not."""
        checks = await souk.health()
        told = await _told(souk, checks) if checks["postgres"].status == "ok" else None
        if told is None:
            away = Ready("unavailable", checks, {}, {}, 0, {}, {}, None)
            return Response(away, status_code=503)
        return Response(replace(told, status="degraded") if told.poor else told)


def _late(lags: Mapping[str, Lag], known: Container[str]) -> bool:
    """Rows of what another version had stand still for ever."""
    return any(lag.seconds > LATE for name, lag in lags.items() if name in known)


def _newer(versions: Mapping[str, int]) -> dict[str, int]:
    known = {name: projection.VERSION for name, projection in PROJECTIONS.items()}
    return {name: found for name, found in versions.items() if found > known.get(name, found)}


async def _told(souk: Souk, checks: dict[str, Check]) -> Ready | None:
    """None while Postgres fails, or nobody projects."""
    try:
        lags, reacting, stuck, letters, versions, clock = await asyncio.gather(
            souk.positions.lags(),
            souk.positions.policies(),
            outcomes.parked(souk.project),
            counts(souk.project),
            souk.positions.versions(),
            _clock(souk),
        )
    except Unavailable:
        return None
    if not lags:
        return None
    parked = sum(policy.count for policy in stuck)
    return Ready("ok", checks, lags, reacting, parked, letters, _newer(versions), clock)


async def _clock(souk: Souk) -> float | None:
    """Seconds that this process's is ahead; None: Postgres does not say."""
    try:
        time = await souk.log.now()
    except Unavailable:
        return None
    return round((datetime.now(UTC) - time).total_seconds(), 1)


@get("/.well-known/jwks.json", **opens(), tags=["health"], sync_to_thread=False)
def jwks(souk: NamedDependency[Souk]) -> dict[str, Any]:
    """The public keys that Souk's tokens are signed with."""
    return souk.signer.jwks


@get("/.well-known/souk-roots.json", **opens(), tags=["health"], sync_to_thread=False)
def roots_keys(souk: NamedDependency[Souk]) -> dict[str, Any]:
    """The public key that Merkle roots of the log are signed with; none when they are not."""
    return {**jwks_of(souk.settings.roots_key_pem)}
