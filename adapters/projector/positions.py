"""How far each projection is: waiting for one's own write, and lag."""

import asyncio
import time

from msgspec import Struct

from adapters.log.tail import head
from adapters.postgres.pools import Connection, Pool, borrow, lasts
from application.ports import Unavailable

# ``{}``: a table of names and positions.
_LAGS = (
    "SELECT p.name, p.position, greatest(h.position - p.position, 0),"
    " coalesce(extract(epoch FROM now() - e.recorded_at), 0)::float8"
    " FROM {} p CROSS JOIN log.head h LEFT JOIN LATERAL (SELECT recorded_at FROM log.events"
    " WHERE position > p.position ORDER BY position LIMIT 1) e ON true"  # restores leave a gap
    " WHERE p.name NOT LIKE '%!_!_%' ESCAPE '!' ORDER BY p.name"  # none beside
)
FIRST, LONGEST = 0.002, 0.02  # seconds between looks
FRESH = 1.0  # seconds that a position seen is taken for granted
Waiter = tuple[str, int, asyncio.Future[None]]


class Lag(Struct, frozen=True):
    """How far a projection or a policy is behind the log: events that it has not come to yet, and
    the age of the first of them in seconds."""

    position: int
    events: int
    seconds: float


class Positions:
    """The positions of all projections; everyone who waits in a process shares one query."""

    def __init__(self, pool: Pool, log: Pool | None = None) -> None:
        """``pool``: of souk_read; ``log``: of a role that may read the log, for ``head`` and
        ``lags``."""
        self._pool, self._log = pool, log or pool
        self._seen: dict[str, int] = {}
        self._seen_at = -FRESH
        self._seen_on: Connection | None = None
        self._waiters: list[Waiter] = []
        self._looking: asyncio.Task[None] | None = None
        self._pause = FIRST

    async def wait(self, projection: str, after: int, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Until the projection has folded everything up to ``after``; Unavailable at the end of
        ``timeout`` seconds."""
        if after <= 0 or self._is_known(projection, after):
            return
        done = asyncio.get_running_loop().create_future()
        self._waiters.append((projection, after, done))
        self._pause = FIRST
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(timeout):
                await done
        except TimeoutError:
            raise Unavailable(f"projection {projection}") from None
        finally:
            done.cancel()

    def _is_known(self, projection: str, after: int) -> bool:
        """Not beyond the life of the connection that saw it: a server that crashed may have set
        positions back, since their commits do not wait for the disk."""
        fresh = time.monotonic() - self._seen_at < FRESH
        seen = fresh and self._seen.get(projection, 0) >= after
        return seen and self._seen_on is not None and lasts(self._seen_on)

    async def _look(self) -> None:
        while self._waiters:
            try:
                await self._refresh()
            except Unavailable:
                self._pause = LONGEST
            self._waiters = [waiter for waiter in self._waiters if not self._settle(*waiter)]
            if self._waiters:
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 1.5, LONGEST)

    async def _refresh(self) -> None:
        async with borrow(self._pool) as db:
            cursor = await db.execute("SELECT name, position FROM read.projections")
            self._seen = dict(await cursor.fetchall())
            self._seen_at, self._seen_on = time.monotonic(), db

    def _settle(self, projection: str, after: int, done: asyncio.Future[None]) -> bool:
        if not done.done() and self._is_known(projection, after):
            done.set_result(None)
        return done.done()

    async def head(self) -> int:
        """The last position of the log: all that was answered before is up to there. Unavailable
        without Postgres."""
        async with borrow(self._log) as db:
            return await head(db)

    async def lags(self) -> dict[str, Lag]:
        """Each projection's lag. Unavailable without Postgres."""
        return await self._lags("read.projections")

    async def versions(self) -> dict[str, int]:
        """Of the tables of each projection. Unavailable without Postgres."""
        async with borrow(self._log) as db:
            cursor = await db.execute("SELECT name, version FROM read.projections")
            return dict(await cursor.fetchall())

    async def policies(self) -> dict[str, Lag]:
        """Each policy's lag. Unavailable without Postgres."""
        return await self._lags("policies.positions")

    async def _lags(self, table: str) -> dict[str, Lag]:
        async with borrow(self._log) as db:
            cursor = await db.execute(_LAGS.format(table))
            return {name: Lag(*rest) for name, *rest in await cursor.fetchall()}
