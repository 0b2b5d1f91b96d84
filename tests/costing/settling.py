"""The policy's part in a Souk that runs no policies, and projections that stand still."""

from contextlib import asynccontextmanager

from adapters.log.tail import head, read_after
from adapters.postgres.pools import borrow
from application.policies.costing import COSTING


async def settle(house, since=0):
    """Everything that the house's costing has to hear, in order."""
    for recorded in await logged(house, since):
        if type(recorded.event) in COSTING.on:
            reaction = COSTING.on[type(recorded.event)]
            await reaction(house.souk.commands, COSTING.call(recorded), recorded)
    house.at = await headed(house)


async def logged(house, since=0):
    """All that happened in the house."""
    async with borrow(house.souk.project) as db:
        found = await read_after(db, since, 100_000)
    return [recorded for recorded in found if recorded.tenant == house.tenant]


async def headed(house):
    """The last position of the log."""
    async with borrow(house.souk.project) as db:
        return await head(db)


@asynccontextmanager
async def standing(house, projection):
    """That projection folds nothing meanwhile."""
    async with borrow(house.souk.project) as db, db.transaction():
        held = "SELECT position FROM read.projections WHERE name = %s FOR UPDATE"
        await db.execute(held, (projection,))
        yield
