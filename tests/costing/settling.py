"""The policy's part in a Souk that runs no policies."""

from adapters.log.tail import head, read_after
from adapters.postgres.pools import borrow
from application.policies.costing import COSTING


async def settle(house, since=0):
    """Everything that the house's costing has to hear, in order."""
    async with borrow(house.souk.project) as db:
        for recorded in await read_after(db, since, 100_000):
            if recorded.tenant == house.tenant and type(recorded.event) in COSTING.on:
                reaction = COSTING.on[type(recorded.event)]
                await reaction(house.souk.commands, COSTING.call(recorded), recorded)
        house.at = await head(db)
