"""The whole schema: what migrates and what is rebuilt."""

import asyncio
from collections.abc import Mapping

from psycopg import AsyncConnection

from adapters.postgres.migrate import migrate
from adapters.projector.tables import create_tables
from projections.kernel import Projection


async def establish(url: str, projections: Mapping[str, Projection]) -> tuple[list[str], list[str]]:
    """Bring a database up to date, as its owner; safe to run at any time.

    Answers the migrations that were applied and the projections that start over.
    """
    applied = await asyncio.to_thread(migrate, url)
    async with await AsyncConnection.connect(url, autocommit=True) as owner:
        return applied, await create_tables(owner, projections)
