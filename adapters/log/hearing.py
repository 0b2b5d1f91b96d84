"""That a key was destroyed is heard by every process that keeps keys, before it is said to be done.

Who keeps keys listens, and holds a shared lock of the server under a number. Told, it drops what it
keeps and takes the lock under the next number: so who destroyed a key sees when all have done so. A
process that has died holds no lock; one that hangs is waited for until what it keeps is too old.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from adapters.postgres.pools import APPEND, Connection, Pool, borrow
from adapters.projector.leader import connected, persist

NAME = "souk-keys"  # also of the connection
CHANNEL = "souk_keys"
FRESH = 30.0  # seconds that a key is kept in memory: what bounds a process that cannot be told
LOOK = 0.01  # seconds between two looks at who was told
KEEPER, GATE = 0x736F756B, 0x67617465  # the locks; who goes through the gate is alone, or keeps
# Nobody begins to keep between the look at who keeps and the commit that destroys the key.
_ENTER = f"""SELECT pg_advisory_lock_shared({GATE}), pg_advisory_lock_shared({KEEPER}, %s),
    pg_advisory_unlock_shared({GATE})"""
_LEAVE = f"SELECT pg_advisory_unlock_shared({KEEPER}, %s)"
_CLOSE = f"SELECT pg_advisory_xact_lock({GATE})"
_KEEPERS = f"""SELECT pid, objid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
AND classid = {KEEPER} AND database = (
    SELECT oid FROM pg_database WHERE datname = current_database())"""
Keepers = set[tuple[int, int]]
log = structlog.get_logger(__name__)


class Hearing:
    """``turn``: the number that this process keeps under; None while it does not hear, and so must
    keep nothing. ``drop``: forgets all that is kept."""

    def __init__(self, url: str, drop: Callable[[], None]) -> None:
        self._url, self._drop, self._last = url, drop, 0
        self.turn: int | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Soon; while it cannot, it goes on trying."""
        if self._task is None:
            hearing = persist(NAME, asyncio.Event(), self._attempt)
            self._task = asyncio.create_task(hearing, name=NAME)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _attempt(self) -> None:
        async with connected(self._url, NAME, APPEND) as db:
            await db.execute(f"LISTEN {CHANNEL}")
            try:
                await self._enter(db)
                while True:
                    async for _ in db.notifies(stop_after=1):
                        self._stop()
                    left = self._last
                    await self._enter(db)
                    await db.execute(_LEAVE, (left,))
            finally:
                self._stop()

    async def _enter(self, db: Connection) -> None:
        self._last += 1
        await db.execute(_ENTER, (self._last,))
        self.turn = self._last

    def _stop(self) -> None:
        self.turn = None
        self._drop()


@asynccontextmanager
async def destroying(pool: Pool) -> AsyncIterator[Connection]:
    """A transaction that destroys a key; it ends when no process keeps it any more.

    Raises Unavailable, also when the key is destroyed and only the others are not known to know.
    """
    async with borrow(pool) as db:
        async with db.transaction():
            await db.execute(_CLOSE)
            waiting = await _keepers(db)
            yield db
            await db.execute(f"NOTIFY {CHANNEL}")
    until = time.monotonic() + FRESH
    while waiting and time.monotonic() < until:
        await asyncio.sleep(LOOK)
        async with borrow(pool) as db:
            waiting &= await _keepers(db)
    if waiting:
        log.warning("some could not be told that a key is destroyed", processes=len(waiting))


async def _keepers(db: Connection) -> Keepers:
    return set(await (await db.execute(_KEEPERS)).fetchall())
