"""What one question about the past reads: the same SQL, over the tables as folded up to there."""

import re
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from adapters.asof.folds import Folds
from adapters.asof.points import Point
from adapters.asof.scratch import SCHEMA, named
from adapters.asof.wanted import Fold
from adapters.projector.reader import TenantReader
from application.ports import Unavailable
from projections.kernel import Found

TABLE = re.compile(r"\bread\.(\w+)")
CLOCK = re.compile(r"\bnow\(\)")


class Cost(NamedTuple):
    """Of the folds that were read: their events, the milliseconds that they took, and whether all
    of them were there."""

    events: int
    ms: float
    cached: bool


class Past:
    """``projections.kernel.Reader`` of one tenant as of a point; folds what its questions name.

    ``seconds``: how long it may fold, all in all. Raises Folding beyond that.
    """

    def __init__(self, folds: Folds, reader: TenantReader, point: Point, seconds: float) -> None:
        self.tenant, self.point = reader.tenant, point
        self._folds, self._reader = folds, reader
        self._until = time.monotonic() + seconds
        self._used: dict[str, tuple[Fold, bool]] = {}
        self._clock = f"'{point.moment.isoformat()}'::timestamptz"

    async def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a SELECT. Its parameters are not looked at. Raises Folding, Unavailable."""
        for table in TABLE.findall(sql):
            await self._use(table)
        sql = TABLE.sub(lambda found: self._place(found[1]), CLOCK.sub(self._clock, sql))
        rows = await self._reader.rows(sql, params)
        await self._check()
        return rows

    @property
    def cost(self) -> Cost:
        used = self._used.values()
        events, ms = sum(fold.events for fold, _ in used), sum(fold.took for fold, _ in used)
        return Cost(events, round(ms, 1), all(cached for _, cached in used))

    async def _use(self, table: str) -> None:
        projection = self._folds.projection_of[table]
        if projection not in self._used:
            left = self._until - time.monotonic()
            self._used[projection] = await self._folds.at(self.tenant, projection, self.point, left)

    def _place(self, table: str) -> str:
        fold, _ = self._used[self._folds.projection_of[table]]
        return f"{SCHEMA}.{named(fold.id, table)}"

    async def _check(self) -> None:
        """A crash of the server empties the tables, and with them the list of what they hold: so
        who still finds them there has not read them empty."""
        ids = [fold.id for fold, _ in self._used.values()]
        there = await self._reader.rows(
            "SELECT id FROM asof.folds WHERE tenant = %s AND id = ANY(%s)", (self.tenant, ids)
        )
        if len(there) < len(ids):
            raise Unavailable("the fold")


class PastCounts:
    """``projections.kernel.Counts`` from the table as folded up to there: what Valkey holds is of
    now."""

    def __init__(self, past: Past) -> None:
        self._past = past

    async def row(self, table: str, id: str) -> Found | None:
        return (await self.rows(table, [id])).get(id)

    async def rows(self, table: str, ids: Sequence[str]) -> dict[str, Found]:
        found = await self._past.rows(
            f"SELECT {Found.SQL} FROM read.{table} WHERE tenant = %s AND id = ANY(%s)",
            (self._past.tenant, list(ids)),
        )
        return {row[0]: Found(*row) for row in found}
