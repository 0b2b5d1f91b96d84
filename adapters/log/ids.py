"""Event ids: UUIDv7 (RFC 9562), which sort by the time they were made."""

import time
from random import Random
from uuid import UUID


class Ids:
    """Makes ids that only ever grow, also within a millisecond and when the clock steps back."""

    def __init__(self) -> None:
        self._last, self._random = 0, Random()  # noqa: S311  unique, not secret

    def new(self) -> UUID:
        """48 bits of milliseconds, 12 of the millisecond's fraction, 62 of randomness."""
        now = (time.time_ns() << 12) // 1_000_000
        self._last = last = max(self._last + 1, now)
        random = self._random.getrandbits(62)
        return UUID(int=last >> 12 << 80 | 7 << 76 | (last & 0xFFF) << 64 | 2 << 62 | random)
