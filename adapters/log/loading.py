"""Loading streams: whatever was asked for while the last reading ran is read at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog

from adapters.log.codec import Codec
from adapters.log.rows import FOREIGN
from adapters.log.snapshots import Shelf, Spoilt
from adapters.postgres import packed
from adapters.postgres.pools import Pool, borrow
from adapters.postgres.together import Together
from application.ports import Past
from domain.kernel import Personal

READINGS = 2  # at once
MOST = 250  # commands' reads in one reading
# One statement, so one view: a snapshot, then what came after it.
LOAD = """SELECT stream, version, position, NULL AS tag, 0 AS schema_version, state AS data
FROM log.snapshots WHERE tenant = %(tenant)s AND shape = %(shape)s AND stream = any(%(streams)s)
UNION ALL
SELECT later.stream, later.version, later.position, tag, schema_version, data
FROM unnest(%(streams)s::text[]) AS wanted (stream)
LEFT JOIN LATERAL (
    SELECT version FROM log.snapshots AS s
    WHERE s.tenant = %(tenant)s AND s.stream = wanted.stream AND s.shape = %(shape)s LIMIT 1
) AS kept ON true
CROSS JOIN LATERAL (
    SELECT stream, version, position, tag, schema_version, data FROM log.events AS e
    WHERE e.tenant = %(tenant)s AND e.stream = wanted.stream
        AND e.version > coalesce(kept.version, -1)
) AS later"""
Line = tuple[str, int, int, str | None, int, bytes]
log = structlog.get_logger(__name__)


class Loader:
    """Reads for many commands at once, one tenant at a time."""

    def __init__(self, pool: Pool, codec: Codec, shelf: Shelf) -> None:
        self._pool, self._codec, self._shelf = pool, codec, shelf
        self._together = Together(self._all, READINGS, MOST, pool.patience)

    async def load(
        self, tenant: str, streams: Sequence[str]
    ) -> tuple[dict[str, Past], list[Personal]]:
        """Each stream's past, and the personal data in it, sealed. Raises Undecodable."""
        lines = await self._together(tenant, streams)
        try:
            return self._pasts(streams, lines)
        except Spoilt as error:
            log.warning("read without snapshots", error=str(error))
            return self._pasts(streams, await self._lines(tenant, streams, shape=""))

    def _pasts(
        self, streams: Sequence[str], lines: Mapping[str, Sequence[Line]]
    ) -> tuple[dict[str, Past], list[Personal]]:
        sealed: list[Personal] = []
        return {s: self._past(lines.get(s, ()), sealed) for s in streams}, sealed

    async def _all(
        self, tenant: str, asked: Sequence[Sequence[str]]
    ) -> list[dict[str, list[Line]]]:
        """The same answer to all: each takes its own streams out of it."""
        every = {stream for streams in asked for stream in streams}
        found = await self._lines(tenant, every, self._shelf.shape)
        return [found] * len(asked)

    async def _lines(
        self, tenant: str, streams: Iterable[str], shape: str
    ) -> dict[str, list[Line]]:
        """``shape``: of the snapshots to begin with; none is of the empty one."""
        wanted = {"tenant": tenant, "shape": shape, "streams": packed.texts(streams)}
        found: defaultdict[str, list[Line]] = defaultdict(list)
        async with borrow(self._pool) as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(LOAD, wanted, prepare=True)
            for line in await cursor.fetchall():
                found[line[0]].append(line)
        for lines in found.values():
            lines.sort(key=_version)
        return found

    def _past(self, lines: Sequence[Line], sealed: list[Personal]) -> Past:
        if not lines:
            return Past(0, 0, ())
        *_, (_, version, position, *_) = lines
        size = sum(len(line[5]) for line in lines)
        stream, since, _, tag, _, state = lines[0]
        base = None
        if tag is None:
            base, lines = self._shelf.state(stream, state), lines[1:]
        events = [self._event(line, sealed) for line in lines]
        return Past(version, position, events, size, base, 0 if base is None else since)

    def _event(self, line: Line, sealed: list[Personal]) -> Any:
        _, _, position, tag, schema, data = line
        return (
            None
            if schema == FOREIGN
            else self._codec.decode(str(tag), data, position, sealed.append)
        )


def _version(line: Line) -> int:
    return line[1]
