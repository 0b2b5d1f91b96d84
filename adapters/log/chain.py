"""Each tenant's hash chain: nothing in the log can be altered, removed or slipped in unnoticed.

A link is SHA-256 over these bytes, integers big-endian and signed:

    hash before          32 bytes; all zero before the tenant's first event
    version              8
    position             8
    schema_version       4
    event_id             16
    occurred_at          8, microseconds since 1970-01-01T00:00:00Z
    recorded_at          8, likewise
    has a causation      1: 0 or 1
    causation            16, all zero when there is none
    correlation          16
    command_id           16
    then tenant, stream, tag, actor (UTF-8) and data, each as its length in 4 bytes and its bytes,
    and the origin likewise where there is one: rows without one are as they always were
"""

import hashlib
import struct
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from adapters.log.rows import COLUMNS, Row
from adapters.postgres.pools import Connection

GENESIS = bytes(32)
_FIXED = struct.Struct(">32sqqi16sqq?16s16s16s")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LENGTH = struct.Struct(">I").pack
_NO_ID = bytes(16)


def link(before: bytes, row: Row) -> bytes:
    """The row's hash, given the hash of the tenant's event before it."""
    recorded = _microseconds(row.recorded_at, row.recorded_at.fold)
    is_now = row.occurred_at is row.recorded_at  # as a rule; imports tell of the past
    correlation = row.correlation.bytes
    first = row.command_id is row.correlation  # likewise
    stream, data = row.stream.encode(), row.data
    parts = [
        _FIXED.pack(
            before,
            row.version,
            row.position,
            row.schema_version,
            row.event_id.bytes,
            recorded if is_now else _microseconds(row.occurred_at, row.occurred_at.fold),
            recorded,
            row.causation is not None,
            row.causation.bytes if row.causation else _NO_ID,
            correlation,
            correlation if first else row.command_id.bytes,
        ),
        *(_told(row.tenant), _LENGTH(len(stream)), stream),
        *(_told(row.tag), _told(row.actor), _LENGTH(len(data)), data),
    ]
    if row.origin is not None:
        parts += _LENGTH(len(row.origin)), row.origin
    return hashlib.sha256(b"".join(parts)).digest()


# Of a whole batch, or of most: working them out for each row took a third of its link.
@lru_cache(64)
def _microseconds(moment: datetime, fold: int) -> int:
    """``fold``: the moment's, for when clocks go back both hours are equal within their zone."""
    return (moment - _EPOCH) // _MICROSECOND


@lru_cache(4096)
def _told(text: str) -> bytes:
    """Tenants, tags and actors are at most 512 bytes each."""
    encoded = text.encode()
    return _LENGTH(len(encoded)) + encoded


class Verdict(NamedTuple):
    """What a check of one tenant's chain found. ``bad``: the first position that does not fit."""

    events: int
    bad: int | None

    @property
    def whole(self) -> bool:
        return self.bad is None


async def has(connection: Connection, tenant: str) -> bool:
    """Whether anything ever happened there."""
    found = await connection.execute("SELECT FROM log.chains WHERE tenant = %s", (tenant,))
    return await found.fetchone() is not None


async def verify(connection: Connection, tenant: str) -> Verdict:
    """Recompute the tenant's chain from its first event to the last link that is kept apart.

    ``bad`` is where the stored hash differs, or the position of the last link when events that
    it stands for are gone from the end.
    """
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = await connection.execute(
            "SELECT position, hash FROM log.chains WHERE tenant = %s", (tenant,)
        )
        last = await found.fetchone() or (0, GENESIS)
        return await _walk(connection, tenant, *last)


async def _walk(connection: Connection, tenant: str, last: int, end: bytes) -> Verdict:
    before, position, events = GENESIS, 0, 0
    while rows := await _after(connection, tenant, position):
        for row in rows:
            if link(before, row) != row.hash or row.position > last:
                return Verdict(events, row.position)
            before, position, events = row.hash, row.position, events + 1
    return Verdict(events, None if (position, before) == (last, end) else last)


async def _after(connection: Connection, tenant: str, position: int) -> list[Row]:
    cursor = await connection.execute(
        f"SELECT {COLUMNS} FROM log.events WHERE tenant = %s AND position > %s"
        " ORDER BY position LIMIT 1000",
        (tenant, position),
    )
    return [Row(*row) for row in await cursor.fetchall()]
