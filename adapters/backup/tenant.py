"""One tenant alone, as it was at a position, brought back as another on the running log.

Nothing of the tenant itself is touched. Ended half-way, running it again goes on.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

from adapters.asof.points import Beyond
from adapters.backup.filling import Filled, fill
from adapters.backup.history import Origin, Renaming, commands
from adapters.backup.named import Named, named
from adapters.backup.names import CONTEXTS, Claim, claims_of
from adapters.backup.shelves import Living
from adapters.erasing.files import owned
from adapters.log.codec import events_of, tag_of
from adapters.log.log import PostgresLog
from adapters.log.passed import is_past, passed
from adapters.log.requests import Request
from adapters.log.rows import COLUMNS, Row
from adapters.log.tail import house_codec
from adapters.media.objects import Objects
from adapters.policies.silences import RUNNING
from adapters.postgres.pools import APPEND, PROJECT, Connection
from application.ports import Appended, Call
from domain import AGGREGATES
from domain.kernel import NAME

AT_ONCE = 100  # appends under way
_LAST = "SELECT max(position) FROM log.events WHERE tenant = %s AND position <= %s"
_EVENTS = "SELECT count(*) FROM log.events WHERE tenant = %s"
_BEGUN = "SELECT origin, reached, until FROM policies.silences WHERE tenant = %s"
_BEGIN = "INSERT INTO policies.silences (tenant, origin, reached, until) VALUES (%s, %s, %s, %s)"
_ERASED = "SELECT subject FROM keys.subjects WHERE tenant = %s AND destroyed_at IS NOT NULL"
_NUMBERS = (
    "SELECT max((convert_from(data, 'UTF8')::jsonb ->> 'number')::bigint) FROM log.events"
    " WHERE tenant = %s AND tag = %s AND position <= %s"
)


class Malformed(Exception):
    """No tenant may be called that: nobody would be let into it."""


class Unknown(Exception):
    """There is no such tenant, or there was none yet."""


class Exists(Exception):
    """There is something under the new name already."""


class Restored(Struct, frozen=True):
    """``until``: the origin's position; ``position``: where its last event is now; ``missing``:
    files that its events name and that are not there any more."""

    until: int
    position: int
    events: int
    files: int
    missing: int


class Source(Struct, frozen=True):
    """Where the tenant's history is read; ``log``: it, for its keys."""

    db: Connection
    log: PostgresLog
    objects: Objects | None


async def position_at(db: Connection, moment: datetime) -> int:
    """The log's position at a time. Raises Beyond."""
    over = await is_past(db, moment)
    (position,) = await passed(db, [moment], then_too=True)
    if not over:
        raise Beyond(position)
    return position


class TenantRestore:
    """``db``: the running log's, as its owner or another that may take Souk's roles."""

    def __init__(
        self, source: Source, db: Connection, log: PostgresLog, objects: Objects | None
    ) -> None:
        self._source, self._db, self._log, self._objects = source, db, log, objects

    async def run(self, tenant: str, to: str, until: int | None) -> Restored:
        """Raises Malformed, Beyond, Unknown, Exists, Unavailable."""
        if not NAME.fullmatch(to):
            raise Malformed(to)
        (head,) = await _one(self._source.db, "SELECT position FROM log.head")
        if until is not None and until > head:
            raise Beyond(head)
        reached = await self._begin(tenant, to, until)
        origin = Origin(self._source.db, self._source.log.keyring, tenant, reached, to)
        erased = await self._forget_erased(origin)
        await self._take_names(origin)
        filled = await self._copy_files(origin, erased)
        events = await self._replay(origin)
        position = await self._end(to)
        return Restored(reached, position, events, filled.files, len(filled.missing))

    async def _begin(self, tenant: str, to: str, until: int | None) -> int:
        """From now on nothing fires for it. The position to go to, which an earlier run chose."""
        (last,) = await _one(self._source.db, _LAST, tenant, RUNNING if until is None else until)
        if last is None:
            raise Unknown(f"{tenant} is no tenant that had events by then")
        await self._as(PROJECT)
        (events,) = await _one(self._db, _EVENTS, to)
        begun = await (await self._db.execute(_BEGUN, (to,))).fetchone()
        if begun is None and not events:
            await self._db.execute(_BEGIN, (to, tenant, last, RUNNING))
            return int(last)
        if begun is None or (begun[0], begun[2]) != (tenant, RUNNING):
            raise Exists(f"{to} exists already")
        return int(begun[1])

    async def _forget_erased(self, origin: Origin) -> set[str]:
        """By what is known where it is read and where it is written: erased stays erased."""
        erased = set[str]()
        for db in (self._source.db, self._db):
            cursor = await db.execute(_ERASED, (origin.tenant,))
            erased |= {subject for (subject,) in await cursor.fetchall()}
        for subject in sorted(erased):
            await self._log.keyring.destroy(origin.to, subject)
        return erased

    async def _take_names(self, origin: Origin) -> None:
        """Claims and numbers first of all: whoever is too early finds them taken."""
        claims = [claim async for claim in self._claims(origin)]
        numbers = [number async for number in self._numbers(origin)]
        await self._as(APPEND)
        async with self._db.transaction(), self._db.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO log.claims VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [(origin.to, *claim) for claim in claims],
            )
            await cursor.executemany(
                "INSERT INTO log.numbers AS n VALUES (%s, %s, %s) ON CONFLICT (tenant, sequence)"
                " DO UPDATE SET last = greatest(n.last, excluded.last)",
                [(origin.to, *number) for number in numbers],
            )

    async def _claims(self, origin: Origin) -> AsyncIterator[Claim]:
        codec = house_codec()
        for context in CONTEXTS:
            cursor = await origin.db.execute(
                f"SELECT {COLUMNS} FROM log.events WHERE tenant = %s AND position <= %s"
                " AND split_part(stream, '/', 2) = %s ORDER BY stream, version",
                (origin.tenant, origin.until, context),
            )
            rows = [Row(*row) for row in await cursor.fetchall()]
            for stream, past in groupby(rows, lambda row: row.stream):
                id = stream.split("/", 2)[2]
                for claim in claims_of(context, id, [row.decoded(codec) for row in past]):
                    yield claim

    async def _numbers(self, origin: Origin) -> AsyncIterator[tuple[str, int]]:
        for kind in (kind for decider in AGGREGATES.values() for kind in events_of(decider)):
            if kind.SEQUENCE is not None:
                about = origin.tenant, tag_of(kind), origin.until
                row = await _one(origin.db, _NUMBERS, *about)
                if row[0] is not None:
                    yield kind.SEQUENCE, int(row[0])

    async def _copy_files(self, origin: Origin, erased: set[str]) -> Filled:
        """Those that its events name, but for theirs who are erased."""
        if self._source.objects is None or self._objects is None:
            return Filled(0, [], [])
        theirs = set[str]()
        for subject in erased:
            found = await owned(origin.db, self._source.log, origin.tenant, subject)
            theirs |= {f"{origin.tenant}/{id}" for id in found}
        await self._objects.ready()
        wanted = _without(theirs, named(origin.db, origin.until, tenant=origin.tenant))
        shelves = [Living(self._source.objects)]
        there = {*await self._objects.under(f"{origin.to}/")}
        return await fill(self._objects, wanted, shelves, origin.to, there)

    async def _replay(self, origin: Origin) -> int:
        """How many events there are now. Appends in their order; who follows from one that is
        still under way waits for it."""
        renaming = Renaming(origin, house_codec(), self._log.keyring)
        ids, events = await self._known(origin), 0
        waiting: list[tuple[list[Row], asyncio.Task[Appended]]] = []
        async for rows in commands(origin):
            events += len(rows)
            if rows[0].event_id in ids:
                continue  # an earlier run did it
            pending = {row.event_id for group, _ in waiting for row in group}
            if len(waiting) >= AT_ONCE or rows[0].causation in pending:
                await _settle(waiting, ids)
            request = Request(
                _call(origin, rows[0], ids), await renaming.parts(rows), self._log.deadline()
            )
            waiting.append((rows, asyncio.create_task(self._log.submit(request))))
            await asyncio.sleep(0)  # it queues, in its turn
        await _settle(waiting, ids)
        return events

    async def _known(self, origin: Origin) -> dict[UUID, UUID]:
        """What the events that were restored already are now, by what they were."""
        read = "SELECT stream, version, event_id FROM log.events WHERE tenant = %s"
        done = await self._db.execute(read, (origin.to,))
        there = {(stream, version): id for stream, version, id in await done.fetchall()}
        if not there:
            return {}
        cursor = await origin.db.execute(read, (origin.tenant,))
        return {
            id: there[place]
            for stream, version, id in await cursor.fetchall()
            if (place := (origin.stream(stream), version)) in there
        }

    async def _end(self, to: str) -> int:
        await self._as(PROJECT)
        row = await _one(self._db, _LAST, to, RUNNING)
        await self._db.execute(
            "UPDATE policies.silences SET until = %s WHERE tenant = %s", (row[0], to)
        )
        return int(row[0])

    async def _as(self, role: str) -> None:
        await self._db.execute(f"SET ROLE {role}")


async def _without(
    assets: set[str], found: AsyncGenerator[Named, None]
) -> AsyncGenerator[Named, None]:
    async with aclosing(found) as all:
        async for each in all:
            if each.asset not in assets:
                yield each


async def _one(db: Connection, sql: str, *params: object) -> tuple[Any, ...]:
    row = await (await db.execute(sql, params)).fetchone()
    assert row is not None, "one row"
    return row


async def _settle(
    waiting: list[tuple[list[Row], asyncio.Task[Appended]]], ids: dict[UUID, UUID]
) -> None:
    """What was under way is in the log; or the first of it that is not says why."""
    for rows, task in waiting:
        appended = await task
        for row, recorded in zip(rows, appended.recorded, strict=True):
            ids[row.event_id] = recorded.event_id
    waiting.clear()


def _call(origin: Origin, row: Row, ids: dict[UUID, UUID]) -> Call:
    return Call(
        tenant=origin.to,
        actor=_actor(origin.tenant),
        command_id=uuid5(origin.correlation, str(row.command_id)),
        correlation=origin.correlation,
        causation=ids.get(row.causation) if row.causation else None,
        occurred_at=row.occurred_at,
    )


def _actor(tenant: str) -> str:
    return f"restore:{tenant}"
