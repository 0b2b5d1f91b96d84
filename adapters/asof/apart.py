"""Long work in a thread with an event loop of its own, so that whoever is served here meanwhile is
not held up by it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


async def apart(work: Callable[[], Awaitable[T]]) -> T:
    """What ``work()`` comes to. It is cancelled, and its end awaited, when who waits for it is."""
    begun: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = []

    async def whole() -> T:
        return await work()

    def run() -> T:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            loop = runner.get_loop()
            begun.append((loop, loop.create_task(whole())))
            return loop.run_until_complete(begun[0][1])

    running: asyncio.Future[Any] = asyncio.get_running_loop().run_in_executor(None, run)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        for loop, task in begun:
            with suppress(RuntimeError):  # it has just ended
                loop.call_soon_threadsafe(task.cancel)
        if not begun:
            running.cancel()  # if it has not begun at all
        with suppress(Exception, asyncio.CancelledError):
            await running
        raise
