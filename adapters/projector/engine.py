"""One projection: events in, rows, changes and position out, all in one transaction."""

import asyncio
from collections.abc import Sequence

import psycopg
import structlog

from adapters.log.codec import tag_of
from adapters.log.erased import erased
from adapters.postgres.pools import Connection
from adapters.projector import changes, letters
from adapters.projector.folders import Folders
from adapters.projector.folding import Poison
from adapters.projector.kinds import logged_types
from adapters.projector.leader import Superseded, superseded
from adapters.projector.roundtrip import at_once
from adapters.projector.tables import shape_of
from adapters.projector.window import Stretch, Window
from domain.kernel import Recorded
from projections.kernel import Projection

BATCH = 4000  # events in one transaction, at the most
# The last: a text too long for its index, which no second try makes shorter.
POISON = (
    Poison,
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.ProgramLimitExceeded,
)
logger = structlog.get_logger(__name__)


class Engine:
    """Folds the log into one projection's tables; whoever calls it leads that projection."""

    def __init__(
        self,
        name: str,
        projection: Projection,
        batch: int = BATCH,
        window: Window | None = None,
        shape: str | None = None,
    ) -> None:
        """``window``: one shared with other projections, of the types of them all.
        ``shape``: what its tables are known as, if not their own."""
        self.name, self.batch = name, batch
        self._version, self._shape = projection.VERSION, shape or shape_of(projection)
        self._folders = Folders(projection)
        self.tags = frozenset(map(tag_of, logged_types(projection)))
        self._window = window or Window(logged_types(projection))
        self.position = self._silent_until = self._generation = 0
        self.passed = 0  # beyond the position, over events that it does not fold
        self.turn = asyncio.Lock()  # of whoever moves the position
        # Of the last step: it met the log's end; wrote changes; took as much as it may at once.
        self.at_end = self.told = self.full = False
        self.leads = self.resting = False  # resting: until it is woken
        self._parked: set[str] = set()

    async def load(self, db: Connection) -> None:
        """Where this projection stands. Superseded when its tables are of another version."""
        cursor = await db.execute(
            "SELECT version, shape, position, silent_until, generation FROM read.projections"
            " WHERE name = %s",
            (self.name,),
        )
        row = await cursor.fetchone()
        if row is None or row[:2] != (self._version, self._shape):
            raise Superseded(f"the tables of {self.name} are not of this version; migrate")
        self.position, self._silent_until, self._generation = row[2:]
        self.passed = self.position
        self._parked = await letters.streams(db, self.name)
        self._window.forget(await erased(db))
        self._folders.forget()
        self.leads = True

    def leave(self) -> None:
        """The lead is lost, or over."""
        self.leads = self.resting = False
        self.passed = self.position
        self._window.leave(self.name)

    @property
    def place(self) -> tuple[str, int, str, int, int, int]:
        """What it is, and the position it is to move from and to when it folds nothing."""
        known = self.name, self._version, self._shape, self._generation
        return (*known, self.position, self.passed)

    async def step(self, db: Connection, until: int | None = None, hinted: bool = True) -> int:
        """Fold the next batch, not beyond ``until``; how many positions it went. After any
        failure: load again. ``hinted`` False: nobody has told it that there is one.

        Superseded when this one does not lead any more.
        """
        stretch = await self._window.after(db, self.name, self.passed, self.batch, hinted)
        if until is not None:
            stretch = stretch.until(until)
        self.at_end, self.told, before = stretch.last, False, self.passed
        self.full = len(stretch.events) >= self.batch
        mine = [recorded for recorded in stretch.events if recorded.tag in self.tags]
        if mine:
            await self._advance(db, mine, stretch.reached)
        else:
            await self._pass(db, stretch.reached)
        return self.passed - before

    async def _pass(self, db: Connection, reached: int) -> None:
        """Over what it does not fold: in mind only while there is more, since a commit is dear."""
        nothing_new, self.passed = reached == self.passed, reached
        if nothing_new:
            await self.settle(db)

    def go_along(self, stretch: Stretch) -> None:
        """Over a stretch in which there is nothing for it."""
        if self.resting and stretch.origin <= self.passed < stretch.reached:
            self.passed = stretch.reached

    async def settle(self, db: Connection) -> None:
        """Move the position over what was passed."""
        async with self.turn:
            if self.passed > self.position:
                with superseded():
                    await self._move(db, self.passed)
                self.position = self.passed

    async def _advance(self, db: Connection, events: Sequence[Recorded], reached: int) -> None:
        async with self.turn:
            with superseded():
                try:
                    await self._take(db, events, reached)
                except POISON:
                    self._folders.forget()
                    async with db.transaction():
                        await self._move(db, reached)
                        await self._take_singly(db, events)
            self.position = self.passed = reached

    async def _take(self, db: Connection, events: Sequence[Recorded], reached: int) -> None:
        """In memory first, then all that is to be written in one round trip; unless rows must be
        found by content, which needs the transaction from the start."""
        clean = [recorded for recorded in events if recorded.stream not in self._parked]
        searches = self._folders.searches(clean)
        if not searches:
            await self._folders.fold(db, clean)
        async with db.transaction() if searches else at_once(db):
            await self._move(db, reached)
            if searches:
                await self._folders.fold(db, clean)
            await self._write(db)
            for recorded in events if self._parked else ():
                if recorded.stream in self._parked:
                    await letters.park(db, self.name, recorded, letters.AFTER_ANOTHER)
        self._folders.keep()

    async def _move(self, db: Connection, reached: int) -> None:
        """First of all, so that the row's lock keeps others out until the commit; which need not
        wait for the disk, since position, rows and changes are lost together and folded again."""
        await db.execute(
            "SELECT read.move(%s, %s, %s, %s, %s, %s, false)",
            (
                self.name,
                self._version,
                self._shape,
                self._generation,
                self.position,
                reached,
            ),
        )

    async def _write(self, db: Connection, late: bool = False) -> None:
        await self._folders.flush(db)
        changed = self._folders.changes()
        loud = [change for change in changed if change.position > self._silent_until]
        await changes.write(db, self.name, loud, late)
        self.told = self.told or bool(loud)

    async def _take_singly(self, db: Connection, events: Sequence[Recorded]) -> None:
        """Event by event, parking the streams of those that cannot be folded."""
        for recorded in events:
            error = letters.AFTER_ANOTHER
            if recorded.stream not in self._parked:
                error = await self._try(db, recorded)
            if error:
                await letters.park(db, self.name, recorded, error)

    async def _try(self, db: Connection, recorded: Recorded) -> str:
        """What is wrong with it; empty when it is folded."""
        try:
            await self._fold_one(db, recorded)
        except POISON as error:
            self._parked.add(recorded.stream)
            logger.error(
                "stream parked",
                projection=self.name,
                stream=recorded.stream,
                position=recorded.position,
                tag=recorded.tag,
                error=str(error),
            )
            return str(error)
        return ""

    async def _fold_one(self, db: Connection, recorded: Recorded, at: int | None = None) -> None:
        """In a transaction of its own inside the present one."""
        try:
            async with db.transaction():
                await self._folders.fold(db, [recorded], at)
                await self._write(db, late=at is not None)
        except BaseException:
            self._folders.forget()
            raise
        self._folders.keep()

    async def retry(self, db: Connection, tenant: str | None = None) -> int:
        """Fold the parked events, each stream in order up to its first that still fails; how many.
        ``tenant``: only that one's.

        What they change is a late change at the projection's present position: followers are past
        the positions where it belonged, and may be past this one.
        """
        async with db.transaction():
            await db.execute(
                "UPDATE read.projections SET generation = generation + 1 WHERE name = %s",
                (self.name,),
            )
            await self.load(db)
            stuck: set[str] = set()
            parked = await letters.parked(db, self.name, tenant)
            for recorded in map(self._window.recorded, parked):
                if recorded.stream not in stuck and not await self._retry(db, recorded):
                    stuck.add(recorded.stream)
            return len(parked) - await letters.count(db, self.name, tenant)

    async def _retry(self, db: Connection, recorded: Recorded) -> bool:
        try:
            await self._fold_one(db, recorded, at=self.position)
        except POISON as error:
            logger.error(
                "still parked", projection=self.name, stream=recorded.stream, error=str(error)
            )
            return False
        await letters.settle(db, self.name, recorded)
        return True
