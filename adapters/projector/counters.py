"""Counters as the API reads them: from Valkey in one round trip, else from their table."""

import time
from collections.abc import Mapping, Sequence
from types import TracebackType

import structlog
from redis.exceptions import RedisError

from adapters.projector.reader import PostgresReader
from adapters.projector.valkey import FIELDS, client, epoch_key, owner, row_key
from projections.kernel import Found, Projection

TIMEOUT = 0.1  # seconds
REST = 1.0  # seconds that Valkey is left alone after a failure
logger = structlog.get_logger(__name__)


class Counters:
    """Rows of tables with ``counters``, by id; an async context manager."""

    def __init__(
        self,
        valkey_url: str | None,
        reader: PostgresReader,
        projections: Mapping[str, Projection],
        timeout: float = TIMEOUT,
    ) -> None:
        self._valkey = client(valkey_url, timeout) if valkey_url else None
        self._reader, self._away_until = reader, 0.0
        self._epochs = {
            table.name: epoch_key(name)
            for name, projection in projections.items()
            for table in projection.TABLES
            if table.counters
        }

    async def __aenter__(self) -> "Counters":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._valkey:
            await self._valkey.aclose()

    async def get(
        self, tenant: str, table: str, ids: Sequence[str], after: int = 0
    ) -> dict[str, Found]:
        """The rows there are, at ``after`` or later if their projection is (Positions.wait).

        Unavailable when neither Valkey nor Postgres answers.
        """
        known = await self.known(tenant, table, ids, after) if ids else {}
        if missing := [id for id in ids if id not in known]:
            known |= await self._from_table(tenant, table, missing)
        return {id: found for id, found in known.items() if found is not None}

    async def known(
        self, tenant: str, table: str, ids: Sequence[str], after: int
    ) -> dict[str, Found | None]:
        """What Valkey alone knows, if it is as far as ``after``; None: that the row is gone."""
        if self._valkey is None or time.monotonic() < self._away_until:
            return {}
        try:
            async with self._valkey.pipeline(transaction=False) as pipe:
                pipe.hmget(self._epochs[table], "id", "position")
                for id in ids:
                    pipe.hmget(row_key(tenant, table, id), FIELDS)
                (epoch, position), *rows = await pipe.execute()
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = time.monotonic() + REST
            logger.warning("valkey is away", error=f"{type(error).__name__}: {error}")
            return {}
        if epoch is None or int(position) < after:
            return {}
        return {
            id: Found(id, int(row[1]), row[3]) if row[3] else None
            for id, row in zip(ids, rows, strict=True)
            if row[0] == epoch and row[2] == owner(tenant, table, id).encode()
        }

    async def _from_table(
        self, tenant: str, table: str, ids: Sequence[str]
    ) -> dict[str, Found | None]:
        rows = await self._reader(tenant).rows(
            f"SELECT {Found.SQL} FROM read.{table} WHERE tenant = %s AND id = ANY(%s)",
            (tenant, list(ids)),
        )
        return {row[0]: Found(*row) for row in rows}
