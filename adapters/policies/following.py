"""One policy's way through the log: a batch, its reactions, then its position."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from adapters.log.codec import Codec, tag_of
from adapters.log.rows import Row
from adapters.log.tail import house_codec, rows_after
from adapters.policies.outcomes import PARKED, Outcome, forget, keep, parked_positions, settle
from adapters.policies.settling import settled
from adapters.postgres.pools import Pool, borrow
from application.policies.kernel import Policy
from application.work import Commands

BATCH = 500  # events
AT_ONCE = 16  # streams of a batch


class Follower:
    """Runs one policy from a position on. ``codec``: of every event type that it hears."""

    def __init__(
        self, policy: Policy, pool: Pool, commands: Commands, codec: Codec | None = None
    ) -> None:
        self.policy, self._pool, self._commands = policy, pool, commands
        self._codec = codec or house_codec()
        self._reactions = {tag_of(kind): reaction for kind, reaction in policy.on.items()}

    async def step(self, position: int) -> int:
        """React to the next batch; the position after it, the same one when there is none.

        The position moves once every command has settled, so a crash in between runs the batch
        again, and each command answers as it did.
        """
        async with borrow(self._pool) as db:
            batch = await rows_after(db, position, BATCH)
        if not batch:
            return position
        outcomes = await self._react(batch)
        async with borrow(self._pool) as db:
            await settle(db, self.policy.name, batch[-1].position, outcomes)
        return batch[-1].position

    async def _react(self, batch: Sequence[Row]) -> list[Outcome]:
        """Streams at once, the events of each in order."""
        lanes: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in batch:
            if row.tag in self._reactions:
                lanes[row.tenant, row.stream].append(row)
        free = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._lane(free, lane)) for lane in lanes.values()]
        return [outcome for task in tasks for outcome in task.result()]

    async def _lane(self, free: asyncio.Semaphore, lane: Sequence[Row]) -> list[Outcome]:
        async with free:
            outcomes = [await self._settled(row) for row in lane]
        return [outcome for outcome in outcomes if outcome]

    async def _settled(self, row: Row) -> Outcome | None:
        async def react() -> None:
            recorded = row.decoded(self._codec)
            call = self.policy.call(recorded)
            await self._reactions[row.tag](self._commands, call, recorded)

        return await settled(row.tenant, self.policy.name, row.position, react)

    async def retry_parked(self) -> None:
        """What failed once more, in order: whoever takes the lead may bring the remedy."""
        async with borrow(self._pool) as db:
            positions = await parked_positions(db, self.policy.name)
        for position in positions:
            await self._retry(position)

    async def _retry(self, position: int) -> None:
        async with borrow(self._pool) as db:
            (row,) = await rows_after(db, position - 1, 1)
        outcome = await self._settled(row) if row.tag in self._reactions else None
        async with borrow(self._pool) as db:
            if outcome is None:
                await forget(db, row.tenant, self.policy.name, position)
            elif outcome.outcome != PARKED:
                await keep(db, [outcome])
