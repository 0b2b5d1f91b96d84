"""Whose data it is to be: to a name that is mistyped every answer would be zero."""

from adapters.log.chain import has
from adapters.projector.leader import connected
from entrypoints.cli.failures import Nothing


async def expect(url: str, tenant: str) -> None:
    """Raises Nothing for a tenant without a history."""
    async with connected(url, "souk-expect") as db:
        if not await has(db, tenant):
            raise Nothing(tenant)
