"""Hearing of new events at once. Only a hint: whoever waits looks every second anyway."""

import asyncio
import contextlib
from collections.abc import Sequence

from adapters.log.tail import CHANNEL
from adapters.postgres.pools import Connection
from adapters.projector.leader import UNKNOWN, Bell, connected, persist

LOOK = 1.0  # seconds


async def listen(url: str, bells: Sequence[Bell], stop: asyncio.Event) -> None:
    """Ring at every commit of the log, on a connection that is made again when it dies."""

    async def attempt() -> None:
        async with connected(url, "souk-hints") as db:
            await db.execute(f"LISTEN {CHANNEL}")
            _ring(bells)  # what was committed before LISTEN
            hearing = asyncio.create_task(_hear(db, bells))
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


async def _hear(db: Connection, bells: Sequence[Bell]) -> None:
    """Until it is cancelled, or the connection dies. Read straight from the socket: psycopg's
    generator of notifications takes longer than the hint saves."""
    loop = asyncio.get_running_loop()
    lost: asyncio.Future[None] = loop.create_future()
    db.add_notify_handler(lambda told: _ring(bells, told.payload))  # of what comes meanwhile

    def readable() -> None:
        try:
            db.pgconn.consume_input()
            while told := db.pgconn.notifies():
                _ring(bells, told.extra.decode())
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


def _ring(bells: Sequence[Bell], payload: str = "") -> None:
    position = int(payload) if payload.isdecimal() else UNKNOWN
    for bell in bells:
        bell.ring(position)
