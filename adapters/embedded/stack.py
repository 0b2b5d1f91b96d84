"""The servers that Souk stands on, those of them that are not given."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from adapters.embedded import wal
from adapters.embedded.child import Child
from adapters.embedded.home import Home, bound
from adapters.embedded.keeper import keep_all
from adapters.embedded.nats import Nats
from adapters.embedded.orphans import end_orphans
from adapters.embedded.postgres import Postgres
from adapters.embedded.seaweed import Seaweed
from adapters.embedded.server import Server
from adapters.embedded.urls import Urls
from adapters.embedded.valkey import Valkey

LOOK = 1.0  # seconds between two looks at the logs
KINDS: dict[str, type[Postgres] | type[Valkey] | type[Nats] | type[Seaweed]] = {
    "postgres": Postgres,
    "valkey": Valkey,
    "nats": Nats,
    "s3": Seaweed,
}


class Stack:
    """``async with Stack(directory) as urls``: the servers run until the block is left.

    ``given``: servers of your own. Raises Held when another souk runs on the directory, Died when
    a server does not start. The S3 server may answer later than the others: it starts slowly and
    nothing but uploads waits for it. A server that dies is started again, where it was, and
    ``tell`` hears of it.
    """

    def __init__(
        self,
        directory: Path,
        given: Urls | None = None,
        s3: bool = True,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._tell = tell
        self.home, self._given = Home(directory), given or Urls()
        wanted = [name for name in KINDS if getattr(self._given, name) is None]
        self._wanted = [name for name in wanted if s3 or name != "s3"]
        self._servers: dict[str, Server] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Urls:
        self.home.hold()
        try:
            await asyncio.to_thread(end_orphans, self.home)
            return await self._start()
        except BaseException:
            await self._stop()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._stop()

    async def _start(self) -> Urls:
        self._servers = {name: KINDS[name](self.home) for name in self._wanted}
        try:
            async with asyncio.TaskGroup() as group:
                for server in self._servers.values():
                    group.create_task(server.start())
        except BaseExceptionGroup as failures:  # one reason is enough
            raise failures.exceptions[0] from None
        self._tasks.append(asyncio.create_task(keep_all(self.children, self._tell)))
        self._tasks.append(asyncio.create_task(self._bound_logs()))
        return replace(self._given, **{name: one.url for name, one in self._servers.items()})

    @property
    def children(self) -> list[Child]:
        own = [one.child for one in self._servers.values() if hasattr(one, "child")]
        kept = [one.receiver for one in self._servers.values() if isinstance(one, Postgres)]
        return [*own, *filter(None, kept)]

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            with suppress(OSError):  # a full disk
                for log in self.home.folder("logs").glob("*.log"):
                    bound(log)
                wal.bound(self.home.folder(wal.FOLDER))

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.gather(*(child.stop() for child in self.children))
        self.home.free()
