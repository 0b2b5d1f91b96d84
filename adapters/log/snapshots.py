"""Snapshots: the states of long streams, written when there is time and ignored when outdated."""

import asyncio
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import msgspec
import structlog

from adapters.postgres.pools import Pool, borrow
from application.ports import Snapshot
from domain.kernel import Decider

WAITING = 1_000  # streams whose snapshots may wait to be written
# A slower process may come with an older state; one of other code always gives way.
KEEP = """INSERT INTO log.snapshots AS kept (tenant, stream, shape, version, position, state)
SELECT tenant, stream, %s, version, position, state
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %b::bytea[])
    AS new (tenant, stream, version, position, state)
ON CONFLICT (tenant, stream) DO UPDATE SET shape = excluded.shape, version = excluded.version,
    position = excluded.position, state = excluded.state
WHERE kept.shape <> excluded.shape OR kept.version < excluded.version"""
log = structlog.get_logger(__name__)


class Spoilt(Exception):
    """A snapshot is no state of its aggregate. What the log has is not touched by that."""


class Shelf:
    """Snapshots of the aggregates that ``deciders`` names, by their contexts.

    ``shape`` stands for the code that folds: whatever changes in the domain outdates them all.
    """

    def __init__(self, deciders: Mapping[str, Decider]) -> None:
        self._decoders = {
            context: msgspec.json.Decoder(type(decider.EMPTY))
            for context, decider in deciders.items()
        }
        self.shape = shape_of_domain()
        self._waiting: dict[tuple[str, str], Snapshot] = {}
        self._writing: asyncio.Task[None] | None = None

    def state(self, stream: str, data: bytes) -> Any:
        """Raises Spoilt."""
        try:
            return self._decoders[stream.split("/", 2)[1]].decode(data)
        except msgspec.MsgspecError as error:
            raise Spoilt(f"the snapshot of {stream}: {error}") from error

    def offer(self, pool: Pool, snapshot: Snapshot) -> None:
        """Write it soon. When too many wait, it is dropped."""
        if len(self._waiting) < WAITING:
            self._waiting[snapshot.tenant, snapshot.stream] = snapshot
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write(pool), name="souk-snapshots")

    async def settle(self) -> None:
        """Until what waits is written."""
        if self._writing is not None:
            await self._writing

    async def _write(self, pool: Pool) -> None:
        while self._waiting:
            batch, self._waiting = list(self._waiting.values()), {}
            try:
                await self._kept(pool, batch)
            except Exception:
                log.exception("snapshots are not kept", streams=len(batch))

    async def _kept(self, pool: Pool, batch: list[Snapshot]) -> None:
        rows = [(s.tenant, s.stream, s.version, s.position, _json(s.state)) for s in batch]
        async with borrow(pool) as connection:
            await connection.execute(KEEP, [self.shape, *map(list, zip(*rows, strict=True))])


def _json(state: Any) -> bytes:
    return msgspec.json.encode(state)


def shape_of_domain() -> str:
    """A digest of the domain's source: no fold can change without it."""
    digest = hashlib.sha256()
    for path in sorted(_sources(files("domain")), key=str):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _sources(folder: Traversable) -> list[Traversable]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _sources(entry)
        elif entry.name.endswith(".py"):
            found.append(entry)
    return found
