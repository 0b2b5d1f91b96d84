"""The process role that runs every policy and every timer, one leader at a time."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from adapters.log.codec import Codec
from adapters.policies.following import Follower, keep_places
from adapters.policies.outcomes import register
from adapters.policies.reading import Reading
from adapters.policies.timers import Clockwork
from adapters.postgres.pools import Connection
from adapters.projector.hints import listen, ringing
from adapters.projector.leader import Bell, lead
from application.commands import Commands
from application.policies import POLICIES, TIMERS
from application.policies.kernel import Policy, Timer
from application.ports import Log

LOOK = 0.5  # seconds between looks at the log when no hint comes: polling is the truth
TICK = 1.0  # seconds between looks at the timers
PLACES = 0.1  # seconds between two writes of how far the policies are


class PolicyRunner:
    """Follows the log at ``url`` and sends commands to ``log``, an open one.

    ``now`` tells the time that timers run out by; None: Postgres does. ``tick``: seconds between
    looks at them.
    """

    def __init__(
        self,
        url: str,
        log: Log,
        *,
        policies: Mapping[str, Policy] = POLICIES,
        timers: Mapping[str, Timer] = TIMERS,
        now: Callable[[], datetime] | None = None,
        codec: Codec | None = None,
        tick: float = TICK,
    ) -> None:
        self._url, self._commands, self._codec = url, Commands(log), codec
        self._policies, self._timers = policies, timers
        self._now, self._tick = now, tick
        self.leads = False

    async def run(self, stop: asyncio.Event) -> None:
        """Returns soon after ``stop`` is set. Waits for the lead, and while Postgres is away."""
        bell = Bell()
        async with asyncio.TaskGroup() as group:
            group.create_task(_ring_at(stop, bell))
            group.create_task(listen(self._url, ringing(bell), stop))
            group.create_task(
                lead(self._url, "souk-policies", stop, lambda db: self._job(db, bell, stop))
            )

    async def _job(self, db: Connection, bell: Bell, stop: asyncio.Event) -> None:
        """On the lead's own connection: it ends when the lead does."""
        self.leads = True
        try:
            await self._work(db, bell, stop)
        except ExceptionGroup as failures:  # the connection is gone, say: one reason is enough
            raise failures.exceptions[0] from None
        finally:
            self.leads = False

    async def _work(self, db: Connection, bell: Bell, stop: asyncio.Event) -> None:
        positions = await register(db, self._policies)
        followers = [
            Follower(self._policies[name], position, self._commands, stop, self._codec)
            for name, position in positions.items()
        ]
        clockwork = Clockwork(self._timers, self._commands, self._now, self._tick, stop)
        reading = Reading()
        # Each at its own pace, or one that hangs would hold up the others. They share the lead's
        # connection: whatever they write on it is one statement.
        async with asyncio.TaskGroup() as group:
            group.create_task(clockwork.run(db))
            for follower in followers:
                group.create_task(follower.follow(db, reading))
            group.create_task(_look(db, followers, reading, bell, stop))
        await keep_places(db, followers)


async def _look(
    db: Connection,
    followers: Sequence[Follower],
    reading: Reading,
    bell: Bell,
    stop: asyncio.Event,
) -> None:
    """Again and again for all of them, and note how far they are."""
    kept = 0.0
    while not stop.is_set():
        reading.again()
        if time.monotonic() - kept >= PLACES:
            await keep_places(db, followers)
            kept = time.monotonic()
        behind = any(follower.moved for follower in followers)
        await bell.wait(PLACES if behind else LOOK)
    reading.again()  # for those who wait


async def _ring_at(stop: asyncio.Event, bell: Bell) -> None:
    await stop.wait()
    bell.ring()
