"""The process role that renders uploads: several jobs at once, in any number of processes."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

import structlog
from msgspec import Struct
from psycopg import OperationalError

from adapters.media import folders, locks
from adapters.media.job import Rendering
from adapters.media.objects import Objects
from adapters.media.sweeping import Sweeping
from adapters.policies.outcomes import keep
from adapters.policies.settling import Lost, settled
from adapters.policies.silences import RUNNING
from adapters.postgres.pools import Connection
from adapters.projector.hints import listen, ringing
from adapters.projector.leader import Bell, connected, persist, sleep
from application.ports import Log, Unavailable

NAME = "media"  # what its outcomes are kept under
LOOK = 1.0  # seconds between looks at the jobs when no hint comes: polling is the truth
AT_ONCE = 2
# Oldest first; those that failed wait until a worker starts anew. A tenant whose history is being
# restored has states that it left long ago, and files that nothing counts yet.
_WAITING = (
    "SELECT tenant, id, position FROM read.media_jobs j WHERE NOT EXISTS"
    " (SELECT FROM policies.outcomes o WHERE (o.tenant, o.policy, o.position, o.outcome)"
    f" = (j.tenant, '{NAME}', j.position, 'parked')) AND NOT EXISTS"
    f" (SELECT FROM policies.silences s WHERE (s.tenant, s.until) = (j.tenant, {RUNNING}))"
    " ORDER BY position LIMIT 200"
)
logger = structlog.get_logger(__name__)


class Waiting(Struct, frozen=True):
    """An asset, and the position of the event that it waits since."""

    tenant: str
    id: str
    position: int


class Worker:
    """Takes the jobs that the log's assets wait for, each under a lock of its own.

    The rows are but where to look: what is to be done is read from the log. ``concurrency``: jobs
    at once in this process.
    """

    def __init__(self, url: str, log: Log, objects: Objects, concurrency: int = AT_ONCE) -> None:
        self._url, self._objects = url, objects
        self._rendering, self._sweeping = Rendering(log, objects), Sweeping(log, objects)
        self._bells = [Bell() for _ in range(concurrency)]
        self._forgiven = False
        self._done: dict[tuple[str, str], int] = {}  # whose rows may not be gone yet

    async def run(self, stop: asyncio.Event) -> None:
        """Returns soon after ``stop`` is set: a job under way is left to the next one."""
        await asyncio.to_thread(folders.sweep)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._prepare(stop))
            sweeping = persist(NAME, stop, partial(self._sweeping.run, stop))
            group.create_task(self._stoppable(sweeping, stop))
            group.create_task(listen(self._url, ringing(*self._bells), stop))
            for bell in self._bells:
                lane = persist(NAME, stop, partial(self._lane, bell, stop))
                group.create_task(self._stoppable(lane, stop))

    async def _prepare(self, stop: asyncio.Event) -> None:
        """The bucket is there before anyone sends to it, as soon as the server is."""
        while not stop.is_set():
            try:
                await self._objects.ready()
                return
            except Unavailable:
                await sleep(stop, LOOK)

    async def _stoppable(self, work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
        working = asyncio.create_task(work)
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    async def _lane(self, bell: Bell, stop: asyncio.Event) -> None:
        async with connected(self._url, "souk-worker") as db:
            await self._forgive(db)
            while not stop.is_set():
                if not await self._next(db, stop):
                    await bell.wait(LOOK)

    async def _forgive(self, db: Connection) -> None:
        """What was parked is tried once more: whoever starts a worker may bring the remedy."""
        if not self._forgiven:
            await db.execute(
                "DELETE FROM policies.outcomes WHERE policy = %s AND outcome = 'parked'", (NAME,)
            )
        self._forgiven = True

    async def _next(self, db: Connection, stop: asyncio.Event) -> bool:
        """Do the oldest job that nobody is at; whether there was one."""
        cursor = await db.execute(_WAITING)
        waiting = [Waiting(*row) for row in await cursor.fetchall()]
        self._tidy(waiting)
        for job in waiting:
            if self._done.get((job.tenant, job.id), 0) >= job.position:
                continue
            if await locks.take(db, job.tenant, job.id):
                try:
                    await self._do(db, job, stop)
                finally:
                    await locks.leave(db, job.tenant, job.id)
                return True
        return False

    async def _do(self, db: Connection, job: Waiting, stop: asyncio.Event) -> None:
        async def react() -> None:
            try:
                await self._rendering.run(db, job.tenant, job.id)
            except OperationalError as error:
                if db.closed:  # it lay idle while a film was fetched and rendered
                    raise Lost from error
                raise

        outcome = await settled(job.tenant, NAME, job.position, react, stop)
        if outcome:
            await keep(db, [outcome])
        elif not stop.is_set():
            self._done[job.tenant, job.id] = job.position

    def _tidy(self, waiting: list[Waiting]) -> None:
        there = {(job.tenant, job.id) for job in waiting}
        self._done = {place: at for place, at in self._done.items() if place in there}
