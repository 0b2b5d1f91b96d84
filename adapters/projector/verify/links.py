"""The log itself while it is read: no position missing, no link of a tenant's chain broken."""

from collections.abc import Mapping, Sequence

from adapters.log.chain import GENESIS, link
from adapters.log.rows import Row
from adapters.postgres.pools import APPEND, PROJECT, Connection
from adapters.projector.verify.difference import Difference, Found

TABLE = "log.events"


class Links:
    """``follow`` every row in order, then ``finish``. Of each chain the first fault is told."""

    def __init__(self, found: Found, jumps: Mapping[int, int]) -> None:
        """``jumps``: where a restored log went on from, by where it had ended."""
        self._found, self._jumps, self.position = found, jumps, 0
        self._ends: dict[str, tuple[int, bytes]] = {}
        self._broken: set[str] = set()

    def follow(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if row.position != (wanted := self._end + 1):
                self._tell(row.tenant, str(wanted), "missing before the next position")
            self.position = row.position
            _, before = self._ends.get(row.tenant, (0, GENESIS))
            if row.tenant not in self._broken and link(before, row) != row.hash:
                self._tell(row.tenant, str(row.position), "does not fit the hash chain")
                self._broken.add(row.tenant)
            self._ends[row.tenant] = (row.position, row.hash)

    @property
    def _end(self) -> int:
        """Where the log stands after what was read."""
        position = self.position
        while position in self._jumps:
            position = self._jumps[position]
        return position

    async def finish(self, db: Connection) -> None:
        """Against the last links, which are kept apart, and the head, in the same snapshot."""
        await db.execute(f"SET LOCAL ROLE {APPEND}")
        cursor = await db.execute("SELECT tenant, position, hash FROM log.chains")
        last = {tenant: (position, hash) for tenant, position, hash in await cursor.fetchall()}
        head = await (await db.execute("SELECT position FROM log.head")).fetchone()
        await db.execute(f"SET LOCAL ROLE {PROJECT}")
        for tenant in sorted({*last, *self._ends} - self._broken):
            if last.get(tenant) != self._ends.get(tenant):
                self._tell(tenant, str(last.get(tenant, (0,))[0]), "is not where the chain ends")
        if head != (self._end,):
            self._tell("", str(head and head[0]), "is not where the log ends")

    def _tell(self, tenant: str, position: str, what: str) -> None:
        self._found(Difference(TABLE, tenant, position, what))
