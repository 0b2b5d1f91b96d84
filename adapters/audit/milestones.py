"""States of a stream at every so many versions, so that no version is far from one.

They are made by whoever folds past them, and all can be lost. One of other code, or that is no
state, is passed over.
"""

from typing import Any

import msgspec

from adapters.audit.seeing import rows, seeing
from adapters.log.snapshots import shape_of_domain
from adapters.postgres.pools import Connection, Pool
from domain.kernel import Decider, Value

EVERY = 100  # versions
_NEAREST = """SELECT version, position, state FROM audit.milestones
WHERE tenant = %s AND stream = %s AND shape = %s AND version <= %s ORDER BY version DESC LIMIT 1"""
_AROUND = """SELECT max(version) FILTER (WHERE position <= %s),
    min(version) FILTER (WHERE position > %s)
FROM audit.milestones WHERE tenant = %s AND stream = %s AND shape = %s"""
_KEEP = """INSERT INTO audit.milestones AS kept (tenant, stream, shape, version, position, state)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (tenant, stream, version) DO UPDATE
SET shape = excluded.shape, position = excluded.position, state = excluded.state
WHERE kept.shape <> excluded.shape OR kept.state <> excluded.state"""


class Folded(Value):
    """A state after a version, which lies at a position; both 0 before the first event."""

    version: int
    position: int
    state: Any


class Milestones:
    """``every``: how many versions lie between two."""

    def __init__(self, pool: Pool, every: int = EVERY) -> None:
        self._pool, self.every, self._shape = pool, every, shape_of_domain()

    async def nearest(self, db: Connection, stream: str, decider: Decider, version: int) -> Folded:
        """The last one at or before the version, or the empty state."""
        tenant = stream.partition("/")[0]
        found = await rows(db, _NEAREST, (tenant, stream, self._shape, version))
        for at, position, state in found:
            try:
                known = msgspec.json.decode(state, type=type(decider.EMPTY))
            except msgspec.MsgspecError:
                return await self.nearest(db, stream, decider, at - 1)
            return Folded(at, position, known)
        return Folded(0, 0, decider.EMPTY)

    async def around(self, db: Connection, stream: str, position: int) -> tuple[int, int | None]:
        """Versions between which the position lies, as far as is known."""
        tenant = stream.partition("/")[0]
        asked = (position, position, tenant, stream, self._shape)
        ((low, high),) = await rows(db, _AROUND, asked)
        return low or 0, high

    async def keep(self, stream: str, passed: list[Folded]) -> None:
        tenant = stream.partition("/")[0]
        async with seeing(self._pool, tenant) as db, db.cursor() as cursor:
            await cursor.executemany(
                _KEEP,
                [
                    (
                        tenant,
                        stream,
                        self._shape,
                        p.version,
                        p.position,
                        msgspec.json.encode(p.state),
                    )
                    for p in passed
                ],
            )
