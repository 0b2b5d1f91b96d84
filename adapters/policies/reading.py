"""The log as the policies of one process read it, each at its own pace."""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence

from adapters.log.rows import Row
from adapters.log.tail import rows_after
from adapters.postgres.pools import Connection

BATCH = 500  # events


class Reading:
    """What one policy has read the others need not; nor that there is nothing more, until they look
    ``again``: whoever found nothing waits for the ``look`` that follows."""

    def __init__(self) -> None:
        self.look = asyncio.Event()
        self._after, self._rows, self._during = -1, list[Row](), self.look
        self._alone = asyncio.Lock()

    async def after(self, db: Connection, position: int) -> Sequence[Row]:
        """At most BATCH of the events above ``position``, in order; none: there is no more."""
        async with self._alone:
            known = self._known(position)
            if known or (position == self._after and self._during is self.look):
                return known
            during = self.look  # what comes while it is read may not be in it
            self._rows = await rows_after(db, position, BATCH)
            self._after, self._during = position, during
            return self._rows

    def again(self) -> None:
        passed, self.look = self.look, asyncio.Event()
        passed.set()

    def _known(self, position: int) -> Sequence[Row]:
        """By position, for a log that was restored has a gap where it goes on."""
        if position < self._after:
            return []
        return self._rows[bisect_right(self._rows, position, key=lambda row: row.position) :]
