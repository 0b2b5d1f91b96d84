"""From rows to Valkey: the counters of every projection, absolute, each with its position.

What Valkey holds belongs to an epoch, which a row names and one key per projection describes. When
that key is gone, or tells of another server run or of other tables, Valkey has lost data: a new
epoch is filled from Postgres, and what is left of the old one is never read again.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

import structlog
from redis.exceptions import RedisError

from adapters.postgres import packed
from adapters.postgres.pools import Connection
from adapters.projector import changes
from adapters.projector.leader import Bell, Patience
from adapters.projector.valkey import MARK, PUT, client, epoch_key, owner, row_key
from projections.kernel import Projection

AT_ONCE = 1000  # rows or changes
LOOK = 0.5  # seconds
TOLD = 60.0  # seconds, after which Valkey is told again of what has not changed
OUT_OF_REACH = 12 * 3600  # seconds, after which the changes that were missed may be purged
logger = structlog.get_logger(__name__)


class Place(NamedTuple):
    """Where a projection stands. ``tables``: which ones they are, and who wrote them last."""

    position: int
    silent_until: int
    seq: int
    tables: str


class Feed:
    """Keeps Valkey's counters in step with the read tables."""

    NAME = "souk-counters"

    def __init__(self, valkey_url: str, projections: Mapping[str, Projection]) -> None:
        self._valkey = client(valkey_url, timeout=5.0)
        tables = {
            name: [table.name for table in projection.TABLES if table.counters]
            for name, projection in projections.items()
        }
        self._tables = {name: counted for name, counted in tables.items() if counted}
        self._names = packed.texts(self._tables)
        self._seen = dict.fromkeys(self._tables, -1)  # each one's last change that was followed
        self._looked = -LOOK

    async def run(self, db: Connection, bell: Bell, stop: asyncio.Event) -> None:
        """While this process leads. Valkey may come and go; only Postgres ends the lead."""
        patience = Patience(stop)
        while not stop.is_set():
            try:
                moved = [await self.step(db, *each) for each in await self._moved(db)]
                patience.works()
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("valkey is away", error=f"{type(error).__name__}: {error}")
                await patience.pause()
                continue
            if not any(moved):
                await bell.wait(LOOK)

    async def close(self) -> None:
        await self._valkey.aclose()

    async def _moved(self, db: Connection) -> list[tuple[str, Place]]:
        """Those with news; now and then all of them, since Valkey may have lost what it had."""
        places, now = await self._places(db), time.monotonic()
        if now - self._looked >= LOOK:
            self._looked = now
            return list(places.items())
        return [(name, place) for name, place in places.items() if place.seq > self._seen[name]]

    async def step(self, db: Connection, projection: str, place: Place) -> bool:
        """Follow one projection's changes; whether more may be waiting."""
        epoch, run = await self._epoch(projection)
        if not _holds(epoch, run, place):
            return await self._rebuild(db, projection, run, place)
        if _is_told(epoch, place):
            self._seen[projection] = place.seq
            return False
        news = await changes.after(db, projection, int(epoch["seq"]), AT_ONCE)
        rows = [
            (change.tenant, change.source, change.id, change.position, change.document or b"")
            for change in news
            if change.source in self._tables[projection]
        ]
        if news:
            await changes.hold(db, projection)
        await self._put(epoch["id"], rows)
        full = len(news) == AT_ONCE
        reached = min(place.position, news[-1].position - 1) if full else place.position
        seq = news[-1].seq if news else int(epoch["seq"])
        await self._mark(projection, seq=seq, position=reached)
        self._seen[projection] = seq
        return full

    async def _epoch(self, projection: str) -> tuple[dict[str, str], str]:
        """The epoch's description, and the server run that it must be of."""
        async with self._valkey.pipeline(transaction=False) as pipe:
            pipe.hgetall(epoch_key(projection))
            pipe.info("server")
            epoch, server = await pipe.execute()
        return {k.decode(): v.decode() for k, v in epoch.items()}, str(server["run_id"])

    async def _rebuild(self, db: Connection, projection: str, run: str, place: Place) -> bool:
        """A new epoch from the tables, once they have caught up with what their predecessors
        had handled: that much is never told in changes."""
        id = uuid4().hex
        await self._begin(projection, id)
        if place.position < place.silent_until:
            return False
        await changes.hold(db, projection)
        for table in self._tables[projection]:
            await self._fill(db, id, table)
        known = {"id": id, "run": run, "tables": place.tables}
        if await self._end(projection, **known, seq=place.seq, position=place.position):
            logger.info("counters rebuilt", projection=projection)
        return True

    async def _begin(self, projection: str, id: str) -> None:
        """Nobody reads it until its end."""
        key = epoch_key(projection)
        async with self._valkey.pipeline(transaction=True) as pipe:
            pipe.delete(key)
            pipe.hset(key, "begun", id)
            await pipe.execute()

    async def _end(self, projection: str, **fields: Any) -> bool:
        """Describe the epoch; False when Valkey has lost its beginning, and so perhaps rows."""
        described = [part for pair in _seen(fields).items() for part in pair]
        key = epoch_key(projection)
        return bool(await self._valkey.eval(MARK, 1, key, fields["id"], *described))

    async def _places(self, db: Connection) -> dict[str, Place]:
        cursor = await db.execute(
            "SELECT name, position, silent_until, coalesce((SELECT max(seq) FROM read.changes c"
            " WHERE c.projection = p.name), 0), concat_ws('.', version, shape, generation)"
            " FROM read.projections p WHERE name = ANY(%s)",
            (self._names,),
        )
        found = {name: Place(*rest) for name, *rest in await cursor.fetchall()}
        return {name: found.get(name, Place(0, 1, 0, "")) for name in self._tables}

    async def _fill(self, db: Connection, epoch: str, table: str) -> None:
        last: tuple[str, str] = ("", "")
        while True:
            cursor = db.cursor(binary=True)
            await cursor.execute(
                f"SELECT tenant, id, position, body FROM read.{table}"
                " WHERE (tenant, id) > (%s, %s) ORDER BY tenant, id LIMIT %s",
                (*last, AT_ONCE),
            )
            rows = await cursor.fetchall()
            await self._put(
                epoch, [(t, table, id, position, body) for t, id, position, body in rows]
            )
            if len(rows) < AT_ONCE:
                return
            last = rows[-1][:2]

    async def _put(self, epoch: str, rows: Iterable[tuple[str, str, str, int, bytes]]) -> None:
        async with self._valkey.pipeline(transaction=False) as pipe:
            for tenant, table, id, position, document in rows:
                key, whose = row_key(tenant, table, id), owner(tenant, table, id)
                pipe.eval(PUT, 1, key, epoch, position, whose, document)
            await pipe.execute()

    async def _mark(self, projection: str, **fields: Any) -> None:
        await self._valkey.hset(epoch_key(projection), mapping=_seen(fields))


def _seen(fields: dict[str, Any]) -> dict[Any, Any]:
    return {**fields, "seen": time.time()}


def _is_told(epoch: dict[str, str], place: Place) -> bool:
    """Whether there is nothing to say that was not said just now."""
    known = (epoch["seq"], epoch["position"]) == (str(place.seq), str(place.position))
    return known and time.time() - float(epoch["seen"]) < TOLD


def _holds(epoch: dict[str, str], run: str, place: Place) -> bool:
    return (
        epoch.get("run") == run
        and epoch.get("tables") == place.tables
        and time.time() - float(epoch.get("seen", 0)) < OUT_OF_REACH
    )
