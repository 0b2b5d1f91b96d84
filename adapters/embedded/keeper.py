"""Whatever dies is started again, servers and roles alike; and what says that it cannot go on."""

import asyncio
import time
from collections.abc import Callable, Iterable

from adapters.embedded.child import Child

LOOK = 0.2  # seconds between two looks at a child
ASK = 1.0  # seconds between two questions to one that can tell how it is
SICK = 4  # questions in a row that it answered badly
FIRST, LONGEST = 0.2, 10.0  # seconds before it is started again: at first, and at the most


async def keep_all(children: Iterable[Child], tell: Callable[[str], None]) -> None:
    """Until cancelled. ``tell`` hears what died, and of restarts that fail."""
    async with asyncio.TaskGroup() as group:
        for child in children:
            group.create_task(keep(child, tell))


async def keep(child: Child, tell: Callable[[str], None]) -> None:
    """Start it again whenever it ends, later and later while it does not live long."""
    pause = FIRST
    while True:
        began = time.monotonic()
        why = await _over(child)
        if time.monotonic() - began > LONGEST:
            pause = FIRST
        tell(f"the {child.name} {why} and is started again")
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST)
        try:
            await child.restart()
        except OSError as error:  # a full disk: it will not stay full
            tell(f"the {child.name} cannot be started: {error}")


async def _over(child: Child) -> str:
    """Wait until it must be started again; why."""
    if child.well is None:
        await child.over(LOOK)
        return "died"
    dying = asyncio.create_task(child.over(LOOK))
    bad = 0
    try:
        while bad < SICK:
            done, _ = await asyncio.wait([dying], timeout=ASK)
            if done:
                return "died"
            bad = 0 if await child.well() else bad + 1
        return "is not well"
    finally:
        dying.cancel()
