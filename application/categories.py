"""Categories: the tenant's one tree, whose stream is called as the tenant."""

from application.commands import Commands
from application.ports import Answer, Call, Missing, Receipt
from application.work import Work, stream_of
from domain import categories
from domain.categories import CreateCategory, Tree

UNKNOWN = "categories.unknown_category"


class Categories:
    """Answers with the category's id, and the version of the tree."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def create(self, call: Call, new: CreateCategory) -> Receipt:
        return await self._decide(call, new)

    async def change(self, call: Call, command: categories.COMMANDS) -> Receipt:
        """Any command on a category that there is."""
        return await self._decide(call, command)

    async def _decide(self, call: Call, command: categories.COMMANDS) -> Receipt:
        async def attempt(work: Work) -> Answer:
            tree: Tree = await work.load(categories, call.tenant)
            if not isinstance(command, CreateCategory) and not tree.get(command.category):
                raise Missing(UNKNOWN)
            await work.decide(categories, call.tenant, command)
            version = work.version(categories, call.tenant)
            return lambda recorded: Receipt(command.category, version, work.landed(recorded))

        queues = [stream_of(call.tenant, categories, call.tenant)]
        return await self._commands.run(call, Receipt, attempt, queues)
