"""Where in a stream a point in history lies."""

from datetime import datetime

from adapters.audit.milestones import Milestones
from adapters.audit.moments import (
    Moment,
    Position,
    Time,
    Version,
    is_to_come,
    position_before,
)
from adapters.audit.seeing import rows, seeing
from adapters.postgres.pools import Connection, Pool
from domain.kernel import Value

_PLACE = """SELECT version, position, recorded_at, occurred_at FROM log.events
WHERE tenant = %s AND stream = %s AND"""


class Place(Value):
    """A version of a stream, and its event; version 0 is before the first one."""

    version: int
    position: int = 0
    recorded_at: datetime | None = None
    occurred_at: datetime | None = None


class Places:
    """``pool``: of souk_audit; ``log``: of a role that finds positions among all tenants'."""

    def __init__(self, pool: Pool, log: Pool, milestones: Milestones) -> None:
        self._pool, self._log, self._milestones = pool, log, milestones

    async def newest(self, stream: str) -> Place | None:
        """None: there is no such stream."""
        async with seeing(self._pool, stream.partition("/")[0]) as db:
            return await _one(db, stream, "true ORDER BY version DESC LIMIT 1")

    async def is_to_come(self, moment: Moment) -> bool:
        return await is_to_come(self._log, moment)

    async def of(self, stream: str, moment: Moment) -> Place | None:
        """Of the last event until then. None: the stream never had that version."""
        match moment:
            case Version(number=0):
                return Place(0)
            case Version(number=version):
                async with seeing(self._pool, stream.partition("/")[0]) as db:
                    return await _one(db, stream, "version = %s", version)
            case Position(number=position):
                return await self._at(stream, position)
            case Time(when=when):
                return await self._at(stream, await position_before(self._log, when, True))

    async def _at(self, stream: str, position: int) -> Place:
        async with seeing(self._pool, stream.partition("/")[0]) as db:
            low, high = await self._milestones.around(db, stream, position)
            found = await _one(
                db,
                stream,
                "position <= %s AND version >= %s AND version < %s ORDER BY version DESC LIMIT 1",
                position,
                low,
                high or 2**62,
            )
        return found or Place(0)


async def _one(db: Connection, stream: str, condition: str, *params: int) -> Place | None:
    tenant = stream.partition("/")[0]
    for row in await rows(db, f"{_PLACE} {condition}", (tenant, stream, *params)):
        return Place(*row)
    return None
