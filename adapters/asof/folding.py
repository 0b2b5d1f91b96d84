"""A projection's events folded into tables of their own, by the projector's own folding."""

from collections.abc import Sequence

from adapters.asof import registry
from adapters.asof.scratch import SCHEMA
from adapters.postgres.pools import Connection
from adapters.projector.engine import POISON
from adapters.projector.folders import Folders
from adapters.projector.roundtrip import at_once
from domain.kernel import Recorded
from projections.kernel import Projection


class Into:
    """``parked``: streams with an event that cannot be folded, whose later events wait behind it,
    as they do in the projector; without its dead letters, changes and position."""

    def __init__(self, id: str, tables: Projection) -> None:
        self.id, self.parked = id, set[str]()
        self._folders = Folders(tables, SCHEMA)

    async def take(self, db: Connection, events: Sequence[Recorded]) -> None:
        """A batch; event by event where one of them cannot be folded."""
        try:
            await self._take(db, events, len(events))
        except POISON:
            self._folders.forget()
            for recorded in events:
                await self._take_one(db, recorded)

    async def _take(self, db: Connection, events: Sequence[Recorded], counted: int) -> None:
        clean = [recorded for recorded in events if recorded.stream not in self.parked]
        searches = self._folders.searches(clean)
        if not searches:
            await self._folders.fold(db, clean)
        async with db.transaction() if searches else at_once(db):
            if searches:
                await self._folders.fold(db, clean)
            await self._folders.flush(db)
            await registry.advanced(db, self.id, counted)
        self._folders.keep()

    async def _take_one(self, db: Connection, recorded: Recorded) -> None:
        try:
            await self._take(db, [recorded], 1)
        except POISON:
            self._folders.forget()
            self.parked.add(recorded.stream)
            await registry.advanced(db, self.id, 1)
