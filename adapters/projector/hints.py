"""Hearing of new events at once. Only a hint: whoever waits looks every second anyway."""

import asyncio
import contextlib
from collections.abc import Callable

from adapters.log.notices import CHANNEL, UNKNOWN, Hint
from adapters.postgres.pools import Connection
from adapters.projector.leader import Bell, connected, persist

LOOK = 1.0  # seconds
Tell = Callable[[Hint], None]


def ringing(*bells: Bell) -> Tell:
    """For whom it is enough that there is something."""

    def ring(hint: Hint) -> None:
        for bell in bells:
            bell.ring(hint.position)

    return ring


async def listen(url: str, tell: Tell, stop: asyncio.Event) -> None:
    """Tell of every commit of the log, on a connection that is made again when it dies."""

    async def attempt() -> None:
        async with connected(url, "souk-hints") as db:
            await db.execute(f"LISTEN {CHANNEL}")
            tell(Hint(UNKNOWN))  # what was committed before LISTEN
            hearing = asyncio.create_task(_hear(db, tell))
            stopped = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait([hearing, stopped], return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopped.cancel()
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)  # before its connection ends
            with contextlib.suppress(asyncio.CancelledError):
                hearing.result()

    await persist("hints", stop, attempt)


async def _hear(db: Connection, tell: Tell) -> None:
    """Until it is cancelled, or the connection dies. Read straight from the socket: psycopg's
    generator of notifications takes longer than the hint saves."""
    loop = asyncio.get_running_loop()
    lost: asyncio.Future[None] = loop.create_future()
    db.add_notify_handler(lambda told: tell(Hint.of(told.payload)))  # of what comes meanwhile

    def readable() -> None:
        try:
            db.pgconn.consume_input()
            while told := db.pgconn.notifies():
                tell(Hint.of(told.extra.decode()))
        except Exception as error:
            loop.remove_reader(socket)
            lost.set_exception(error)

    socket = db.fileno()
    while True:
        loop.add_reader(socket, readable)
        try:
            await asyncio.wait([lost], timeout=LOOK)
        finally:
            loop.remove_reader(socket)
        if lost.done():
            lost.result()  # raises
        await db.execute("SELECT 1")
