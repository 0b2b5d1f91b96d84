"""The next chunk, decided while this one is being written."""

import asyncio
from types import TracebackType

from application.bulks.deciding import Deciding
from application.commands import Commands
from application.ports import Call
from application.work import Work


class Ahead:
    """What it finds is only a guess; whatever goes wrong here goes wrong again where it counts."""

    def __init__(self, commands: Commands, call: Call, deciding: Deciding) -> None:
        self._commands, self._call, self._deciding = commands, call, deciding
        self._task: asyncio.Task[None] | None = None

    def begin(self, first: int, end: int) -> None:
        """Once."""

        async def attempt(work: Work) -> None:
            await self._deciding.foresee(work, first, end)

        if self._task is None:
            foreseeing = self._commands.foresee(self._call, attempt)
            self._task = asyncio.create_task(foreseeing)

    async def __aenter__(self) -> "Ahead":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task is None:
            return
        if error is not None:
            self._task.cancel()
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.exception()  # nobody asks
