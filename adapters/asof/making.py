"""One fold made: from the nearest one below it, or from the first event."""

import time
from contextlib import aclosing

from psycopg.errors import UndefinedTable

from adapters.asof import registry, scratch
from adapters.asof.folding import Into
from adapters.asof.history import History
from adapters.asof.wanted import Fold, Wanted
from adapters.postgres.pools import Connection
from adapters.projector.beside import Beside
from projections.kernel import Projection


class Making:
    """``db`` and ``log`` are souk_asof's and have named the tenant; ``db`` holds the lock of what
    is wanted. ``url`` is the owner's."""

    def __init__(
        self, url: str, db: Connection, log: Connection, wanted: Wanted, projection: Projection
    ) -> None:
        self._url, self._db, self._log = url, db, log
        self._wanted, self._projection = wanted, projection
        self._history = History(projection, wanted.until)

    async def run(self) -> Fold | None:
        """None: it was forgotten meanwhile, since what is in it must be gone."""
        await self._clear()
        began = time.perf_counter()
        return await self._the_same() or await self._fold(began)

    async def _clear(self) -> None:
        """What a process left that died at this."""
        dead = await registry.unfinished(self._db, self._wanted.name)
        await scratch.drop(self._url, await registry.abandon(self._db, [id for id, _ in dead]))

    async def _the_same(self) -> Fold | None:
        """The nearest fold, if nothing happened since."""
        async with self._db.transaction():
            below = await registry.below(self._db, self._wanted)
            if below is None or below.until != self._wanted.until:
                return None
            if await self._history.any(self._db, below.through, self._wanted.position):
                return None
            await registry.reaches(self._db, below, self._wanted.position)
            return below

    async def _fold(self, began: float) -> Fold | None:
        id, upto = registry.new_id(), self._wanted.position
        tables = scratch.renamed(self._projection, id)
        names = [table.name for table in tables.TABLES]
        await registry.enter(self._db, self._wanted, id, names)
        await scratch.make(self._url, tables)
        try:
            return await self._filled(id, tables, upto, began)
        except UndefinedTable:
            if await registry.known(self._db) & set(names):
                raise
            return None  # forgotten meanwhile, and then tidied away

    async def _filled(self, id: str, tables: Beside, upto: int, began: float) -> Fold | None:
        last = await self._begin(id)
        total = await self._history.count(self._db, last, upto)
        await registry.expects(self._db, id, total)
        into = Into(id, tables)
        # Its reading ahead ends before the connection does, whatever happens here: to close a
        # connection that is waited for aborts the process.
        async with aclosing(self._history.batches(self._log, last, upto)) as batches:
            async for events in batches:
                await into.take(self._db, events)
                last = events[-1].position
        await scratch.analyze(self._url, tables)
        took = round((time.perf_counter() - began) * 1000, 1)
        until, streams = self._wanted.until, sorted(into.parked)
        fold = Fold(id, until, last, upto, streams, total, took)
        if await registry.finish(self._db, fold):
            return fold
        await scratch.drop(self._url, [table.name for table in tables.TABLES])
        return None

    async def _begin(self, id: str) -> int:
        """With the rows of the nearest fold, if it can be folded on; from which position."""
        async with self._db.transaction():
            below = await registry.below(self._db, self._wanted)
            if below is None or not await self._goes_on(below):
                return 0
            await scratch.copy(self._db, self._projection, below.id, id)
            return below.last

    async def _goes_on(self, below: Fold) -> bool:
        """Whether what it lacks all comes after what it has."""
        if below.until is None or below.until == self._wanted.until:
            return True
        return not await self._history.came_late(self._db, below.until, below.last)
