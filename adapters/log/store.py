"""The SQL of an append: lock and look, then write and commit. One round trip each."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from adapters.log.books import ENCODER, Books, Kept, names_of, slot_of
from adapters.log.requests import Request
from adapters.log.rows import COLUMNS, Row
from adapters.log.tail import CHANNEL
from adapters.postgres.pools import Connection

CHUNK = 500  # rows in one statement

LOCK = "SELECT position, recorded_at FROM log.head FOR UPDATE"
# Only a later statement sees what was committed while the lock was waited for.
CLOCK = "SELECT clock_timestamp()"
VERSIONS = """SELECT last.stream, last.version
FROM unnest(%s::text[], %s::text[]) AS wanted (tenant, stream), LATERAL (
    SELECT stream, version FROM log.events AS e
    WHERE e.tenant = wanted.tenant AND e.stream = wanted.stream ORDER BY version DESC LIMIT 1
) AS last"""
CLAIMS = """SELECT tenant, kind, value, owner FROM log.claims
JOIN unnest(%s::text[], %s::text[], %s::text[]) AS wanted (tenant, kind, value)
USING (tenant, kind, value)"""
ANSWERS = """SELECT tenant, principal, route, key, command_id, request, answer FROM log.answers
JOIN unnest(%s::text[], %s::text[], %s::text[], %s::text[])
    AS wanted (tenant, principal, route, key)
USING (tenant, principal, route, key)"""
NUMBERS = """SELECT tenant, sequence, last FROM log.numbers
JOIN unnest(%s::text[], %s::text[]) AS wanted (tenant, sequence) USING (tenant, sequence)"""
CHAINS = "SELECT tenant, position, hash FROM log.chains WHERE tenant = any(%s)"

# One JSON parameter costs the client a fifth of an array per column; bytes travel as base64.
EVENTS = f"""INSERT INTO log.events ({COLUMNS})
SELECT tenant, stream, version, position, tag, schema_version, event_id, occurred_at,
    recorded_at, actor, correlation, causation, command_id, decode(data, 'base64'),
    decode(hash, 'base64')
FROM json_to_recordset(%s::json) AS new (
    tenant text, stream text, version bigint, position bigint, tag text, schema_version integer,
    event_id uuid, occurred_at timestamptz, recorded_at timestamptz, actor text,
    correlation uuid, causation uuid, command_id uuid, data text, hash text)"""
KEEP_ANSWERS = """INSERT INTO log.answers
    (tenant, principal, route, key, command_id, request, answer, recorded_at)
SELECT tenant, principal, route, key, command_id, decode(request, 'base64'),
    decode(answer, 'base64'), %s
FROM json_to_recordset(%s::json) AS new (tenant text, principal text, route text, key text,
    command_id uuid, request text, answer text)"""
TAKE = """INSERT INTO log.claims (tenant, kind, value, owner)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])
ON CONFLICT (tenant, kind, value) DO UPDATE SET owner = excluded.owner"""
FREE = """DELETE FROM log.claims USING unnest(%s::text[], %s::text[], %s::text[])
    AS freed (tenant, kind, value)
WHERE (claims.tenant, claims.kind, claims.value) = (freed.tenant, freed.kind, freed.value)"""
COUNT = """INSERT INTO log.numbers (tenant, sequence, last)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[])
ON CONFLICT (tenant, sequence) DO UPDATE SET last = excluded.last"""
LINK = """INSERT INTO log.chains (tenant, position, hash)
SELECT * FROM unnest(%s::text[], %s::bigint[], %b::bytea[])
ON CONFLICT (tenant) DO UPDATE SET position = excluded.position, hash = excluded.hash"""
MOVE = "UPDATE log.head SET position = %s, recorded_at = %s"
NOTIFY = "SELECT pg_notify(%s, %s)"
WRITTEN = "SELECT true FROM log.events WHERE position = %s AND event_id = %s"
ANSWERED = """SELECT true FROM log.answers WHERE (tenant, principal, route, key) = (%s, %s, %s, %s)
AND command_id = %s AND recorded_at = %s"""


async def locked(connection: Connection, batch: Sequence[Request]) -> Books:
    """Begin, take the head's lock, and read all that the batch names."""
    tenants = sorted({request.call.tenant for request in batch})
    streams = sorted({(request.call.tenant, s) for request in batch for s in request.streams})
    slots = [slot_of(r.call.tenant, r.call.key) for r in batch if r.call.key]
    sequences = {
        (request.call.tenant, line.sequence)
        for request in batch
        for part in request.parts
        for line in part.lines
        if line.sequence
    }
    async with connection.pipeline():
        await connection.execute("BEGIN")
        lock = await connection.execute(LOCK, prepare=True)
        looks = [
            await connection.execute(sql, params, prepare=True)
            for sql, params in (
                (CLOCK, []),
                (CHAINS, [tenants]),
                (VERSIONS, columns(streams, 2)),
                (CLAIMS, columns(names_of(batch), 3)),
                (ANSWERS, columns(sorted(set(slots)), 4)),
                (NUMBERS, columns(sorted(sequences), 2)),
            )
        ]
        return _books(await lock.fetchall(), *[await look.fetchall() for look in looks])


def _books(
    lock: list[Any],
    clock: list[Any],
    chains: list[Any],
    versions: list[Any],
    claims: list[Any],
    answers: list[Any],
    numbers: list[Any],
) -> Books:
    ((position, last),), ((now,),) = lock, clock
    return Books(
        position,
        max(now, last),  # the server's clock may step back; the log's does not
        dict(versions),
        {(tenant, kind, value): owner for tenant, kind, value, owner in claims},
        {tuple(answer[:4]): Kept(*answer) for answer in answers},
        {(tenant, sequence): number for tenant, sequence, number in numbers},
        {tenant: (at, hash) for tenant, at, hash in chains},
    )


async def written(connection: Connection, books: Books) -> None:
    """Write what is new in the books, tell who listens, and commit."""
    async with connection.pipeline():
        for sql, params in _statements(books):
            await connection.execute(sql, params, prepare=True)
        await connection.execute("COMMIT")


def _statements(books: Books) -> Iterable[tuple[str, list[Any]]]:
    for chunk in _chunks(books.rows):
        yield EVENTS, [_json(chunk)]
    if books.new_answers:
        yield KEEP_ANSWERS, [books.recorded_at, _json(list(books.new_answers.values()))]
    if freed := [name for name, owner in books.new_claims.items() if owner is None]:
        yield FREE, columns(freed, 3)
    if taken := [(*name, owner) for name, owner in books.new_claims.items() if owner is not None]:
        yield TAKE, columns(taken, 4)
    if books.new_numbers:
        yield COUNT, columns([(*key, last) for key, last in books.new_numbers.items()], 3)
    if books.new_chains:
        yield LINK, columns([(tenant, *end) for tenant, end in books.new_chains.items()], 3)
    if books.rows:
        yield MOVE, [books.position, books.recorded_at]
        yield NOTIFY, [CHANNEL, str(books.position)]


async def landed(connection: Connection, books: Books) -> bool:
    """Whether the books were committed by a connection that died before it could say so.

    Waits that connection out first: it holds the head's lock for as long as it lives.
    """
    async with connection.pipeline():
        await connection.execute("BEGIN")
        await connection.execute(LOCK)
        found = [await connection.execute(sql, params) for sql, params in _traces(books)]
        seen = [await cursor.fetchone() for cursor in found]
        await connection.execute("ROLLBACK")
    return any(seen)


def _traces(books: Books) -> Iterable[tuple[str, list[Any]]]:
    """What only this batch can have left; one trace is enough, for it was one transaction."""
    if books.rows:
        yield WRITTEN, [books.rows[0].position, books.rows[0].event_id]
    elif books.new_answers:
        slot, kept = next(iter(books.new_answers.items()))
        yield ANSWERED, [*slot, kept.command_id, books.recorded_at]


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[Any]:
    """Rows turned into one list per column, as unnest wants them."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _json(rows: Sequence[Row] | Sequence[Kept]) -> str:
    return ENCODER.encode(rows).decode()


def _chunks(rows: Iterable[Row]) -> Iterable[list[Row]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk
