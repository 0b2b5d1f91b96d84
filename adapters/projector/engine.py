"""One projection: events in, rows, changes and position out, all in one transaction."""

from collections.abc import Sequence

import psycopg
import structlog

from adapters.log.codec import Codec, tag_of
from adapters.log.rows import Row
from adapters.log.tail import rows_after
from adapters.postgres.pools import Connection
from adapters.projector import changes, letters
from adapters.projector.folding import Folder, Poison, poisonous
from adapters.projector.tables import shape_of
from domain.kernel import Event, Recorded
from projections.kernel import Projection

BATCH = 1000  # events in one transaction
# The last: a text too long for its index, which no second try makes shorter.
POISON = (
    Poison,
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.ProgramLimitExceeded,
)
logger = structlog.get_logger(__name__)


def is_logged(kind: type[Event]) -> bool:
    """What a table emits for the tables after it has no tag, since it is never stored."""
    return kind.__struct_config__.tag is not None


class Superseded(Exception):
    """The tables are of another version than this code, or someone else moved the position."""


class Engine:
    """Folds the log into one projection's tables; whoever calls it leads that projection."""

    def __init__(self, name: str, projection: Projection, batch: int = BATCH) -> None:
        self.name, self.batch = name, batch
        self._version, self._shape = projection.VERSION, shape_of(projection)
        self._folders = [Folder(table) for table in projection.TABLES]
        types = {type for folder in self._folders for type in folder.types if is_logged(type)}
        self._codec, self._tags = Codec(types), {tag_of(type) for type in types}
        self.position = self._silent_until = 0

    async def load(self, db: Connection) -> None:
        """Where this projection stands. Superseded when its tables are of another version."""
        cursor = await db.execute(
            "SELECT version, shape, position, silent_until FROM read.projections WHERE name = %s",
            (self.name,),
        )
        row = await cursor.fetchone()
        if row is None or row[:2] != (self._version, self._shape):
            raise Superseded(f"the tables of {self.name} are not of this version; migrate")
        self.position, self._silent_until = row[2:]

    async def step(self, db: Connection) -> int:
        """Fold the next batch; how many events it had. Superseded: load again."""
        rows = await rows_after(db, self.position, self.batch)
        if rows:
            await self._advance(db, rows)
            self.position = rows[-1].position
        return len(rows)

    async def _advance(self, db: Connection, rows: Sequence[Row]) -> None:
        folded = [row for row in rows if row.tag in self._tags]
        try:
            async with db.transaction():
                await self._move(db, rows[-1].position)
                await self._fold(db, await letters.sift(db, self.name, folded))
        except POISON:
            async with db.transaction():
                await self._move(db, rows[-1].position)
                await self._fold_singly(db, folded)

    async def _move(self, db: Connection, position: int) -> None:
        """First of all, so that the row's lock keeps others out until the commit."""
        cursor = await db.execute(
            "UPDATE read.projections SET position = %s, moved_at = now()"
            " WHERE name = %s AND version = %s AND shape = %s AND position = %s",
            (position, self.name, self._version, self._shape, self.position),
        )
        if cursor.rowcount != 1:
            raise Superseded(f"{self.name} was moved by someone else")

    async def _fold(self, db: Connection, rows: Sequence[Row], at: int | None = None) -> None:
        """``at``: the position to give the changes instead of their last events' own."""
        events = [self._decoded(row) for row in rows]
        changed = []
        for folder in self._folders:
            changed += await folder.fold(db, events, at)
            if folder.told:  # each right behind its cause
                events = sorted([*events, *folder.told], key=lambda recorded: recorded.position)
        loud = [change for change in changed if change.position > self._silent_until]
        await changes.write(db, self.name, loud)

    def _decoded(self, row: Row) -> Recorded:
        with poisonous():
            return row.decoded(self._codec)

    async def _fold_singly(self, db: Connection, rows: Sequence[Row]) -> None:
        """Event by event, parking the streams of those that cannot be folded."""
        for row in rows:
            for clean in await letters.sift(db, self.name, [row]):
                await self._try(db, clean)

    async def _try(self, db: Connection, row: Row) -> None:
        try:
            async with db.transaction():
                await self._fold(db, [row])
        except POISON as error:
            logger.error(
                "stream parked",
                projection=self.name,
                stream=row.stream,
                position=row.position,
                tag=row.tag,
                error=str(error),
            )
            await letters.park(db, self.name, row, str(error))

    async def retry(self, db: Connection, tenant: str | None = None) -> int:
        """Fold the parked events, each stream in order up to its first that still fails; how many.
        ``tenant``: only that one's.

        What they change is a change at the projection's present position: followers are past
        the positions where it belonged.
        """
        async with db.transaction():
            await db.execute(
                "SELECT FROM read.projections WHERE name = %s FOR UPDATE", (self.name,)
            )
            await self.load(db)
            stuck: set[str] = set()
            parked = await letters.parked(db, self.name, tenant)
            for row in parked:
                if row.stream not in stuck and not await self._retry(db, row):
                    stuck.add(row.stream)
            return len(parked) - await letters.count(db, self.name, tenant)

    async def _retry(self, db: Connection, row: Row) -> bool:
        try:
            async with db.transaction():
                await self._fold(db, [row], at=self.position)
                await letters.settle(db, self.name, row)
        except POISON as error:
            logger.error("still parked", projection=self.name, stream=row.stream, error=str(error))
            return False
        return True
