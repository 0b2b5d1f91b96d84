"""What was handed on: the last of it in memory, the last day's in Postgres."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from adapters.live.change import Change, Where
from adapters.live.memory import Memory
from adapters.live.past import Past, Question
from adapters.postgres.pools import Pool
from adapters.postgres.together import Together
from application.ports import Unavailable

CHANGES, BYTES = 100_000, 64 * 1024 * 1024  # in memory
MOST = 10_000  # changes in an answer; who missed more reads the documents
AT_ONCE, QUESTIONS = 2, 1000  # reads of Postgres under way, and questions in one
BEGINNING = 10.0  # seconds that a question waits, just after the start, for what there is to know


class History:
    """Told of each group before anyone else is, so that an answer holds all that was handed on
    when it was given."""

    def __init__(
        self,
        pool: Pool,
        head: Callable[[], Awaitable[int]],
        *,
        changes: int = CHANGES,
        size: int = BYTES,
    ) -> None:
        """``pool``: of souk_read. ``head``: the last position of the log. ``changes`` and ``size``
        (bytes) bound the memory."""
        self._memory = Memory(changes, size)
        self._seqs: dict[str, int] = {}
        self._known = 0  # a position that the log has come to
        self._begun: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._past = Together(Past(pool, MOST), AT_ONCE, QUESTIONS, pool.patience)

        async def heads(_: str, asked: Sequence[None]) -> list[int]:
            return [await head()] * len(asked)

        self._heads = Together(heads, 1, QUESTIONS, pool.patience)

    def begin(self, projection: str, floor: int, seq: int) -> None:
        """All changes of the projection above the position ``floor`` will be kept; they are above
        ``seq``."""
        self._memory.begin(projection, floor)
        self._seqs[projection] = seq
        self._begun[projection].set()

    def keep(self, group: Sequence[Change]) -> None:
        """Changes in their order."""
        for change in group:
            self._memory.add(change)
        self._seqs[group[-1].projection] = group[-1].seq
        self._known = max(self._known, group[-1].position)

    async def since(self, tenant: str, where: Where, after: int) -> list[Change] | None:
        """The changes above the position ``after``, in their order, as far as was kept.

        None when they cannot be told: they are older than a day, or too many, or a late one at
        that very position may or may not be known, or the log has not come to it, as when it was
        restored: nothing would be told until it has. Unavailable when Postgres is needed and away,
        and when nothing has begun: whoever comes back to a gateway that has just been started, as
        all its readers do, need not begin anew.
        """
        if where.projection not in self._seqs:
            await self._beginning(where.projection)
        if not await self._comes_to(after):
            return None
        found = self._memory.find(tenant, where, after, MOST)
        if found is not None or self._memory.reaches(where.projection, after):
            return found
        return await self._past(tenant, Question(where, after, self._seqs[where.projection]))

    async def _comes_to(self, position: int) -> bool:
        """Whether the log does. Asked only for one above all that is known, but such are usual: a
        snapshot is at where its projection is, above its last change."""
        if position > self._known:
            self._known = max(self._known, await self._heads("", None))
        return position <= self._known

    async def _beginning(self, projection: str) -> None:
        try:
            async with asyncio.timeout(BEGINNING):
                await self._begun[projection].wait()
        except TimeoutError:
            raise Unavailable("changes") from None
