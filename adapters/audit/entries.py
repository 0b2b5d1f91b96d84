"""Rows of the log as auditors read them: opened, with their origin and what they changed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from adapters.audit.folding import Folding, Unfoldable
from adapters.audit.opening import From, Opener
from adapters.audit.seeing import rows, seeing
from adapters.log.keyring import Keyring
from adapters.log.rows import COLUMNS, Row
from adapters.postgres.pools import Connection, Pool
from application.differences import Change, diff

NEAR, FARTHEST = 64, 16_384  # rows looked at for a command's first event: at first, and at most
_BEFORE = f"""SELECT {COLUMNS} FROM log.events WHERE tenant = %s AND position < %s
ORDER BY position DESC LIMIT %s"""


class Entry(Struct, frozen=True):
    """One event: what, who, from where, when, why, and what it changed.

    ``origin``: of its command, where that is known. ``causation``: the event id of its cause.
    ``data``: as JSON, personal data in the clear. ``changes``: of its stream's state; None when
    they were not asked for, or cannot be told.
    """

    position: int
    recorded_at: datetime
    occurred_at: datetime
    tenant: str
    context: str
    id: str
    version: int
    tag: str
    actor: str
    origin: From | None
    correlation: UUID
    causation: UUID | None
    command_id: UUID
    event_id: UUID
    data: Any
    changes: list[Change] | None


class Entries:
    """``pool``: of souk_audit."""

    def __init__(self, pool: Pool, keyring: Keyring, folding: Folding) -> None:
        self._pool, self._keyring, self._folding = pool, keyring, folding

    async def of(self, tenant: str, found: Sequence[Row], changes: bool = True) -> list[Entry]:
        """In their order."""
        firsts = await self._firsts(tenant, found)
        opener = await Opener.of(self._keyring, tenant, [*found, *firsts.values()])
        changed = await self._changes(found) if changes else {}
        return [
            _entry(row, opener, firsts.get(row.command_id), changed.get(row.position))
            for row in found
        ]

    async def _firsts(self, tenant: str, found: Sequence[Row]) -> dict[UUID, Row]:
        """The first event of each command, which has the origin of them all. A command's events
        lie one after another."""
        firsts = {row.command_id: row for row in found if row.origin is not None}
        async with seeing(self._pool, tenant) as db:
            for row in sorted(found, key=lambda row: row.position):
                if row.command_id not in firsts:
                    firsts[row.command_id] = await _first(db, row)
        return firsts

    async def _changes(self, found: Iterable[Row]) -> dict[int, list[Change]]:
        streams: defaultdict[str, list[Row]] = defaultdict(list)
        for row in found:
            streams[row.stream].append(row)
        changed: dict[int, list[Change]] = {}
        for stream, mine in streams.items():
            versions = {v for row in mine for v in (row.version - 1, row.version)}
            try:
                states = await self._folding.states(stream, versions)
            except Unfoldable:
                continue
            for row in mine:
                changed[row.position] = diff(states[row.version - 1], states[row.version])
        return changed


async def _first(db: Connection, row: Row) -> Row:
    first, look = row, NEAR
    while look <= FARTHEST:
        before = [Row(*r) for r in await rows(db, _BEFORE, (row.tenant, first.position, look))]
        for other in before:
            if other.command_id != row.command_id:
                return first
            first = other
        if len(before) < look:
            return first
        look *= 4
    return first


def _entry(row: Row, opener: Opener, first: Row | None, changes: list[Change] | None) -> Entry:
    _, context, id = row.stream.split("/", 2)
    return Entry(
        row.position,
        row.recorded_at,
        row.occurred_at,
        row.tenant,
        context,
        id,
        row.version,
        row.tag,
        row.actor,
        opener.origin(first) if first else None,
        row.correlation,
        row.causation,
        row.command_id,
        row.event_id,
        opener.data(row),
        changes,
    )
