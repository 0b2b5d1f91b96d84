"""The process role that runs every policy and every timer, one leader at a time."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from adapters.log.codec import Codec
from adapters.policies.following import Follower
from adapters.policies.leading import Lead, leading
from adapters.policies.outcomes import PARKED, keep, register
from adapters.policies.settling import settled
from adapters.policies.timers import due
from adapters.postgres.pools import PROJECT, Pool, borrow, open_pool
from application.policies import POLICIES, TIMERS
from application.policies.kernel import Due, Policy, Timer
from application.ports import Log
from application.work import Commands

AGAIN = 0.5  # seconds until it tries again for the lead
TICK = 1.0  # seconds between looks at the timers
logger = structlog.get_logger(__name__)


class PolicyRunner:
    """Follows the log at ``url`` and sends commands to ``log``, an open one.

    ``now`` tells the time that timers run out by.
    """

    def __init__(
        self,
        url: str,
        log: Log,
        *,
        policies: Mapping[str, Policy] = POLICIES,
        timers: Mapping[str, Timer] = TIMERS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        codec: Codec | None = None,
        tick: float = TICK,
    ) -> None:
        self._url, self._commands = url, Commands(log)
        self._policies, self._timers = policies, timers
        self._now, self._codec, self._tick = now, codec, tick
        self._parked: set[tuple[str, str, str, datetime]] = set()
        self.leads = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``. Waits for the lead, and for Postgres while it is away."""
        pool = await open_pool(self._url, PROJECT, size=4, name="souk-policies")
        try:
            lead = asyncio.create_task(self._forever(pool, stop), name="souk-policies")
            await stop.wait()
            while not lead.done():
                lead.cancel()
                await asyncio.wait({lead}, timeout=AGAIN)
        finally:
            await pool.close()

    async def _forever(self, pool: Pool, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async with leading(self._url) as lead:
                    await self._work(pool, lead)
            except Exception as error:
                logger.warning("policies lost the lead", error=_why(error))
            finally:
                self.leads = False
            await asyncio.sleep(AGAIN)

    async def _work(self, pool: Pool, lead: Lead) -> None:
        """Raises when the lead is lost, which cancels what runs."""
        async with borrow(pool) as db:
            positions = await register(db, self._policies)
        self.leads = True
        self._parked.clear()
        logger.info("policies take the lead", positions=positions)
        try:
            async with asyncio.TaskGroup() as group:
                for name, position in positions.items():
                    follower = Follower(self._policies[name], pool, self._commands, self._codec)
                    group.create_task(_follow(follower, position, lead, lead.ear()))
                for timer in self._timers.values():
                    group.create_task(self._poll(pool, timer, lead))
                group.create_task(lead.hear())
        finally:
            lead.lose()

    async def _poll(self, pool: Pool, timer: Timer, lead: Lead) -> None:
        while lead.held:
            await patiently(self.fire(pool, timer))
            await asyncio.sleep(self._tick)

    async def fire(self, pool: Pool, timer: Timer) -> None:
        """Every timer of that kind that has run out. A rejected one is asked again, next time."""
        async with borrow(pool) as db:
            ran_out = await due(db, timer.name, self._now())
        for each in ran_out:
            await self._fire(pool, timer, each)

    async def _fire(self, pool: Pool, timer: Timer, each: Due) -> None:
        slot = (timer.name, each.tenant, each.id, each.at)
        if slot in self._parked:
            return

        async def react() -> None:
            await timer.reaction(self._commands, timer.call(each), each)

        outcome = await settled(each.tenant, timer.name, each.position, react)
        if outcome:
            self._parked |= {slot} if outcome.outcome == PARKED else set()
            async with borrow(pool) as db:
                await keep(db, [outcome])


async def _follow(follower: Follower, position: int, lead: Lead, news: asyncio.Event) -> None:
    await follower.retry_parked()
    while lead.held:
        news.clear()
        before, position = position, await follower.step(position)
        if position == before and lead.held:
            await news.wait()


async def patiently(work: Coroutine[Any, Any, None]) -> None:
    """A look that fails is taken again: the rows may not be there yet, or the server be away."""
    try:
        await work
    except Exception as error:
        logger.warning("a timer could not look", error=_why(error))


def _why(error: BaseException) -> str:
    """The first cause, without the group it came in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
