"""One policy's way through the log: a batch, its reactions, then its position."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

import structlog
from msgspec.structs import replace

from adapters.log.codec import Codec, tag_of
from adapters.log.rows import Row
from adapters.log.tail import house_codec, rows_after
from adapters.policies.outcomes import PARKED, REJECTED, Outcome, forget, keep, parked_by, settle
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
        lanes: defaultdict[tuple[str, str], list[Sequence[Row]]] = defaultdict(list)
        for rows in tenants.values():
            for joint in await self._sieved(rows):
                stream = "" if self.policy.in_turn else joint[0].stream
                lanes[joint[0].tenant, stream].append(joint)
        free = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._lane(free, lane)) for lane in lanes.values()]
        return [outcome for task in tasks for outcome in task.result()]

    async def _sieved(self, rows: Sequence[Row]) -> Sequence[Sequence[Row]]:
        """Of one tenant's, those that call for a reaction, and those together that one is for.
        Where that cannot be told, each: what is wrong with one of them comes out in its own."""
        if self.policy.sieve is None or len(rows) < MANY:
            return [[row] for row in rows]
        try:
            heard = [row.decoded(self._codec) for row in rows]
            left = await self.policy.sieve(self._commands, self.policy.call(heard[0]), heard)
        except Exception as error:
            logger.warning(
                "policy sieves nothing", policy=self.policy.name, kind=type(error).__name__
            )
            return [[row] for row in rows]
        known = {row.position: row for row in rows}
        places = sorted(sorted(recorded.position for recorded in group) for group in left)
        return [[known[place] for place in group] for group in places]

    async def _lane(self, free: asyncio.Semaphore, lane: Sequence[Sequence[Row]]) -> list[Outcome]:
        async with free:
            return [outcome for joint in lane for outcome in await self._settled(joint)]

    async def _settled(self, joint: Sequence[Row]) -> list[Outcome]:
        """Each of them has the same. What failed for all at once may go through for each."""

        async def react() -> None:
            heard = [row.decoded(self._codec) for row in joint]
            # Of several, after all of them: it did not happen before what it follows from.
            call = self.policy.call(max(heard, key=lambda recorded: recorded.occurred_at))
            if len(heard) > 1 and self.policy.jointly is not None:
                await self.policy.jointly(self._commands, call, heard)
            else:
                await self._reactions[joint[0].tag](self._commands, call, heard[0])

        first = joint[0]
        found = await settled(first.tenant, self.policy.name, first.position, react, self._stop)
        if found and found.outcome == REJECTED and len(joint) > 1:  # which nobody would try again
            return [outcome for row in joint for outcome in await self._settled([row])]
        return [replace(found, position=row.position) for row in joint] if found else []

    async def retry_parked(self, db: Connection, tenant: str | None = None) -> None:
        """What failed once more, in order: whoever takes the lead may bring the remedy."""
        for _, position in await parked_by(db, self.policy.name, tenant):
            await self._retry(db, position)

    async def _retry(self, db: Connection, position: int) -> None:
        (row,) = await rows_after(db, position - 1, 1)
        outcomes = await self._settled([row]) if row.tag in self._reactions else []
        if self._stop.is_set():
            return
        if not outcomes:
            await forget(db, row.tenant, self.policy.name, position)
        await keep(db, [outcome for outcome in outcomes if outcome.outcome != PARKED])


async def keep_places(db: Connection, followers: Iterable[Follower]) -> None:
    """Of those that moved, and may move on meanwhile."""
    moved = [(follower, follower.position) for follower in followers if follower.moved]
    if moved:
        await settle(db, {each.policy.name: position for each, position in moved})
    for follower, position in moved:
        follower.kept(position)
