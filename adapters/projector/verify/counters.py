"""The counters in Valkey beside the fold; what is in motion meanwhile, beside its table."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from itertools import islice
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.postgres.pools import Connection
from adapters.projector.valkey import FIELDS, client, epoch_key, owner, row_key
from adapters.projector.verify.difference import (
    CHANGED,
    EXTRA,
    MISSING,
    Difference,
    Found,
    differing,
)
from application.ports import Unavailable

AT_ONCE = 500  # rows
SETTLING = 10.0  # seconds that a row in motion has to come to rest
PAUSE = 0.05  # seconds between looks
Place = tuple[str, str]  # tenant, id


class Counted(NamedTuple):
    """One table with counters: its fold's temporary table, and where its projection stands."""

    projection: str
    table: str
    fold: str
    position: int


class Counters:
    """``db`` holds the snapshot with the folds, ``now`` sees the tables as they are."""

    def __init__(self, url: str, db: Connection, now: Connection, found: Found) -> None:
        self._valkey: Redis = client(url, timeout=5.0)
        self._db, self._now, self._found = db, now, found

    async def close(self) -> None:
        await self._valkey.aclose()

    async def compare(self, counted: Counted) -> int:
        """How many counters were compared. Unavailable without Valkey."""
        try:
            return await self._compare(counted)
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("valkey") from error

    async def _compare(self, counted: Counted) -> int:
        if not await self._caught_up(counted):
            self._tell(counted, ("", ""), "Valkey has not caught up with the projection")
            return 0
        number, suspects = 0, dict[Place, None]()
        async for chunk in self._folded(counted):
            number += len(chunk)
            held = await self._held(counted, chunk)
            suspects |= dict.fromkeys(p for p, body in chunk.items() if held.get(p) != body)
        async for places in self._live(counted):
            expected = await _rows(self._db, counted.fold, places)
            suspects |= dict.fromkeys(place for place in places if place not in expected)
        await self._look_again(counted, suspects)
        return number

    async def _caught_up(self, counted: Counted) -> bool:
        until = time.monotonic() + SETTLING
        while time.monotonic() < until:
            position = await self._valkey.hget(epoch_key(counted.projection), "position")
            if position is not None and int(position) >= counted.position:
                return True
            await asyncio.sleep(PAUSE)
        return False

    async def _folded(self, counted: Counted) -> AsyncIterator[dict[Place, bytes]]:
        async with self._db.cursor(name=f"counters_{counted.table}", binary=True) as cursor:
            await cursor.execute(
                f"SELECT tenant, id, body FROM {counted.fold} WHERE body IS NOT NULL"
            )
            while rows := await cursor.fetchmany(AT_ONCE):
                yield {(tenant, id): body for tenant, id, body in rows}

    async def _held(self, counted: Counted, places: Iterable[Place]) -> dict[Place, bytes]:
        """What Valkey has for these rows, of the present epoch."""
        wanted = list(places)
        async with self._valkey.pipeline(transaction=False) as pipe:
            pipe.hget(epoch_key(counted.projection), "id")
            for tenant, id in wanted:
                pipe.hmget(row_key(tenant, counted.table, id), FIELDS)
            epoch, *rows = await pipe.execute()
        return {
            place: row[3]
            for place, row in zip(wanted, rows, strict=True)
            if row[3]
            and row[0] == epoch
            and row[2] == owner(place[0], counted.table, place[1]).encode()
        }

    async def _live(self, counted: Counted) -> AsyncIterator[dict[Place, bytes]]:
        """Every row that Valkey has of this table, whoever's it is."""
        keys = self._valkey.scan_iter(row_key("*", counted.table, "*"), count=AT_ONCE)
        places = []
        async for key in keys:
            _, tenant, _, id = key.decode().split(":", 3)
            places.append((tenant, id))
        remaining = iter(dict.fromkeys(places))
        while chunk := list(islice(remaining, AT_ONCE)):
            yield await self._held(counted, chunk)

    async def _look_again(self, counted: Counted, suspects: Iterable[Place]) -> None:
        """A row that differs from the fold may have moved on since: then it is as its table is."""
        left = await self._unequal(counted, suspects)
        until = time.monotonic() + SETTLING  # of which the first look, at very many, takes nothing
        while left and time.monotonic() < until:
            await asyncio.sleep(PAUSE)
            left = await self._unequal(counted, left)
        for place, (expected, held) in left.items():
            self._judge(counted, place, expected, held)

    async def _unequal(
        self, counted: Counted, places: Iterable[Place]
    ) -> dict[Place, tuple[bytes | None, bytes | None]]:
        """As in the table and as in Valkey now; few at once, so that it is the same now."""
        remaining, unequal = iter(places), dict[Place, tuple[bytes | None, bytes | None]]()
        while wanted := list(islice(remaining, AT_ONCE)):
            table = await _rows(self._now, f"read.{counted.table}", wanted)
            held = await self._held(counted, wanted)
            pairs = {place: (table.get(place), held.get(place)) for place in wanted}
            unequal |= {place: pair for place, pair in pairs.items() if pair[0] != pair[1]}
        return unequal

    def _judge(
        self, counted: Counted, place: Place, expected: bytes | None, held: bytes | None
    ) -> None:
        if expected is None or held is None:
            self._tell(counted, place, EXTRA if expected is None else MISSING)
        else:
            self._tell(counted, place, CHANGED, differing(expected, held))

    def _tell(
        self, counted: Counted, place: Place, what: str, fields: tuple[str, ...] = ()
    ) -> None:
        self._found(Difference(f"valkey.{counted.table}", *place, what, fields))


async def _rows(db: Connection, table: str, places: Iterable[Place]) -> dict[Place, bytes]:
    wanted = list(places)
    cursor = db.cursor(binary=True)
    await cursor.execute(
        f"SELECT tenant, id, body FROM {table}"
        " JOIN unnest(%s::text[], %s::text[]) AS wanted (tenant, id) USING (tenant, id)"
        " WHERE body IS NOT NULL",
        ([tenant for tenant, _ in wanted], [id for _, id in wanted]),
    )
    rows: list[Any] = await cursor.fetchall()
    return {(tenant, id): body for tenant, id, body in rows}
