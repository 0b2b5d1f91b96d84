"""Group commit: whatever queued while the last commit ran is the next batch, in one transaction."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Sequence

import psycopg
import structlog
from psycopg import AsyncConnection

from adapters.log import store
from adapters.log.books import Books
from adapters.log.ids import Ids
from adapters.log.requests import Request
from adapters.log.standing import Standing
from adapters.postgres.pools import APPEND, AWAY, Connection, conninfo_of
from application.ports import Appended, Unavailable
from domain.kernel import Rejected

LARGEST_BATCH = 256  # appends
FULLEST_BATCH = 4_000  # events
CROWD = 16  # appends under way from which on they are written by halves
QUEUE = 4_096  # appends that may wait; beyond it callers are turned away at once
GRACE = 0.4  # seconds beyond the deadline in which the committer itself says so
WATCH = 0.1  # seconds between looks at who has waited too long
PAUSE = 0.1  # seconds between attempts to reach a server that is away
Outcome = Appended | BaseException
log = structlog.get_logger(__name__)


class Committer:
    """One task with a connection of its own; callers only queue and wait."""

    def __init__(self, url: str, patience: float) -> None:
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
        self._patience = patience
        self._queue: deque[Request] = deque()
        self._answered = 0  # by the last batch
        self._open: deque[Request] = deque()  # those whose callers may still wait
        self._arrived = asyncio.Event()
        self._connection: Connection | None = None
        self._standing: Standing | None = None
        # Beside another process that writes, suppositions fail: after each failure in a row
        # twice as many batches look first.
        self._misses = self._looks = 0
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
                _tell(self._open.popleft(), Unavailable("log"))
            await asyncio.sleep(WATCH)

    async def _serve(self) -> None:
        while True:
            while batch := self._next():
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
                _tell(request, error)

    def _next(self) -> list[Request]:
        """Half of those who take part, where there are many: while one half is being written, the
        other, just answered, decides what comes next. All, where another process waits for the
        head's lock as well: it is held less often, and nobody decides meanwhile."""
        crowd = len(self._queue) + self._answered
        halves = crowd >= CROWD and self._looks <= 0
        most = min(LARGEST_BATCH, -(-crowd // 2) if halves else crowd)
        batch: list[Request] = []
        size = 0
        while self._queue and len(batch) < most and size < FULLEST_BATCH:
            batch.append(self._queue.popleft())
            size += batch[-1].size
        self._answered = len(batch)
        return batch

    async def _settle(self, batch: list[Request]) -> None:
        """Try until every request has its outcome or has run out of time."""
        while batch := self._in_time(batch):
            try:
                outcomes = await self._attempt(batch)
            except AWAY as error:
                log.warning("the log's server is away", error=str(error))
                await self._drop()
                await asyncio.sleep(PAUSE)
            except Exception as error:
                await self._isolate(batch, error)
                return
            else:
                for request, outcome in zip(batch, outcomes, strict=True):
                    _tell(request, outcome)
                return

    def _in_time(self, batch: list[Request]) -> list[Request]:
        now = asyncio.get_running_loop().time()
        for request in batch:
            if request.deadline <= now:
                _tell(request, Unavailable("log"))
        return [request for request in batch if request.deadline > now]

    async def _isolate(self, batch: list[Request], error: Exception) -> None:
        """Something in the batch cannot be stored: each on its own, so it hurts its sender only."""
        await self._drop()
        if len(batch) == 1:
            _tell(batch[0], _blame(error))
            return
        for request in batch:
            await self._settle([request])

    async def _attempt(self, batch: list[Request]) -> list[Outcome]:
        connection = await self._connected()
        return await self._swiftly(connection, batch) or await self._carefully(connection, batch)

    async def _swiftly(self, connection: Connection, batch: list[Request]) -> list[Outcome] | None:
        """In one round trip, if the log stands as this process left it. None: it does not, or
        somebody else's name, key or version is in the way."""
        standing, self._standing = self._standing, None
        if standing is None or not standing.supports(batch):
            return None
        books = standing.books(batch)
        outcomes = [self._posted(books, request) for request in batch]
        left = (standing.position, standing.recorded_at)
        if not books.rows or not await self._sent(
            store.swift(connection, books, left, standing.asserted(batch)), books, batch
        ):
            self._misses += 1
            self._looks = 2 ** min(self._misses, 6)
            return None
        self._misses = 0
        self._standing = standing if standing.moved(books) else None
        return outcomes

    async def _carefully(self, connection: Connection, batch: list[Request]) -> list[Outcome]:
        # Beyond the server's own limits: the way to it may swallow an answer.
        async with asyncio.timeout(self._patience * 2):
            books = await store.locked(connection, batch)
        outcomes = [self._posted(books, request) for request in batch]
        if not books.changed:
            await connection.execute("ROLLBACK")
            return outcomes
        await self._sent(store.written(connection, books), books, batch)
        self._looks -= 1
        if self._looks <= 0:
            self._standing = Standing(books)
        return outcomes

    async def _sent(
        self, writing: Awaitable[bool | None], books: Books, batch: Sequence[Request]
    ) -> bool:
        """Whether the log took it; also when the answer was lost."""
        try:
            async with asyncio.timeout(self._patience * 2):
                return await writing is not False
        except AWAY as error:
            if not await self._landed(books, batch, error):
                raise
            return True

    def _posted(self, books: Books, request: Request) -> Outcome:
        try:
            return books.post(request, self._ids)
        except Exception as refusal:
            return refusal

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
                async with asyncio.timeout(self._patience * 2):
                    return await store.landed(await self._connected(), books)
            except Exception as unknown:
                log.warning("cannot tell yet whether a commit landed", error=str(unknown))
                await asyncio.sleep(PAUSE)
        return False

    async def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = await AsyncConnection.connect(self._conninfo, autocommit=True)
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._standing = None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close()


def _tell(request: Request, outcome: Outcome) -> None:
    if request.done.done():
        return
    if isinstance(outcome, StopIteration):  # no future takes it
        outcome = RuntimeError("an answer raised StopIteration")
    if isinstance(outcome, BaseException):
        request.done.set_exception(outcome)
        request.done.exception()  # a caller that hung up will not ask
    else:
        request.done.set_result(outcome)


def _blame(error: Exception) -> Exception:
    """What a sender hears whose append the server refused."""
    if isinstance(error, psycopg.DataError):
        refusal = Rejected("log.unstorable", str(error).splitlines()[0])
        refusal.__cause__ = error
        return refusal
    return error
