"""One policy's way through the log: a batch, its reactions, then its position."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

import structlog

from adapters.log.codec import Codec, tag_of
from adapters.log.rows import Row
from adapters.log.tail import house_codec, rows_after
from adapters.policies.outcomes import PARKED, Outcome, forget, keep, parked_by, settle
from adapters.policies.reading import Reading
from adapters.policies.settling import settled
from adapters.postgres.pools import Connection
from application.commands import Commands
from application.policies.kernel import Policy

AT_ONCE = 16  # streams of a batch
MANY = 2  # events of a tenant in a batch: a look at all of them pays
SILENT = "restore:"  # what acts for a tenant's restored history: what followed is in it
logger = structlog.get_logger(__name__)


class Follower:
    """Runs one policy from a position on. ``codec``: of every event type that it hears."""

    def __init__(
        self,
        policy: Policy,
        position: int,
        commands: Commands,
        stop: asyncio.Event,
        codec: Codec | None = None,
    ) -> None:
        self.policy, self.position = policy, position
        self._commands, self._stop, self._codec = commands, stop, codec or house_codec()
        self._reactions = {tag_of(kind): reaction for kind, reaction in policy.on.items()}
        self._settled_at = position

    async def follow(self, db: Connection, reading: Reading) -> None:
        """First what failed before, then whatever comes, until stopped."""
        await self.retry_parked(db)
        while not self._stop.is_set():
            look = reading.look
            if not await self.step(db, reading):
                await look.wait()

    async def step(self, db: Connection, reading: Reading) -> bool:
        """React to the next batch; whether there was one.

        The position moves once every command has settled, and is kept later: a crash or a stop in
        between runs the batch again, and each command answers as it did.
        """
        batch = await reading.after(db, self.position)
        outcomes = await self._react(batch)
        if not batch or self._stop.is_set():
            return False
        reached = batch[-1].position
        if outcomes:  # before anyone else may keep the place
            await settle(db, {self.policy.name: reached}, outcomes)
            self.kept(reached)
        self.position = reached
        return True

    @property
    def moved(self) -> bool:
        """Since its position was kept."""
        return self.position > self._settled_at

    def kept(self, position: int) -> None:
        self._settled_at = max(self._settled_at, position)

    async def _react(self, batch: Sequence[Row]) -> list[Outcome]:
        """Streams at once, the events of each in order; of a policy in turn, tenants at once."""
        tenants: defaultdict[str, list[Row]] = defaultdict(list)
        for row in batch:
            if row.tag in self._reactions and not row.actor.startswith(SILENT):
                tenants[row.tenant].append(row)
        lanes: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
        for rows in tenants.values():
            for row in await self._sieved(rows):
                lanes[row.tenant, "" if self.policy.in_turn else row.stream].append(row)
        free = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._lane(free, lane)) for lane in lanes.values()]
        return [outcome for task in tasks for outcome in task.result()]

    async def _sieved(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Of one tenant's, those that call for their reaction. Where that cannot be told, all: what
        is wrong with one of them comes out in its own reaction."""
        if self.policy.sieve is None or len(rows) < MANY:
            return rows
        try:
            heard = [row.decoded(self._codec) for row in rows]
            left = await self.policy.sieve(self._commands, self.policy.call(heard[0]), heard)
        except Exception as error:
            logger.warning(
                "policy sieves nothing", policy=self.policy.name, kind=type(error).__name__
            )
            return rows
        kept = {recorded.position for recorded in left}
        return [row for row in rows if row.position in kept]

    async def _lane(self, free: asyncio.Semaphore, lane: Sequence[Row]) -> list[Outcome]:
        async with free:
            outcomes = [await self._settled(row) for row in lane]
        return [outcome for outcome in outcomes if outcome]

    async def _settled(self, row: Row) -> Outcome | None:
        async def react() -> None:
            recorded = row.decoded(self._codec)
            call = self.policy.call(recorded)
            await self._reactions[row.tag](self._commands, call, recorded)

        return await settled(row.tenant, self.policy.name, row.position, react, self._stop)

    async def retry_parked(self, db: Connection, tenant: str | None = None) -> None:
        """What failed once more, in order: whoever takes the lead may bring the remedy."""
        for _, position in await parked_by(db, self.policy.name, tenant):
            await self._retry(db, position)

    async def _retry(self, db: Connection, position: int) -> None:
        (row,) = await rows_after(db, position - 1, 1)
        outcome = await self._settled(row) if row.tag in self._reactions else None
        if self._stop.is_set():
            return
        if outcome is None:
            await forget(db, row.tenant, self.policy.name, position)
        elif outcome.outcome != PARKED:
            await keep(db, [outcome])


async def keep_places(db: Connection, followers: Iterable[Follower]) -> None:
    """Of those that moved, and may move on meanwhile."""
    moved = [(follower, follower.position) for follower in followers if follower.moved]
    if moved:
        await settle(db, {each.policy.name: position for each, position in moved})
    for follower, position in moved:
        follower.kept(position)
