"""Engagement: a batch of views that was gathered elsewhere, counted once."""

from collections.abc import Mapping

from application.commands import Commands
from application.gathered import visible
from application.ports import Answer, Call, Receipt
from application.work import Work
from domain import engagement


class Engagement:
    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def countable(self, call: Call, reel: str) -> None:
        """Raises Missing for what is not shown."""
        await self._commands.look(call, lambda work: visible(work, reel))

    async def count(self, call: Call, counts: Mapping[str, int]) -> Receipt:
        """By reel. ``call`` has a key that stands for this batch: again, it counts nothing."""

        async def attempt(work: Work) -> Answer:
            await work.gather((engagement, reel) for reel in counts)
            for reel, count in counts.items():
                await work.decide(engagement, reel, engagement.CountViews(count))
            return work.receipt(engagement, next(iter(counts)))

        return await self._commands.run(call, Receipt, attempt)
