"""One reaction, until it has settled: it went through, was rejected, or is parked."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from adapters.policies.outcomes import PARKED, REJECTED, Outcome
from adapters.projector.leader import sleep
from application.ports import Unavailable
from domain.kernel import Rejected

TRIES = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds, doubled from try to try
FRAMES = 8  # innermost calls kept of where it failed
logger = structlog.get_logger(__name__)


class Lost(Exception):
    """What the reaction needs is gone for good, as a connection: its caller makes another."""


async def settled(
    tenant: str,
    policy: str,
    position: int,
    react: Callable[[], Awaitable[None]],
    stop: asyncio.Event,
) -> Outcome | None:
    """None when it went through, or is not to go on. While a server is away it waits. Raises
    Lost."""
    failures, pause = 0, FIRST_PAUSE
    while not stop.is_set():
        try:
            await react()
            return None
        except Rejected as refusal:
            return Outcome(tenant, policy, position, REJECTED, refusal.code, refusal.detail)
        except Lost:
            raise
        except Unavailable as error:
            logger.warning("policy waits", policy=policy, position=position, what=error.what)
        except Exception as error:
            failures += 1
            if failures == TRIES:
                return _parked(tenant, policy, position, error)
        await sleep(stop, pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    return None


def _parked(tenant: str, policy: str, position: int, error: Exception) -> Outcome:
    """The log line is the alarm; a failure's own words may be a person's, so they stay out."""
    kind = type(error).__name__
    logger.error(
        "policy parked an event", policy=policy, tenant=tenant, position=position, kind=kind
    )
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    where = " > ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames)
    return Outcome(tenant, policy, position, PARKED, kind, where)
