"""Audit: every reading of the history is itself recorded, before it is answered."""

from collections.abc import Mapping

import msgspec

from application.commands import Commands
from application.ports import Answer, Call, Receipt
from application.work import Work, stream_of
from domain import audit
from domain.kernel import Personal


class Audit:
    """Each reader's readings are in a stream of their own; its id is the reader's."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def record(
        self, call: Call, what: str, query: Mapping[str, object], purpose: str | None = None
    ) -> Receipt:
        """``query``: what was asked for, without what was left open; kept as JSON. Raises Rejected
        where it is too long, for what was cut off could have been read unseen."""
        asked = {name: value for name, value in query.items() if value is not None}
        text = msgspec.json.encode(asked).decode()
        why = Personal(call.actor, purpose) if purpose else None
        reading = audit.ReadHistory(what, Personal(call.actor, text), why)

        async def attempt(work: Work) -> Answer:
            await work.decide(audit, call.actor, reading)
            return work.receipt(audit, call.actor)

        queue = stream_of(call.tenant, audit, call.actor)
        return await self._commands.run(call, Receipt, attempt, [queue])
