"""One leader by advisory lock, on the connection that also hears of new events."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection

from adapters.log.tail import CHANNEL
from adapters.postgres.pools import PROJECT, Connection, conninfo_of

LOCK = "souk.policies"
LOOK = 1.0  # seconds between looks at the log when no notification comes: polling is the truth


class Lead:
    """Who holds it may work. Loops ask ``held``: on Python 3.11 a cancellation can get lost."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._ears = connection, list[asyncio.Event]()
        self.held = True

    def ear(self) -> asyncio.Event:
        """Set at each notification, at least every LOOK seconds, and when the lead is lost."""
        self._ears.append(asyncio.Event())
        return self._ears[-1]

    def lose(self) -> None:
        self.held = False
        self._wake()

    async def hear(self) -> None:
        """Raises when the connection, and with it the lead, is gone."""
        try:
            while self.held:
                async for _ in self._connection.notifies(timeout=LOOK, stop_after=1):
                    pass
                await self._connection.execute("SELECT 1")
                self._wake()
        finally:
            self.lose()

    def _wake(self) -> None:
        for ear in self._ears:
            ear.set()


@asynccontextmanager
async def leading(url: str) -> AsyncIterator[Lead]:
    """Waits for the lead, for ever; it is lost with the connection, whatever that dies of."""
    conninfo = conninfo_of(url, PROJECT, "souk-policies-leader", timeout=0)
    connection = await AsyncConnection.connect(conninfo, autocommit=True)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (LOCK,))
        await connection.execute(f"LISTEN {CHANNEL}")
        yield Lead(connection)
    finally:
        with contextlib.suppress(Exception):
            await connection.close()
