"""A connection as whoever owns the schema, for what an operator does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection

from adapters.postgres.pools import APPEND, Connection


@asynccontextmanager
async def owner(url: str) -> AsyncIterator[Connection]:
    """It acts as souk_append at first, and may take another of Souk's roles."""
    async with await AsyncConnection.connect(url, autocommit=True) as db:
        await db.execute(f"SET ROLE {APPEND}")
        await db.execute("SET timezone = 'UTC'")
        yield db
