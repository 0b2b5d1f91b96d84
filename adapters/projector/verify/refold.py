"""One projection folded again from the first event, up to where it stands in a snapshot."""

from collections.abc import Sequence

import psycopg

from adapters.log.codec import Codec, tag_of
from adapters.log.erased import Whom
from adapters.log.rows import FOREIGN, Row
from adapters.postgres.pools import Connection
from adapters.projector.kinds import is_logged
from adapters.projector.verify.difference import Difference, Found
from adapters.projector.verify.scratch import Scratch
from adapters.projector.window import Illegible
from domain.kernel import ERASED, Event, Personal, Recorded
from projections.kernel import Projection


class Refold:
    """``parked``: the positions of its dead letters, which its rows are to be without."""

    def __init__(
        self, name: str, projection: Projection, position: int, parked: frozenset[int]
    ) -> None:
        self.name, self.position, self._parked = name, position, parked
        self.scratches = [Scratch(table) for table in projection.TABLES]
        types = {kind for scratch in self.scratches for kind in scratch.types}
        self.types: set[type[Event]] = {kind for kind in types if is_logged(kind)}
        self._tags = set(map(tag_of, self.types))

    async def make(self, db: Connection) -> None:
        for scratch in self.scratches:
            await scratch.make(db)

    async def fold(self, db: Connection, events: Sequence[Recorded], found: Found) -> None:
        mine = [recorded for recorded in events if self._folds(recorded)]
        for scratch in self.scratches:
            await scratch.prepare(db, mine)
        for recorded in mine:
            if why := await self._failure(db, recorded):
                what = f"position {recorded.position} cannot be folded: {why}"
                found(Difference(self.name, recorded.tenant, recorded.stream, what))
        for scratch in self.scratches:
            await scratch.settle(db)

    def _folds(self, recorded: Recorded) -> bool:
        return (
            recorded.tag in self._tags
            and recorded.position <= self.position
            and recorded.position not in self._parked
        )

    async def _failure(self, db: Connection, recorded: Recorded) -> str:
        """Why it cannot be folded; empty when it is."""
        if isinstance(recorded.event, Illegible):
            return recorded.event.error
        try:
            await self._fold(db, recorded)
        except psycopg.Error:
            raise
        except Exception as error:
            return type(error).__name__
        return ""

    async def _fold(self, db: Connection, recorded: Recorded) -> None:
        events = [recorded]
        for scratch in self.scratches:
            events += [told for event in events for told in await scratch.fold(db, event)]

    async def finish(self, db: Connection) -> None:
        for scratch in self.scratches:
            await scratch.settle(db, whole=True)


class Decoding:
    """Each event decoded once, for all projections that fold any of its type."""

    def __init__(self, refolds: Sequence[Refold], whom: Whom) -> None:
        """``whom``: those who are erased."""
        types = {kind for refold in refolds for kind in refold.types}
        self._codec, self._tags = Codec(types), {tag_of(kind) for kind in types}
        self._whom = whom

    def _blank(self, personal: Personal) -> None:
        if (personal.stream.partition("/")[0], personal.subject) in self._whom:
            personal.box, personal.lookup = ERASED, ""

    def of(self, rows: Sequence[Row]) -> list[Recorded]:
        """What cannot be decoded is Illegible, as it is to the projector, which parks it."""
        wanted = [row for row in rows if row.tag in self._tags and row.schema_version != FOREIGN]
        return [self._decoded(row) for row in wanted]

    def _decoded(self, row: Row) -> Recorded:
        try:
            return row.decoded(self._codec, self._blank if self._whom else None)
        except Exception as error:
            return row.recorded(Illegible(f"{type(error).__name__}: {error}"))
