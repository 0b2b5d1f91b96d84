"""A projection built again beside the live one, which is served and kept up meanwhile.

The other tables are filled in silence and never beyond where the live projection stands, so that
whatever comes after the switch is told by its leader, once, and nothing before it again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import structlog
from psycopg import AsyncConnection
from psycopg.errors import IdleInTransactionSessionTimeout, LockNotAvailable

from adapters.postgres.pools import Connection
from adapters.projector import beside
from adapters.projector.beside import NEXT, PREVIOUS, Beside
from adapters.projector.engine import Engine
from adapters.projector.leader import connected, take
from adapters.projector.tables import shape_of
from projections.kernel import Projection

PATIENCE = "1s"  # that whoever reads a table is waited for, while others wait behind the switch
STILL = "10s"  # that we may do nothing while others wait: frozen, we let go
TRIES, PAUSE = 60, 0.5  # seconds
logger = structlog.get_logger(__name__)
Progress = Callable[[int, int], None]  # the position reached, and that of the live projection


class Refused(Exception):
    """It cannot be done; why, in a sentence."""


class Compared(NamedTuple):
    """One table beside the other. ``differing``: rows that are not the same in both, or None
    where they need not be, since another version made them."""

    table: str
    live: int
    built: int
    differing: int | None


class Rebuilt(NamedTuple):
    position: int
    tables: list[Compared]


async def rebuild(
    url: str,
    name: str,
    projection: Projection,
    *,
    back: bool = False,
    progress: Progress = lambda position, target: None,
) -> Rebuilt:
    """Build, catch up, compare, switch. ``back``: to the tables that were replaced last.

    May be run again after it died. Refused while another one is at it, when there is nothing to
    go back to, or when the tables are being read all the time. ``url``: of the owner of the
    schema.
    """
    async with connected(url, f"souk-rebuild-{name}") as db:
        if not await take(db, f"souk-rebuild-{name}"):
            raise Refused(f"{name} is being rebuilt already")
        async with await AsyncConnection.connect(url, autocommit=True) as owner:
            suffix = PREVIOUS if back else NEXT
            await _prepare(owner, name, projection, suffix)
            return await Rebuild(url, name, projection, suffix, owner, db, progress).run()


async def _prepare(
    owner: AsyncConnection[Any], name: str, projection: Projection, suffix: str
) -> None:
    if await beside.state(owner, name) is None:
        raise Refused(f"there is no {name} yet; migrate")
    if suffix == NEXT:
        await beside.prepare(owner, name, projection)
        return
    previous = await beside.state(owner, f"{name}{PREVIOUS}")
    if previous is None:
        raise Refused(f"{name} has no previous tables to go back to")
    if previous[:2] != (projection.VERSION, shape_of(projection)):
        raise Refused(
            f"the previous tables of {name} are of version {previous.version}, and this code is"
            f" of version {projection.VERSION}: go back with the code that made them"
        )


class Rebuild:
    """One run. ``owner`` may rename tables; ``db`` fills them."""

    def __init__(
        self,
        url: str,
        name: str,
        projection: Projection,
        suffix: str,
        owner: AsyncConnection[Any],
        db: Connection,
        progress: Progress,
    ) -> None:
        self._url, self._name, self._projection = url, name, projection
        self._suffix, self._owner, self._db, self._progress = suffix, owner, db, progress
        other = Beside.of(projection, suffix)
        self._engine = Engine(f"{name}{suffix}", other, shape=shape_of(projection))

    async def run(self) -> Rebuilt:
        await self._engine.load(self._db)
        await self._catch_up()
        compared = await self._compare()
        await self._switch()
        logger.info("projection switched", projection=self._name, position=self._engine.position)
        return Rebuilt(self._engine.position, compared)

    async def _catch_up(self) -> None:
        """As far as the live projection is now, wherever it moves meanwhile."""
        while self._engine.position < (target := (await self._live(self._owner)).position):
            await self._engine.step(self._db, until=target)
            self._progress(self._engine.position, target)

    async def _live(self, db: AsyncConnection[Any], lock: bool = False) -> beside.State:
        live = await beside.state(db, self._name, lock=lock)
        if live is None:
            raise Refused(f"{self._name} is gone")
        return live

    @asynccontextmanager
    async def _level(self) -> AsyncIterator[beside.State]:
        """A transaction in which the live projection stands still and the other is level."""
        await self._catch_up()
        async with self._owner.transaction():
            await self._owner.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            await self._owner.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{STILL}'")
            live = await self._live(self._owner, lock=True)
            while self._engine.position < live.position:
                await self._engine.step(self._db, until=live.position)
            yield live

    async def _patiently(self, act: Callable[[beside.State], Awaitable[None]]) -> None:
        """``act`` while both are level; again, and caught up anew, while tables are being read."""
        for _ in range(TRIES):
            try:
                async with self._level() as live:
                    return await act(live)
            except LockNotAvailable:
                await asyncio.sleep(PAUSE)
            except IdleInTransactionSessionTimeout as error:
                raise Refused(
                    f"this process stood still in the middle of the switch of {self._name}, which"
                    " was undone: run it again, it goes on where it is"
                ) from error
        raise Refused(
            f"somebody reads the tables of {self._name} all the time, so they could not be"
            " switched: run it again, it goes on where it is"
        )

    async def _compare(self) -> list[Compared]:
        """In a snapshot taken while both were level, so that nobody waits for the comparison."""
        same = False

        async def hold(live: beside.State) -> None:
            nonlocal same
            same = live[:2] == (self._projection.VERSION, shape_of(self._projection))
            await still.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await still.execute("SET LOCAL statement_timeout = 0")
            await still.execute("SELECT FROM read.projections")  # takes the snapshot

        async with connected(self._url, f"souk-rebuild-{self._name}") as still:
            await self._patiently(hold)
            return [
                await _compared(still, table.name, self._suffix, same)
                for table in self._projection.TABLES
            ]

    async def _switch(self) -> None:
        await self._patiently(
            lambda live: beside.switch(self._owner, self._name, self._suffix, live)
        )


async def _compared(db: Connection, table: str, suffix: str, same: bool) -> Compared:
    live, built = f"read.{table}", f"read.{table}{suffix}"
    cursor = await db.execute("SELECT to_regclass(%s) IS NULL", (live,))
    if await cursor.fetchone() == (True,):
        cursor = await db.execute(f"SELECT 0, count(*) FROM {built}")
    else:
        cursor = await db.execute(
            "SELECT count(l.id), count(b.id), count(*) FILTER (WHERE l.id IS NULL OR b.id IS NULL"
            " OR l.body <> b.body OR l.personal IS DISTINCT FROM b.personal)"
            f" FROM {live} l FULL JOIN {built} b USING (tenant, id)"
        )
    ((live_rows, built_rows, *differing),) = await cursor.fetchall()
    return Compared(table, live_rows, built_rows, differing[0] if same and differing else None)
