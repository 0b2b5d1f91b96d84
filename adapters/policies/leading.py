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


@asynccontextmanager
async def leading(url: str) -> AsyncIterator[Connection]:
    """Waits for the lead, for ever; it is lost with the connection, whatever that dies of."""
    conninfo = conninfo_of(url, PROJECT, "souk-policies-leader", timeout=0)
    connection = await AsyncConnection.connect(conninfo, autocommit=True)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (LOCK,))
        await connection.execute(f"LISTEN {CHANNEL}")
        yield connection
    finally:
        with contextlib.suppress(Exception):
            await connection.close()


async def hear(connection: Connection, ears: list[asyncio.Event]) -> None:
    """Wake everyone at each notification, and at least every LOOK seconds; raises when the
    connection, and with it the lead, is gone."""
    while True:
        async for _ in connection.notifies(timeout=LOOK, stop_after=1):
            pass
        await connection.execute("SELECT 1")
        for ear in ears:
            ear.set()
