"""Erasures: that somebody is to be erased is said in the log first."""

from application.commands import Commands
from application.ports import Answer, Call, Receipt
from application.work import Work
from domain import erasures


class Erasures:
    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def erase(self, call: Call, subject: str, reason: str) -> Receipt:
        """Only the fact; what it means is done by who calls this. Who is erased already is no
        news, and may be asked for again to finish what a crash left."""

        async def attempt(work: Work) -> Answer:
            await work.decide(erasures, subject, erasures.EraseSubject(subject, reason))
            return work.receipt(erasures, subject)

        return await self._commands.run(call, Receipt, attempt)
