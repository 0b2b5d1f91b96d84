"""Storage: a tenant's quota and limits, and the end of objects that nobody holds."""

from application.commands import Commands
from application.ports import Answer, Call, Receipt
from application.work import Work, stream_of
from domain import storage
from domain.storage import USAGE


class Storage:
    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def set_quota(self, call: Call, quota: int) -> Receipt:
        return await self._change(call, USAGE, storage.SetQuota(quota))

    async def limit_images(self, call: Call, largest: int) -> Receipt:
        return await self._change(call, USAGE, storage.LimitImages(largest))

    async def erased(self, call: Call, sha256: str) -> Receipt:
        """The files of a dropped object are gone."""
        return await self._change(call, sha256, storage.Erase())

    async def _change(self, call: Call, id: str, command: storage.COMMANDS) -> Receipt:
        async def attempt(work: Work) -> Answer:
            await work.decide(storage, id, command)
            return work.receipt(storage, id)

        queue = stream_of(call.tenant, storage, id)
        return await self._commands.run(call, Receipt, attempt, [queue])
