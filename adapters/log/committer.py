"""Group commit: whatever queued while the last commit ran is the next batch, in one transaction."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Sequence

import structlog

from adapters.log import looking, store
from adapters.log.books import Books
from adapters.log.caution import Caution
from adapters.log.ids import Ids
from adapters.log.notices import Notices
from adapters.log.outcomes import Outcome, blame, tell
from adapters.log.requests import Request
from adapters.log.standing import Standing
from adapters.log.waiting import Waiting
from adapters.postgres.pools import APPEND, AWAY, Connection, conninfo_of
from adapters.postgres.watched import Watched
from application.ports import Appended, Conflict, Unavailable

QUEUE = 4_096  # appends that may wait; beyond it callers are turned away at once
GRACE = 0.4  # seconds beyond the deadline in which the committer itself says so
WATCH = 0.1  # seconds between looks at who has waited too long
PAUSE = 0.1  # seconds between attempts to reach a server that is away
log = structlog.get_logger(__name__)


class Committer:
    """One task with a connection of its own; callers only queue and wait."""

    def __init__(self, url: str, patience: float, notices: Notices) -> None:
        self._conninfo = conninfo_of(
            url,
            APPEND,
            "souk-committer",
            patience,
            f"lock_timeout={int(patience * 1000)}",
            "plan_cache_mode=force_generic_plan",  # few statements, all by primary key
            # A committer that lost its way must not hold the head's lock for ever.
            f"idle_in_transaction_session_timeout={int(patience * 2000)}",
        )
        self._patience, self._notices = patience, notices
        self._queue = Waiting()
        self._open: deque[Request] = deque()  # those whose callers may still wait
        self._arrived = asyncio.Event()
        self._connection: Connection | None = None
        self._standing: Standing | None = None
        self._alone = Caution()  # that no other process writes
        self._free = Caution()  # that names and keys are free, and streams where they should be
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._ids = Ids()

    def start(self) -> None:
        self._task = asyncio.create_task(self._serve(), name="souk-committer")
        self._watcher = asyncio.create_task(self._watch(), name="souk-committer-watch")

    async def close(self) -> None:
        """Take no more, finish what is queued, and stop."""
        self._closing = True
        self._arrived.set()
        if self._task:
            await self._task
            self._watcher.cancel()
        await self._drop()

    async def submit(self, request: Request) -> Appended:
        """Wait for the request's own outcome. A caller that is cancelled does not stop it."""
        if self._closing or len(self._queue) >= QUEUE:
            raise Unavailable("log")
        self._queue.append(request)
        self._open.append(request)
        self._arrived.set()
        return await request.done

    async def _watch(self) -> None:
        """Tell those whose time is up. They queued in the order of their deadlines."""
        loop = asyncio.get_running_loop()
        while True:
            while self._open and (
                self._open[0].done.done() or self._open[0].deadline + GRACE <= loop.time()
            ):
                if not (request := self._open.popleft()).done.done():
                    tell(request, Unavailable("log"))
            await asyncio.sleep(WATCH)

    async def _serve(self) -> None:
        while True:
            # By halves while alone. Else the head's lock is held less often for all of them, and
            # who was just answered decides while the others write.
            while batch := self._queue.next(halves=self._alone.trusting):
                await self._survive(batch)
            if self._closing:
                return
            self._arrived.clear()
            await self._arrived.wait()

    async def _survive(self, batch: list[Request]) -> None:
        """Whatever goes wrong in one batch, the next is served."""
        try:
            await self._settle(batch)
        except Exception as error:
            log.exception("a batch failed as none should")
            await self._drop()
            for request in batch:
                tell(request, error)

    async def _settle(self, batch: list[Request], *, apart: bool = False) -> None:
        """Try until every request has its outcome or has run out of time. ``apart``: nobody else
        may join them."""
        while self._in_time(batch):
            try:
                outcomes = await self._attempt(batch, apart)
            except AWAY as error:
                log.warning("the log's server is away", error=str(error))
                await self._drop()
                await asyncio.sleep(PAUSE)
            except Exception as error:
                await self._isolate(batch, error)
                return
            else:
                for request, outcome in zip(batch, outcomes, strict=True):
                    tell(request, outcome)
                return

    def _in_time(self, batch: list[Request]) -> bool:
        """Whether any is left of them when those go whose time is up."""
        now = asyncio.get_running_loop().time()
        for request in batch:
            if request.deadline <= now:
                tell(request, Unavailable("log"))
        batch[:] = [request for request in batch if request.deadline > now]
        return bool(batch)

    async def _isolate(self, batch: list[Request], error: Exception) -> None:
        """Something in the batch cannot be stored: each on its own, so it hurts its sender only."""
        await self._drop()
        if len(batch) == 1:
            tell(batch[0], blame(error))
            return
        for request in batch:
            await self._settle([request], apart=True)

    async def _attempt(self, batch: list[Request], apart: bool) -> list[Outcome]:
        connection = await self._connected()
        standing, self._standing = self._standing, None
        outcomes = None
        if self._free.trusting and not apart:
            if self._alone.trusting:
                outcomes = await self._swiftly(connection, batch, standing)
            else:
                outcomes = await self._beside(connection, batch)
        return outcomes or await self._carefully(connection, batch, standing)

    async def _swiftly(
        self, connection: Connection, batch: list[Request], standing: Standing | None
    ) -> list[Outcome] | None:
        """In one round trip, if the log stands as this process left it. None: it does not, or
        somebody else's name, key or version is in the way."""
        if standing is None or not standing.supports(batch):
            return None
        books, outcomes = self._supposed(standing, batch)
        if not books.rows:
            return None
        asserted = standing.asserted(batch, books)
        if not await self._sent(
            store.swift(connection, books, asserted, self._notices), books, batch
        ):
            self._free.failed()
            return None
        self._alone.held()
        self._free.held()
        self._standing = standing if standing.moved(books) else None
        return outcomes

    async def _beside(self, connection: Connection, batch: list[Request]) -> list[Outcome] | None:
        """Where others write as well: first the head's lock, then all who came while it was
        waited for. None: somebody else's name, key or version is in the way."""
        standing = Standing(await looking.begun(connection, batch))
        self._queue.join(batch, standing.supports)
        if standing.supports(batch):
            books, outcomes = self._supposed(standing, batch)
            asserted = standing.asserted(batch, books)
            if books.rows and await self._sent(
                store.finished(connection, books, asserted, self._notices), books, batch
            ):
                self._alone.passed()
                self._free.held()
                if self._alone.trusting and standing.moved(books):
                    self._standing = standing
                return outcomes
        await connection.execute("ROLLBACK")
        self._free.failed()
        return None

    async def _carefully(
        self, connection: Connection, batch: list[Request], standing: Standing | None
    ) -> list[Outcome]:
        books = await looking.locked(connection, batch)
        if standing and standing.left != books.found:
            standing = None
            self._alone.failed()
            self._free.held()  # for all that is known: it was this that failed
        self._alone.passed()
        self._free.passed()
        outcomes = [self._posted(books, request) for request in batch]
        if books.changed:
            await self._sent(store.written(connection, books, self._notices), books, batch)
        else:
            await connection.execute("ROLLBACK")
        if self._alone.trusting and (standing is None or standing.looked(books)):
            self._standing = standing or Standing(books)
        return outcomes

    def _supposed(
        self, standing: Standing, batch: Sequence[Request]
    ) -> tuple[Books, list[Outcome]]:
        books = standing.books(batch)
        return books, [self._posted(books, request) for request in batch]

    async def _sent(
        self, writing: Awaitable[bool | None], books: Books, batch: Sequence[Request]
    ) -> bool:
        """Whether the log took it; also when the answer was lost."""
        try:
            return await writing is not False
        except AWAY as error:
            if not await self._landed(books, batch, error):
                raise
            return True

    def _posted(self, books: Books, request: Request) -> Outcome:
        outcome: Outcome
        try:
            if request.after and not request.after.landed:
                raise Conflict
            outcome = books.post(request, self._ids)
        except Exception as refusal:
            outcome = refusal
        if request.landing:  # with its batch, or else it is posted again before who follows it
            request.landing.landed = isinstance(outcome, Appended)
        return outcome

    async def _landed(self, books: Books, batch: Sequence[Request], error: Exception) -> bool:
        """The connection went while it committed: ask on a new one what became of the batch.

        While that cannot be asked, nobody can know: the callers hear Unavailable at their
        deadlines, and those with a key may safely send their commands again.
        """
        log.warning("a commit went unanswered", error=str(error))
        until = max(request.deadline for request in batch)
        while asyncio.get_running_loop().time() < until:
            await self._drop()
            try:
                return await store.landed(await self._connected(), books)
            except Exception as unknown:
                log.warning("cannot tell yet whether a commit landed", error=str(unknown))
                await asyncio.sleep(PAUSE)
        return False

    async def _connected(self) -> Connection:
        if self._connection is None:
            limit = self._patience * 2  # beyond the server's own
            async with asyncio.timeout(limit):  # also for names that nobody resolves
                self._connection = await Watched.connect(self._conninfo, autocommit=True)
            self._connection.limit = self._connection.piped = limit
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._standing = None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close()
