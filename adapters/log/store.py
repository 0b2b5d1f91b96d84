"""The SQL of an append, as it writes.

``swift`` writes a batch in one statement, which holds only if the log stands as it was left.
Where others write as well, it is looked first (``looking``): then ``finished`` writes what the end
of the log was enough for, and ``written`` what was decided on all that the batch names.
"""

import contextlib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import psycopg

from adapters.log.books import ENCODER, Books
from adapters.log.notices import CHANNEL, FULL, Notices
from adapters.log.rows import COLUMNS
from adapters.postgres.pools import Connection

# What a batch writes is one statement: every part waits for ``head``, which has the lock.
HEAD = """head AS (UPDATE log.head SET position = %(position)s, recorded_at = %(recorded_at)s
RETURNING true)"""
# The same if the log stands as it was left, and the streams where they are supposed to be; else
# NULL, which the column refuses.
HEAD_IF = """head AS (UPDATE log.head SET recorded_at = %(recorded_at)s, position = CASE
    WHEN position = %(left_at)s AND recorded_at = %(left_when)s AND NOT EXISTS (
        SELECT FROM json_to_recordset(%(asserted)s::json) AS held (stream text, version bigint)
        WHERE held.version <> coalesce((SELECT max(e.version) FROM log.events AS e
            WHERE e.tenant = split_part(held.stream, '/', 1) AND e.stream = held.stream), 0))
    THEN %(position)s END
RETURNING true)"""
# So the server says that a supposition was wrong.
WRONG = (psycopg.errors.NotNullViolation, psycopg.errors.UniqueViolation)
# One JSON parameter costs the client a fifth of an array per column; bytes travel as base64.
EVENTS = f"""events AS (INSERT INTO log.events ({COLUMNS})
SELECT tenant, stream, version, position, tag, schema_version, event_id, occurred_at,
    recorded_at, actor, correlation, causation, command_id, decode(data, 'base64'),
    decode(origin, 'base64'), decode(hash, 'base64')
FROM head, json_to_recordset(%(events)s::json) AS new (
    tenant text, stream text, version bigint, position bigint, tag text, schema_version integer,
    event_id uuid, occurred_at timestamptz, recorded_at timestamptz, actor text,
    correlation uuid, causation uuid, command_id uuid, data text, origin text,
    hash text))"""
KEEP = """answers AS (INSERT INTO log.answers
    (tenant, principal, route, key, command_id, request, answer, recorded_at)
SELECT tenant, principal, route, key, command_id, decode(request, 'base64'),
    decode(answer, 'base64'), %(recorded_at)s
FROM head, json_to_recordset(%(answers)s::json) AS new (tenant text, principal text, route text,
    key text, command_id uuid, request text, answer text))"""
TAKE = """claims AS (INSERT INTO log.claims (tenant, kind, value, owner)
SELECT tenant, kind, value, owner FROM head, json_to_recordset(%(claims)s::json)
    AS new (tenant text, kind text, value text, owner text))"""
TAKE_OVER = TAKE[:-1] + " ON CONFLICT (tenant, kind, value) DO UPDATE SET owner = excluded.owner)"
FREE = """freed AS (DELETE FROM log.claims USING head, json_to_recordset(%(freed)s::json)
    AS gone (tenant text, kind text, value text)
WHERE (claims.tenant, claims.kind, claims.value) = (gone.tenant, gone.kind, gone.value))"""
COUNT = """numbers AS (INSERT INTO log.numbers (tenant, sequence, last)
SELECT tenant, sequence, last FROM head, json_to_recordset(%(numbers)s::json)
    AS new (tenant text, sequence text, last bigint)
ON CONFLICT (tenant, sequence) DO UPDATE SET last = excluded.last)"""
LINK = """chains AS (INSERT INTO log.chains (tenant, position, hash)
SELECT tenant, position, decode(hash, 'base64') FROM head, json_to_recordset(%(chains)s::json)
    AS new (tenant text, position bigint, hash text)
ON CONFLICT (tenant) DO UPDATE SET position = excluded.position, hash = excluded.hash)"""
# One who does not listen keeps all that was told in the server's queue, and a full one would stop
# every append; to ask how full it is also clears it of what all have heard.
NOTIFY = f"""SELECT pg_notify('{CHANNEL}', CASE WHEN pg_notification_queue_usage() < {FULL}
    THEN %(told)s::text ELSE %(position)s::text END) FROM head"""

# Also sees to it that a swift write which is still under way somewhere comes too late.
FENCE = """UPDATE log.head
SET recorded_at = greatest(clock_timestamp(), recorded_at + interval '1 microsecond')"""
WRITTEN = "SELECT true FROM log.events WHERE position = %s AND event_id = %s"
ANSWERED = """SELECT true FROM log.answers WHERE (tenant, principal, route, key) = (%s, %s, %s, %s)
AND command_id = %s AND recorded_at = %s"""


async def written(connection: Connection, books: Books, notices: Notices) -> None:
    """Write what is new in the books, tell who listens, and commit."""
    async with connection.pipeline():
        await connection.execute(*_writing(books, HEAD, TAKE_OVER, notices), prepare=True)
        await connection.execute("COMMIT")


async def swift(
    connection: Connection, books: Books, asserted: Sequence[tuple[str, int]], notices: Notices
) -> bool:
    """Look, write and commit in one statement. False: the log does not stand as the books
    suppose, and nothing was written."""
    try:
        await connection.execute(*_supposing(books, asserted, notices), prepare=True)
    except WRONG:
        return False
    return True


async def finished(
    connection: Connection, books: Books, asserted: Sequence[tuple[str, int]], notices: Notices
) -> bool:
    """The same after ``begun``. False: what was begun is still to be rolled back."""
    async with connection.pipeline() as pipeline:
        try:
            await connection.execute(*_supposing(books, asserted, notices), prepare=True)
            await connection.execute("COMMIT")
            await pipeline.sync()
            return True
        except WRONG:
            with contextlib.suppress(psycopg.errors.PipelineAborted):  # so says COMMIT
                await pipeline.sync()
    return False


def _supposing(
    books: Books, asserted: Sequence[tuple[str, int]], notices: Notices
) -> tuple[Any, dict[str, Any]]:
    sql, params = _writing(books, HEAD_IF, TAKE, notices)
    params["left_at"], params["left_when"] = books.found
    params["asserted"] = _json(_named(("stream", "version"), asserted))
    return sql, params


def _writing(books: Books, head: str, take: str, notices: Notices) -> tuple[Any, dict[str, Any]]:
    taken = [(*name, owner) for name, owner in books.new_claims.items() if owner is not None]
    freed = [name for name, owner in books.new_claims.items() if owner is None]
    written: dict[str, tuple[str, Sequence[Any]]] = {
        "events": (EVENTS, books.rows),
        "answers": (KEEP, list(books.new_answers.values())),
        "claims": (take, _named(("tenant", "kind", "value", "owner"), taken)),
        "freed": (FREE, _named(("tenant", "kind", "value"), freed)),
        "numbers": (
            COUNT,
            _named(
                ("tenant", "sequence", "last"),
                [(*key, last) for key, last in books.new_numbers.items()],
            ),
        ),
        "chains": (
            LINK,
            _named(
                ("tenant", "position", "hash"),
                [(tenant, *end) for tenant, end in books.new_chains.items()],
            ),
        ),
    }
    parts = tuple(sql for sql, rows in written.values() if rows)
    params = {name: _json(rows) for name, (_, rows) in written.items() if rows}
    at = {"position": books.position, "recorded_at": books.recorded_at}
    told = {"told": notices.payload(books.position, books.rows)}
    return _statement(head, parts), at | told | params


@cache
def _statement(head: str, parts: tuple[str, ...]) -> str:
    """Of few kinds, so that each is prepared once."""
    return f"WITH {', '.join((head, *parts))} {NOTIFY}"


def _named(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _json(rows: Sequence[Any]) -> str:
    return ENCODER.encode(rows).decode()


async def landed(connection: Connection, books: Books) -> bool:
    """Whether the books were committed by a connection that died before it could say so.

    Waits that connection out first, if it holds the head's lock; if it has not got it yet, what
    it wanted to write can no longer be written.
    """
    async with connection.pipeline():
        await connection.execute("BEGIN")
        await connection.execute(FENCE)
        found = [await connection.execute(sql, params) for sql, params in _traces(books)]
        seen = [await cursor.fetchone() for cursor in found]
        await connection.execute("COMMIT")
    return any(seen)


def _traces(books: Books) -> Iterable[tuple[str, list[Any]]]:
    """What only this batch can have left; one trace is enough, for it was one transaction."""
    if books.rows:
        yield WRITTEN, [books.rows[0].position, books.rows[0].event_id]
    elif books.new_answers:
        slot, kept = next(iter(books.new_answers.items()))
        yield ANSWERED, [*slot, kept.command_id, books.recorded_at]
