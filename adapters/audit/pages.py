"""Pages of the log, however much of it has to be gone through."""

import time
from typing import Any, NamedTuple

from adapters.audit.filters import Filter
from adapters.audit.moments import position_before
from adapters.audit.seeing import rows, seeing
from adapters.log.rows import COLUMNS, Row
from adapters.postgres.pools import Connection, Pool
from domain.kernel import Value

SPAN, WIDEST = 10_000, 320_000  # positions gone through in one statement, at first and at most
INDEXED = 2_000_000  # where summaries tell what to pass over
BUDGET = 1.0  # seconds after which a page is sent as it is


class Page(NamedTuple):
    """``next``: the cursor to go on from, or None at the end. A page may be short, or empty, and
    still have one: then its time was up."""

    rows: list[Row]
    next: int | None


class Stretch(Value):
    """Positions that are still to be gone through, all above one and below the other."""

    above: int
    below: int

    @property
    def over(self) -> bool:
        return self.below - self.above <= 1

    def piece(self, span: int, ascending: bool) -> "Stretch":
        if ascending:
            return Stretch(self.above, min(self.below, self.above + span + 1))
        return Stretch(max(self.above, self.below - span - 1), self.below)

    def after(self, passed: "Stretch", last: int | None, ascending: bool) -> "Stretch":
        """``last``: the row at which the piece was left, if it was not gone through."""
        if ascending:
            return Stretch(passed.below - 1 if last is None else last, self.below)
        return Stretch(self.above, passed.above + 1 if last is None else last)


class Pages:
    """``pool``: of souk_audit; ``log``: of a role that finds positions among all tenants'."""

    def __init__(self, pool: Pool, log: Pool, span: int = SPAN, budget: float = BUDGET) -> None:
        self._pool, self._log, self._span, self._budget = pool, log, span, budget

    async def page(
        self,
        tenant: str,
        wanted: Filter,
        cursor: int | None = None,
        limit: int = 20,
        ascending: bool = False,
    ) -> Page:
        """Newest first, unless ``ascending``. ``cursor``: the last page's ``next``."""
        left, span = await self._stretch(wanted, cursor, ascending), self._first_span(wanted)
        found: list[Row] = []
        until = time.monotonic() + self._budget
        async with seeing(self._pool, tenant) as db:
            left = await _to_head(db, left)
            while not left.over and len(found) < limit:
                piece, room = left.piece(span, ascending), limit - len(found)
                rows = await _rows(db, tenant, wanted, piece, room, ascending)
                found += filter(wanted.holds, rows)
                left = left.after(
                    piece, rows[-1].position if len(rows) == room else None, ascending
                )
                span = max(span, min(span * 4, WIDEST))
                if time.monotonic() > until:
                    break
        if left.over:
            return Page(found, None)
        return Page(found, left.above if ascending else left.below)

    def _first_span(self, wanted: Filter) -> int:
        if wanted.stream is not None:
            return 2**62  # found by its key
        return max(self._span, INDEXED) if wanted.indexed else self._span

    async def _stretch(self, wanted: Filter, cursor: int | None, ascending: bool) -> Stretch:
        above = max(0, (wanted.position_from or 0) - 1)
        below = 2**62 if wanted.position_before is None else wanted.position_before
        if wanted.recorded_from is not None:
            above = max(above, await position_before(self._log, wanted.recorded_from))
        if wanted.recorded_before is not None:
            below = min(below, await position_before(self._log, wanted.recorded_before) + 1)
        if cursor is not None:
            above, below = (max(above, cursor), below) if ascending else (above, min(below, cursor))
        return Stretch(above, below)


async def _to_head(db: Connection, left: Stretch) -> Stretch:
    ((head,),) = await rows(db, "SELECT position FROM log.head", ())
    return Stretch(left.above, min(left.below, head + 1))


async def _rows(
    db: Connection, tenant: str, wanted: Filter, piece: Stretch, limit: int, ascending: bool
) -> list[Row]:
    conditions = [*wanted.conditions(tenant)]
    where = " AND ".join(condition for condition, _ in conditions)
    by = "position" if wanted.stream is None else "version"
    params: list[Any] = [value for _, value in conditions]
    found = await rows(
        db,
        f"SELECT {COLUMNS} FROM log.events WHERE {where} AND position > %s AND position < %s"
        f" ORDER BY {by} {'ASC' if ascending else 'DESC'} LIMIT %s",
        [*params, piece.above, piece.below, limit],
    )
    return [Row(*row) for row in found]
