"""How long a client waits before it comes again."""

import asyncio
import random


class Backoff:
    """At random, from the least on, with a bound that doubles with each try in vain. Thousands
    are cut off at once when a gateway goes: none may know when the others come."""

    def __init__(self) -> None:
        self._least, self._most = 0.5, 10.0
        self._bound = self._least
        self._asked: float | None = None

    def advised(self, least: float, most: float) -> None:
        """By a gateway that has let one in; whether in vain shows later."""
        self._least, self._most = least, most

    def progressed(self) -> None:
        """The try was not in vain."""
        self._bound = self._least

    def asked_for(self, seconds: float | str | None) -> None:
        """By one that goes, or is full: how long to stay away this time."""
        try:
            self._asked = None if seconds is None else float(seconds)
        except ValueError:
            self._asked = None

    async def wait(self) -> None:
        self._bound = min(self._most, self._bound * 2)
        asked, self._asked = self._asked, None
        wanted = random.uniform(self._least, self._bound)  # noqa: S311
        await asyncio.sleep(wanted if asked is None else asked)
