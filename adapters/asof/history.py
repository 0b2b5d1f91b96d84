"""One tenant's events as one projection folds them, from one position to another."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

from adapters.log.codec import tag_of
from adapters.log.erased import erased
from adapters.log.tail import STORED
from adapters.postgres.pools import Connection
from adapters.projector.engine import BATCH
from adapters.projector.kinds import logged_types
from adapters.projector.window import Window
from domain.kernel import Recorded
from projections.kernel import Projection

AT_ONCE = 4 * BATCH  # events: nobody waits for one of them, and fewer rows are written twice
SPAN = 20_000  # positions looked through at once, so that they are found by position
_READ = ", ".join(STORED)


class History:
    """Whose connection it is read on has named its tenant: it is shown no other's events."""

    def __init__(self, projection: Projection, until: datetime | None) -> None:
        """``until``: nothing that happened later."""
        types = logged_types(projection)
        self._decoding, self._tags = Window(types), [tag_of(kind) for kind in types]
        self._until = until
        self._which = "FROM log.events WHERE position > %s AND position <= %s AND tag = ANY(%s)"
        if until is not None:
            self._which += " AND occurred_at <= %s"

    async def any(self, db: Connection, after: int, upto: int) -> bool:
        found = await self._rows(db, f"SELECT EXISTS (SELECT {self._which})", after, upto)
        return bool(found[0][0])

    async def count(self, db: Connection, after: int, upto: int) -> int:
        found = await self._rows(db, f"SELECT count(*) {self._which}", after, upto)
        return int(found[0][0])

    async def came_late(self, db: Connection, since: datetime, upto: int) -> bool:
        """Whether anything up to there happened after ``since``: what is folded up to ``since``
        lacks it, and has folded what came after it."""
        sql = f"SELECT EXISTS (SELECT {self._which} AND occurred_at > %s)"
        found = await self._rows(db, sql, 0, upto, since)
        return bool(found[0][0])

    async def batches(
        self, db: Connection, after: int, upto: int
    ) -> AsyncGenerator[list[Recorded], None]:
        """Personal data stays sealed. The next batch is read while one is folded, so on another
        connection than that is. Who stops before its end closes it."""
        self._decoding.forget(await erased(db))
        ahead = asyncio.create_task(self._batch(db, after, upto))
        try:
            while after < upto:
                events, after = await ahead
                ahead = asyncio.create_task(self._batch(db, after, upto))
                if events:
                    yield events
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _batch(self, db: Connection, after: int, upto: int) -> tuple[list[Recorded], int]:
        """And how far it gets one."""
        end = min(after + SPAN, upto)
        sql = f"SELECT {_READ} {self._which} ORDER BY position LIMIT {AT_ONCE}"
        rows = await self._rows(db, sql, after, end)
        events = [self._decoding.recorded(row) for row in rows]
        return events, events[-1].position if len(events) == AT_ONCE else end

    async def _rows(
        self, db: Connection, sql: str, after: int, upto: int, *more: object
    ) -> list[tuple[Any, ...]]:
        cursor = db.cursor(binary=True)
        until = () if self._until is None else (self._until,)
        await cursor.execute(sql, (after, upto, self._tags, *until, *more))
        return await cursor.fetchall()
