"""How fast a client speaks: slower than the gateway hears, however the network bunches it."""

import asyncio

AT_ONCE = 100  # messages
RATE = 25  # messages a second, from then on


class Pace:
    """Of one connection."""

    def __init__(self) -> None:
        self._due = 0.0  # when what was said so far would have been said at the rate

    async def turn(self) -> None:
        """Wait for it, one at a time."""
        now = asyncio.get_running_loop().time()
        self._due = max(self._due, now) + 1 / RATE
        if (wait := self._due - now - AT_ONCE / RATE) > 0:
            await asyncio.sleep(wait)
