"""No process works with other secrets than its database's: it would spoil what the others have."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from threading import Event, Thread

from adapters.log.master import Foreign, Master, prove_secret, renew_secret
from adapters.postgres.pools import APPEND, AWAY, UNMIGRATED, Connection
from adapters.projector.leader import connected
from entrypoints.settings import Settings

NAME = "souk-proof"
PATIENCE = 2.0  # seconds that a start waits for a Postgres that does not answer
LONG = 60_000  # milliseconds that it has to find the oldest keys, once
AGAIN = 2.0  # seconds between tries while it is away


async def prove(settings: Settings, lays: bool = False) -> None:
    """That the master key and SOUK_SECRET are the database's; the first becomes so where it has
    none, the second if who ``lays`` it uses it. Raises Foreign."""
    async with _connected(settings) as db:
        await Master(settings.master_key).prove(db)
        await prove_secret(db, settings.secret, lays)


async def renew(settings: Settings) -> None:
    """SOUK_SECRET was changed on purpose."""
    await renew_secret(settings.postgres_url, settings.secret)


@contextmanager
def proven(settings: Settings, lays: bool = False) -> Iterator[None]:
    """As ``prove``, around a role, which ends by SIGTERM. It does not wait for a Postgres that is
    away: it is told to end where that turns out later to be another's. Raises Foreign."""
    if _proved(settings, lays):
        yield
        return
    later = _Later(settings, lays)
    later.start()
    try:
        yield
    finally:
        later.over.set()
    if later.foreign is not None:
        raise later.foreign


class _Later(Thread):
    def __init__(self, settings: Settings, lays: bool) -> None:
        super().__init__(name=NAME, daemon=True)
        self._settings, self._lays, self.over = settings, lays, Event()
        self.foreign: Foreign | None = None

    def run(self) -> None:
        while not self.over.wait(AGAIN):
            try:
                if _proved(self._settings, self._lays):
                    return
            except Foreign as foreign:
                self.foreign = foreign
                os.kill(os.getpid(), signal.SIGTERM)
                return


def _proved(settings: Settings, lays: bool) -> bool:
    """False: Postgres is away, or not migrated yet. Raises Foreign."""
    try:
        asyncio.run(prove(settings, lays))
    except (*AWAY, UNMIGRATED):
        return False
    return True


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[Connection]:
    async with connected(settings.postgres_url, NAME, APPEND, PATIENCE) as db:
        await db.execute(f"SET statement_timeout = {LONG}")
        yield db
