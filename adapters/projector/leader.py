"""One leader at a time for each job, by advisory lock; the others stand by. It never gives up."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
from psycopg import AsyncConnection
from psycopg.errors import SerializationFailure

from adapters.log.notices import UNKNOWN
from adapters.postgres.pools import PROJECT, Connection, conninfo_of

STANDBY = 0.5  # seconds between a standby's tries for the lead
STATEMENT = 60.0  # seconds that one statement may take
LONGEST_PAUSE = 2.0  # seconds between attempts while a server is away
Job = Callable[[Connection], Awaitable[None]]
logger = structlog.get_logger(__name__)


class Bell:
    """Something may have happened: a hint, remembered until somebody waits for it.

    ``heard``: the position that the last ring was for, which commits tell in their order.
    """

    def __init__(self) -> None:
        self._rung, self.heard = asyncio.Event(), UNKNOWN

    def ring(self, position: int = UNKNOWN) -> None:
        self.heard = position
        self._rung.set()

    @property
    def rung(self) -> bool:
        return self._rung.is_set()

    async def wait(self, seconds: float) -> bool:
        """Whether it rang."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        rang = self._rung.is_set()
        self._rung.clear()
        return rang


class Superseded(Exception):
    """The tables are of another version than this code, or someone else wrote to them."""


@contextmanager
def superseded() -> Iterator[None]:
    """Around what a leader writes: its position is not as it left it."""
    try:
        yield
    except SerializationFailure as error:
        raise Superseded(str(error)) from error


class Patience:
    """Pauses that double up to a cap, with jitter, until something works again."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop, self._pause = stop, 0.05

    async def pause(self) -> None:
        await sleep(self._stop, self._pause * random.uniform(0.5, 1.0))  # noqa: S311
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def works(self) -> None:
        self._pause = 0.05


async def sleep(stop: asyncio.Event, seconds: float) -> None:
    """Not longer than it takes to be stopped."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def persist(what: str, stop: asyncio.Event, attempt: Callable[[], Awaitable[None]]) -> None:
    """Run ``attempt`` again and again, whatever it dies of, until stopped. The pauses start
    short again after an attempt that lasted."""
    patience = Patience(stop)
    while not stop.is_set():
        began = time.monotonic()
        try:
            await attempt()
        except Exception as error:
            logger.warning("will try again", what=what, error=f"{type(error).__name__}: {error}")
            if time.monotonic() - began > LONGEST_PAUSE:
                patience.works()
            await patience.pause()


async def lead(url: str, name: str, stop: asyncio.Event, job: Job) -> None:
    """Do ``job`` while leading ``name``; stand by while another process does."""

    async def attempt() -> None:
        async with connected(url, name) as db:
            while not stop.is_set() and not await take(db, name):
                await sleep(stop, STANDBY * random.uniform(0.7, 1.0))  # noqa: S311
            if not stop.is_set():
                logger.info("leading", what=name)
                await job(db)

    await persist(name, stop, attempt)


async def take(db: Connection, name: str) -> bool:
    """The lead ends with the connection, and so does all work done on it: no two leaders write."""
    cursor = await db.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (name,))
    return await cursor.fetchone() == (True,)


@asynccontextmanager
async def connected(
    url: str, name: str, role: str = PROJECT, statement: float | None = None
) -> AsyncIterator[Connection]:
    """A direct connection, outside every pool. ``statement``: seconds that one may take."""
    db = await AsyncConnection.connect(
        conninfo_of(url, role, name, statement or STATEMENT), autocommit=True, prepare_threshold=2
    )
    try:
        yield db
    finally:
        with contextlib.suppress(Exception):
            await db.close()
