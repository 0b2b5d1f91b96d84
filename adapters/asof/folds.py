"""The folds that questions about the past need: made once, kept for a while."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType

import structlog

from adapters.asof import registry
from adapters.asof.apart import apart
from adapters.asof.making import Making
from adapters.asof.points import Point
from adapters.asof.tidying import tidy, trim
from adapters.asof.wanted import Fold, Folding, Wanted
from adapters.postgres.pools import ASOF, Connection, Pool, borrow, unavailable
from adapters.projector.leader import connected, take
from application.ports import Unavailable
from projections.kernel import Projection

KEPT = 16  # folds, each of one projection
AT_ONCE, WAITING = 2, 16  # that one process makes at a time, and will have begun or put off
LOOK = 0.1  # seconds between looks whether another process has made it
HOUR = 3600.0  # seconds
LONGEST = HOUR  # seconds for one statement: a long log is counted, and a large fold copied, by one
NAME = "souk-as-of"
logger = structlog.get_logger(__name__)


class Folds:
    """An async context manager; ``at`` gives a projection folded up to a point.

    ``url``: the owner's. ``pool``: of souk_asof. ``kept``: how many are there at the most.
    """

    def __init__(
        self, url: str, pool: Pool, projections: Mapping[str, Projection], kept: int = KEPT
    ) -> None:
        self._url, self._pool, self._projections, self._kept = url, pool, projections, kept
        self.projection_of = {t.name: n for n, p in projections.items() for t in p.TABLES}
        self._making: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tidied = -HOUR
        self._tidying: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Folds":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """What is half made is dropped by the next who tidies."""
        tasks = [*self._making.values(), *([self._tidying] if self._tidying else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def at(
        self, tenant: str, projection: str, point: Point, seconds: float
    ) -> tuple[Fold, bool]:
        """The fold, and whether it was there. It goes on being made when ``seconds`` are over,
        and when whoever asked has gone. Raises Folding, Unavailable."""
        wanted = Wanted.of(tenant, projection, self._projections[projection], point)
        until, waited = time.monotonic() + seconds, False
        self._tidy_now_and_then()
        while (found := await self._ready(wanted)) is None:
            making, waited = self._made(wanted), True
            await asyncio.wait({making}, timeout=max(until - time.monotonic(), 0))
            if not making.done():
                async with borrow(self._pool) as db:
                    raise await registry.progress(db, wanted.name)
            making.result()
        return found, not waited

    async def _ready(self, wanted: Wanted) -> Fold | None:
        async with borrow(self._pool) as db:
            return await registry.ready(db, wanted)

    def _made(self, wanted: Wanted) -> asyncio.Task[None]:
        """By the task that is at it, or by a new one. Raises Unavailable."""
        if (task := self._making.get(wanted.name)) is None:
            if len(self._making) >= WAITING:
                raise Unavailable("room for another fold")
            task = asyncio.create_task(self._make(wanted), name=wanted.name)
            self._making[wanted.name] = task
            task.add_done_callback(self._is_made)
        return task

    def _is_made(self, task: asyncio.Task[None]) -> None:
        del self._making[task.get_name()]
        if not task.cancelled() and (error := task.exception()):
            logger.warning("no fold", error=f"{type(error).__name__}: {error}")

    async def _make(self, wanted: Wanted) -> None:
        async with self._room:
            await apart(lambda: self._make_apart(wanted))

    async def _make_apart(self, wanted: Wanted) -> None:
        """Under another event loop than the pool is of."""
        with unavailable():
            async with self._connected(wanted.tenant) as db, self._connected(wanted.tenant) as log:
                while not await take(db, wanted.name):  # noqa: ASYNC110 - a lock tells nobody
                    await asyncio.sleep(LOOK)
                if await registry.ready(db, wanted):
                    return  # another process has made it
                projection = self._projections[wanted.projection]
                if made := await Making(self._url, db, log, wanted, projection).run():
                    await self._trim(db, made.id)

    @asynccontextmanager
    async def _connected(self, tenant: str) -> AsyncIterator[Connection]:
        async with connected(self._url, NAME, ASOF, LONGEST) as db:
            await db.execute("SELECT set_config('souk.tenant', %s, false)", (tenant,))
            yield db

    async def _trim(self, db: Connection, new: str) -> None:
        """What cannot be dropped now, since it is being read, is dropped by who tidies."""
        try:
            await trim(self._url, db, new, self._kept)
        except Exception as error:
            logger.warning("folds not dropped", error=f"{type(error).__name__}: {error}")

    def _tidy_now_and_then(self) -> None:
        """At the first question, and every hour in which there is one."""
        if time.monotonic() - self._tidied >= HOUR:
            self._tidied = time.monotonic()
            self._tidying = asyncio.create_task(self.tidy())

    async def tidy(self) -> None:
        with contextlib.suppress(Unavailable), unavailable():
            async with connected(self._url, NAME, ASOF) as db:
                await tidy(self._url, db, self._projections)


__all__ = ["KEPT", "Folding", "Folds"]
