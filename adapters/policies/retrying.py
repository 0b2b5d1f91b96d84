"""What failed once more, at an operator's word, beside whoever leads: a command runs only once."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime

from adapters.log.codec import Codec
from adapters.policies.following import Follower
from adapters.policies.outcomes import PARKED, forget, parked_by
from adapters.policies.settling import settled
from adapters.policies.timers import clock, due
from adapters.postgres.pools import Connection
from application.commands import Commands
from application.policies.kernel import Due, Policy, Timer
from application.ports import Log


class Retrying:
    """Runs parked reactions again; ``tenant`` None: those of all tenants."""

    def __init__(
        self,
        db: Connection,
        log: Log,
        tenant: str | None = None,
        codec: Codec | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._db, self._commands, self._tenant, self._codec = db, Commands(log), tenant, codec
        self._now = now
        self._stop = asyncio.Event()

    async def policies(self, policies: Mapping[str, Policy]) -> None:
        for policy in policies.values():
            follower = Follower(policy, 0, self._commands, self._stop, self._codec)
            await follower.retry_parked(self._db, self._tenant)

    async def timers(self, timers: Mapping[str, Timer]) -> None:
        """A timer that no row holds any more has nothing left to do."""
        for timer in timers.values():
            run_out = await self._run_out(timer)
            for tenant, position in await parked_by(self._db, timer.name, self._tenant):
                fired = [await self._fires(timer, each) for each in run_out[tenant, position]]
                if all(fired):
                    await forget(self._db, tenant, timer.name, position)

    async def _run_out(self, timer: Timer) -> defaultdict[tuple[str, int], list[Due]]:
        """By their place, which is one where one event has moved several rows."""
        found: defaultdict[tuple[str, int], list[Due]] = defaultdict(list)
        now, last = self._now() if self._now else await clock(self._db), None
        while batch := await due(self._db, timer.name, now, last):
            for each in batch:
                found[each.tenant, each.position].append(each)
            last = batch[-1]
        return found

    async def _fires(self, timer: Timer, each: Due) -> bool:
        async def react() -> None:
            await timer.reaction(self._commands, timer.call(each), each)

        outcome = await settled(each.tenant, timer.name, each.position, react, self._stop)
        return outcome is None or outcome.outcome != PARKED
