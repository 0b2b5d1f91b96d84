"""States that are kept of long streams: each must be what the stream's events come to.

Commands decide on them, and auditors are answered by them, without a look at what they stand for.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from adapters.log.rows import FOREIGN
from adapters.log.snapshots import shape_of_domain
from adapters.log.tail import house_codec
from adapters.postgres.pools import APPEND, AUDIT, PROJECT, Connection
from adapters.projector.verify.difference import CHANGED, Difference, Found, differing
from domain import AGGREGATES
from domain.kernel import Decider

KEPT = {"log.snapshots": APPEND, "audit.milestones": AUDIT}  # and who may read them
BATCH = 1_000  # events of one stream
_EVENTS = """SELECT version, position, tag, schema_version, data FROM log.events
WHERE tenant = %s AND stream = %s AND version > %s ORDER BY version LIMIT %s"""
Kept = tuple[int, int, bytes]  # version, position, the state as it is kept
Decoded = tuple[int, int, Any]  # version, position, the event


class States:
    """Those of the present code: what is of another, nobody reads."""

    def __init__(self, db: Connection, found: Found) -> None:
        self._db, self._found = db, found
        self._shape, self._codec = shape_of_domain(), house_codec()

    async def compare(self) -> int:
        """How many were compared."""
        number = 0
        await self._as(APPEND, "")
        tenants = await self._rows("SELECT tenant FROM log.chains ORDER BY tenant")
        for table, role in KEPT.items():
            for (tenant,) in tenants:
                await self._as(role, tenant)
                streams = await self._rows(
                    f"SELECT DISTINCT stream FROM {table} WHERE tenant = %s AND shape = %s"
                    " ORDER BY stream",
                    tenant,
                    self._shape,
                )
                for (stream,) in streams:
                    number += await self._compare(table, tenant, stream)
        await self._as(PROJECT, "")
        return number

    async def _as(self, role: str, tenant: str) -> None:
        await self._db.execute(f"SET LOCAL ROLE {role}")
        await self._db.execute("SELECT set_config('souk.tenant', %s, true)", (tenant,))

    async def _rows(self, sql: str, *params: Any) -> list[Any]:
        cursor = self._db.cursor(binary=True)
        await cursor.execute(sql, params)
        return await cursor.fetchall()

    async def _compare(self, table: str, tenant: str, stream: str) -> int:
        context, id = stream.split("/", 2)[1:]
        decider = AGGREGATES.get(context)
        if decider is None:
            return 0
        kept: list[Kept] = await self._rows(
            f"SELECT version, position, state FROM {table}"
            " WHERE (tenant, stream, shape) = (%s, %s, %s) ORDER BY version",
            tenant,
            stream,
            self._shape,
        )
        folding = _Folding(decider)
        for version, position, state in kept:
            try:
                while events := await self._between(stream, folding.version, version):
                    folding.take(events)
            except Exception as error:  # whatever a fold makes of an event that is none of its
                what = f"cannot be folded: {type(error).__name__}: {error}"
                self._found(Difference(table, tenant, f"{context}/{id}", what))
                break
            if told := folding.differs(version, position, state):
                place = f"{context}/{id} at version {version}"
                self._found(Difference(table, tenant, place, *told))
        return len(kept)

    async def _between(self, stream: str, after: int, upto: int) -> list[Decoded]:
        tenant, many = stream.partition("/")[0], min(upto - after, BATCH)
        rows = await self._rows(_EVENTS, tenant, stream, after, many) if many > 0 else []
        return [
            (
                version,
                position,
                None if schema == FOREIGN else self._codec.decode(tag, data, position),
            )
            for version, position, tag, schema, data in rows
        ]


class _Folding:
    """A stream as far as it is folded."""

    def __init__(self, decider: Decider) -> None:
        self._decider, self._state = decider, decider.EMPTY
        self.version = self.position = 0

    def take(self, events: Sequence[Decoded]) -> None:
        for self.version, self.position, event in events:
            self._state = self._decider.evolve(self._state, event)

    def differs(
        self, version: int, position: int, kept: bytes
    ) -> tuple[str, tuple[str, ...]] | None:
        """What is wrong with a state that is kept of this version."""
        if self.version != version:
            return "is of more than its stream has", ()
        if self.position != position:
            return "is not of that position", ()
        folded = msgspec.json.encode(self._state)
        kind = type(self._decider.EMPTY)
        try:
            known = msgspec.json.decode(kept, type=kind)
        except msgspec.MsgspecError:
            return "is no state", ()
        # Read back, too: what is a set here is in no order there.
        if known == msgspec.json.decode(folded, type=kind):
            return None
        return CHANGED, differing(folded, kept)
