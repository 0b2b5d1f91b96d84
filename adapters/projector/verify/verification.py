"""The whole of it: the log read once, every projection folded from it, every table compared."""

from collections.abc import Mapping

from adapters.log.erased import erased
from adapters.log.tail import head, rows_after
from adapters.media.objects import Objects
from adapters.postgres.pools import Connection, unavailable
from adapters.projector.leader import connected
from adapters.projector.tables import shape_of
from adapters.projector.verify import keys
from adapters.projector.verify.compare import compare
from adapters.projector.verify.counters import Counted, Counters
from adapters.projector.verify.difference import Difference, Found, Progress, Verified
from adapters.projector.verify.erasures import Erasures
from adapters.projector.verify.links import Links
from adapters.projector.verify.places import held, places
from adapters.projector.verify.refold import Decoding, Refold
from adapters.projector.verify.states import States
from adapters.projector.verify.witnesses import Witnesses
from application.ports import Unavailable
from projections.kernel import Projection

BATCH = 1_000  # events
NAME = "souk-verify"
GONE = "was replaced twice meanwhile; verify again"


async def verify(
    postgres_url: str,
    valkey_url: str | None,
    projections: Mapping[str, Projection],
    progress: Progress,
    found: Found,
    objects: Objects | None = None,
    master: bytes | None = None,
) -> Verified:
    """Call ``found`` with every difference between the log and what was made of it.

    ``valkey_url`` None: the counters there are left alone; ``objects`` None: so are the roots in
    S3, as they are while it is away; ``master`` None: so are the keys of persons, which it must
    open. Raises Unavailable.
    """
    with unavailable():
        async with connected(postgres_url, NAME) as db, connected(postgres_url, NAME) as now:
            async with db.transaction():
                await db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                await db.execute("SET LOCAL statement_timeout = 0")
                verification = Verification(db, projections, found)
                position = await verification.fold(progress)
                tables, rows = await verification.compare()
                counters = await verification.count(valkey_url, now) if valkey_url else 0
                shelved = await verification.shelved(objects, now) if objects else None
                states = await States(db, found).compare()
                if master is not None:
                    await keys.verify(postgres_url, master, found)
                roots = verification.witnesses.number
                return Verified(position, tables, rows, counters, states, roots, shelved)


class Verification:
    """In one transaction on ``db``, whose snapshot is everything that it sees."""

    def __init__(self, db: Connection, projections: Mapping[str, Projection], found: Found) -> None:
        self._db, self._projections, self._found = db, projections, found
        self._refolds: list[Refold] = []
        self._places: dict[str, int] = {}
        self.witnesses = Witnesses(db, found)

    async def fold(self, progress: Progress) -> int:
        """Read the log to its end, check its chains, and fold it; the last position."""
        self._places = await places(self._db)
        self._refolds = [r for name in self._projections if (r := await self._refold(name))]
        for refold in self._refolds:
            await refold.make(self._db)
        whom = await erased(self._db)
        decoding, erasures = Decoding(self._refolds, whom), Erasures(whom, self._found)
        cursor = await self._db.execute("SELECT origin, target FROM log.jumps")
        jumps: dict[int, int] = dict(await cursor.fetchall())
        links = Links(self._found, jumps)
        skipped = sum(target - origin for origin, target in jumps.items())
        progress.start(await head(self._db) - skipped)
        while rows := await rows_after(self._db, links.position, BATCH):
            links.follow(rows)
            erasures.follow(rows)
            await self.witnesses.follow(rows)
            events = decoding.of(rows)
            for refold in self._refolds:
                await refold.fold(self._db, events, self._found)
            progress.advance(len(rows))
        await links.finish(self._db)
        await self.witnesses.finish()
        return links.position

    async def _refold(self, name: str) -> Refold | None:
        projection = self._projections[name]
        cursor = await self._db.execute(
            "SELECT version, shape, position FROM read.projections WHERE name = %s", (name,)
        )
        standing = await cursor.fetchone()
        if standing is None or standing[:2] != (projection.VERSION, shape_of(projection)):
            self._found(Difference(name, "", "", "its tables are not of this version; migrate"))
            return None
        cursor = await self._db.execute(
            "SELECT position FROM read.dead_letters WHERE projection = %s", (name,)
        )
        parked = frozenset(position for (position,) in await cursor.fetchall())
        if standing[2] > (end := await head(self._db)):
            beyond = f"its position {standing[2]} is beyond the log's end, {end}"
            self._found(Difference(name, "", "", f"{beyond}; rebuild it"))
        return Refold(name, projection, standing[2], parked)

    async def compare(self) -> tuple[int, int]:
        """How many tables, and rows in them, were compared."""
        tables = rows = 0
        for refold in self._refolds:
            await refold.finish(self._db)
            for scratch in refold.scratches:
                tables += 1
                name = scratch.table.name
                if table := await held(self._db, self._places.get(name)):
                    rows += await compare(self._db, scratch, table, refold.position, self._found)
                else:
                    self._found(Difference(f"read.{name}", "", "", GONE))
        return tables, rows

    async def count(self, valkey_url: str, now: Connection) -> int:
        """How many counters were compared; ``now`` sees the tables as they are by now."""
        counters = Counters(valkey_url, self._db, now, self._found)
        try:
            return sum([await counters.compare(counted) for counted in self._counted()])
        finally:
            await counters.close()

    async def shelved(self, objects: Objects, now: Connection) -> int | None:
        """How many roots S3 has as they are here; None while it is away."""
        try:
            return await self.witnesses.shelved(objects, now)
        except Unavailable:
            return None

    def _counted(self) -> list[Counted]:
        return [
            Counted(refold.name, scratch.table.name, scratch.name, refold.position)
            for refold in self._refolds
            for scratch in refold.scratches
            if scratch.table.counters
        ]
