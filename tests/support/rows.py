"""Rows equal the fold: any projection, any history, any batch sizes, after any crash.

    def test_rows_equal_the_fold(database):
        rows_equal_the_fold(database, catalog, histories())

``histories`` is a Hypothesis strategy of lists of (stream id, its events); the harness mixes the
streams, cuts the result into batches, and lets some of them crash before their commit.
"""

import asyncio
import base64
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import msgspec
import psycopg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple
from psycopg import AsyncConnection

from adapters.log.codec import Codec, enc_hook, tag_of
from adapters.log.rows import COLUMNS, Row
from adapters.postgres.pools import PROJECT, conninfo_of
from adapters.projector.documents import Documents
from adapters.projector.engine import Engine
from adapters.projector.kinds import is_logged
from adapters.projector.tables import create_tables
from domain.kernel import Personal, but
from tests.support.patience import PATIENCE

NAME = "under_test"
START = datetime(2024, 1, 1, tzinfo=UTC)


def rows_equal_the_fold(database, projection, histories, examples=50):
    """Fails with the smallest history whose rows are not the fold of its events."""
    with asyncio.Runner() as runner:
        bench = runner.run(Bench.open(database, projection))

        @settings(
            max_examples=examples,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
        )
        @given(histories, st.data())
        def check(history, data):
            rows = recorded(mixed(history, data))
            steps = data.draw(st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=20))
            runner.run(bench.check(rows, steps))

        try:
            check()
        finally:
            runner.run(bench.close())


def mixed(history, data):
    """The streams' events, each stream in its own order, in some order among themselves."""
    turns = [stream for stream, events in history for _ in events]
    waiting = defaultdict(list)
    for stream, events in history:
        waiting[stream] += events
    order = data.draw(st.permutations(turns)) if len(turns) < 60 else turns
    return [(stream, waiting[stream].pop(0)) for stream in order]


def recorded(events, after=0, start=START):
    """(stream id, event) pairs as rows of the log, their personal data sealed in appearance."""
    versions = defaultdict(int)
    rows = []
    for position, (stream, event) in enumerate(events, start=after + 1):
        versions[stream] += 1
        at = start + timedelta(seconds=position)
        rows.append(
            Row(
                tenant=stream.split("/")[0],
                stream=stream,
                version=after + versions[stream],
                position=position,
                tag=tag_of(type(event)),
                schema_version=event.SCHEMA,
                event_id=UUID(int=position),
                occurred_at=at,
                recorded_at=at,
                actor="someone",
                correlation=UUID(int=position),
                causation=None,
                command_id=UUID(int=position),
                data=_sealed(event, stream),
            )
        )
    return rows


def _sealed(event, stream):
    def hook(value):
        if isinstance(value, Personal) and value.box is None:
            box = base64.b64encode(value.text.encode()).decode()
            tag, found_by = tag_of(type(event)), value.lookup and f"hash of {value.lookup}"
            value = Personal(value.subject, "", box, stream, tag, found_by)
        return enc_hook(value)

    return msgspec.json.encode(event, enc_hook=hook)


async def record(db, rows):
    """Put rows into the log, past its rules (as the superuser)."""
    places = ", ".join(["%s"] * len(Row.__struct_fields__))
    async with db.transaction():
        async with db.cursor() as cursor:
            await cursor.executemany(
                f"INSERT INTO log.events ({COLUMNS}) VALUES ({places})", map(astuple, rows)
            )
        if rows:
            await db.execute("UPDATE log.head SET position = %s", (rows[-1].position,))


class Bench:
    """A database with the projection's tables, emptied before every history."""

    def __init__(self, owner, db, projection):
        self._owner, self._db, self._projection = owner, db, projection
        kinds = {kind for table in projection.TABLES for kind in (*table.on, *table.related)}
        types = {kind for kind in kinds if is_logged(kind)}
        self._codec, self._tags = Codec(types), {tag_of(type) for type in types}

    @classmethod
    async def open(cls, database, projection):
        owner = await AsyncConnection.connect(database, autocommit=True)
        await create_tables(owner, {NAME: projection})
        db = await AsyncConnection.connect(
            conninfo_of(database, PROJECT, "test", PATIENCE), autocommit=True
        )
        return cls(owner, db, projection)

    async def close(self):
        await self._db.close()
        await self._owner.close()

    async def check(self, rows, steps):
        await self._empty()
        await record(self._owner, rows)
        await self._project(steps)
        assert await self._letters() == []
        events = [row.decoded(self._codec) for row in rows if row.tag in self._tags]
        for table in self._projection.TABLES:
            expected, told = await self._expected(table, events)
            events = sorted([*events, *told], key=lambda recorded: recorded.position)
            assert await self._stored(table) == expected
            if table.topic:
                kept = {place: row[:2] for place, row in expected.items()}
                assert await self._last_changes(table) == kept

    async def _empty(self):
        tables = [f"read.{table.name}" for table in self._projection.TABLES]
        gone = (*tables, "read.changes", "read.dead_letters", "log.events")
        moves = ("UPDATE read.projections SET position = 0", "UPDATE log.head SET position = 0")
        await self._owner.execute("; ".join([*(f"DELETE FROM {table}" for table in gone), *moves]))

    async def _project(self, steps):
        engine = Engine(NAME, self._projection)
        await engine.load(self._db)
        for engine.batch, crashes in steps:
            if crashes:
                await self._crash(engine)
            else:
                await engine.step(self._db)
        engine.batch = 1000
        while await engine.step(self._db):
            pass

    async def _crash(self, engine):
        async with self._db.transaction(force_rollback=True):
            await engine.step(self._db)
        await engine.load(self._db)

    async def _expected(self, table, events):
        """The fold in memory, one event at a time, as rows; and what it tells later tables."""
        documents, told = {}, []
        for event in events:
            told += await self._fold(table, documents, event)
        codec = Documents(table)
        made = {place: codec.encode(document) for place, document in documents.items()}
        columns = await self._columns(table, documents)
        return {place: (*made[place], *columns[place]) for place in made}, told

    async def _fold(self, table, documents, event):
        ids = dict.fromkeys(table.on.get(type(event.event), lambda _: ())(event))
        if related := table.related.get(type(event.event)):
            sql, params = related(event)
            ids |= dict.fromkeys(await self._meeting(table, documents, event.tenant, sql, params))
        told = []
        for id in ids:
            place = (event.tenant, id)
            before = documents.pop(place, None)
            document = table.evolve(before, event, id)
            if document is not None:
                documents[place] = document
            if table.emits and (emitted := table.emits(before, document)):
                told.append(but(event, event=emitted))
        return told

    async def _meeting(self, table, documents, tenant, sql, params):
        source, payload = self._recordset(table, documents)
        cursor = await self._owner.execute(
            f"SELECT id FROM {source} WHERE tenant = %s AND ({sql})", (payload, tenant, *params)
        )
        return [id for (id,) in await cursor.fetchall()]

    async def _columns(self, table, documents):
        source, payload = self._recordset(table, documents)
        names = "".join(f", {name}" for name in table.columns)
        cursor = await self._owner.execute(f"SELECT tenant, id{names} FROM {source}", (payload,))
        return {(tenant, id): rest for tenant, id, *rest in await cursor.fetchall()}

    def _recordset(self, table, documents):
        types = "".join(f", {name} {column.type}" for name, column in table.columns.items())
        codec = Documents(table)
        rows = [
            {"tenant": tenant, "id": id, **codec.columns(document)}
            for (tenant, id), document in documents.items()
        ]
        source = f"json_to_recordset(%s::json) AS rows (tenant text, id text{types})"
        return source, codec.payload(rows)

    async def _stored(self, table):
        names = "".join(f", {name}" for name in table.columns)
        cursor = await self._owner.execute(
            f"SELECT tenant, id, body, personal{names} FROM read.{table.name}"
        )
        return {(tenant, id): tuple(rest) for tenant, id, *rest in await cursor.fetchall()}

    async def _last_changes(self, table):
        """What a watcher of every change ends up with."""
        cursor = await self._owner.execute(
            "SELECT DISTINCT ON (tenant, id) tenant, id, document, personal FROM read.changes"
            " WHERE source = %s ORDER BY tenant, id, seq DESC",
            (table.name,),
        )
        rows = await cursor.fetchall()
        return {(t, id): (body, personal) for t, id, body, personal in rows if body is not None}

    async def _letters(self):
        cursor = await self._owner.execute("SELECT stream, tag, error FROM read.dead_letters")
        return await cursor.fetchall()


def toy(*tables, version=1):
    """A projection made of tables alone."""
    return SimpleNamespace(VERSION=version, TABLES=tables, __name__="projections.toy")


def connect(url):
    return psycopg.connect(url, autocommit=True)
