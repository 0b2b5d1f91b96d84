"""What an append sees before it writes: where the log ends, and all that its batch names.

``begun`` takes the head's lock first, and sees where the log ends. If that was not enough,
``locked`` looks for all that the batch names.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from adapters.log.books import Books, Kept, names_of, slot_of
from adapters.log.clock import Reading
from adapters.log.requests import Request
from adapters.postgres import packed
from adapters.postgres.pools import Connection

LOCK = "SELECT position, recorded_at FROM log.head FOR UPDATE"
# Only a later statement sees what was committed while the lock was waited for.
# Every look is by key, one after another: a plan is kept, and a join that was planned while a
# table was empty would go through all of it when it is large.
CHAINS = """SELECT clock_timestamp(), wanted.tenant, found.position, found.hash
FROM unnest(%s::text[]) AS wanted (tenant) LEFT JOIN LATERAL (
    SELECT position, hash FROM log.chains AS c WHERE c.tenant = wanted.tenant LIMIT 1
) AS found ON true"""
VERSIONS = """SELECT found.stream, found.version
FROM unnest(%s::text[], %s::text[]) AS wanted (tenant, stream), LATERAL (
    SELECT stream, version FROM log.events AS e
    WHERE e.tenant = wanted.tenant AND e.stream = wanted.stream ORDER BY version DESC LIMIT 1
) AS found"""
CLAIMS = """SELECT found.* FROM unnest(%s::text[], %s::text[], %s::text[])
    AS wanted (tenant, kind, value), LATERAL (
    SELECT tenant, kind, value, owner FROM log.claims AS c
    WHERE c.tenant = wanted.tenant AND c.kind = wanted.kind AND c.value = wanted.value LIMIT 1
) AS found"""
ANSWERS = """SELECT found.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])
    AS wanted (tenant, principal, route, key), LATERAL (
    SELECT tenant, principal, route, key, command_id, request, answer FROM log.answers AS a
    WHERE a.tenant = wanted.tenant AND a.principal = wanted.principal AND a.route = wanted.route
        AND a.key = wanted.key LIMIT 1
) AS found"""
NUMBERS = """SELECT found.* FROM unnest(%s::text[], %s::text[])
    AS wanted (tenant, sequence), LATERAL (
    SELECT tenant, sequence, last FROM log.numbers AS n
    WHERE n.tenant = wanted.tenant AND n.sequence = wanted.sequence LIMIT 1
) AS found"""


async def begun(connection: Connection, batch: Sequence[Request]) -> Books:
    """Begin, take the head's lock, and read where the chains and numbers of the batch end."""
    return await _locked(connection, _ends(batch))


async def locked(connection: Connection, batch: Sequence[Request]) -> Books:
    """Begin, take the head's lock, and read all that the batch names."""
    return await _locked(connection, _ends(batch) | _names(batch))


async def _locked(connection: Connection, wanted: dict[str, list[packed.Texts]]) -> Books:
    async with connection.pipeline():
        await connection.execute("BEGIN")
        lock = await connection.execute(LOCK, prepare=True)
        looks = {
            sql: await connection.execute(sql, params, prepare=True)
            for sql, params in wanted.items()
            if params
        }
        head = await lock.fetchall()
        return _books(head, {sql: await look.fetchall() for sql, look in looks.items()})


def _ends(batch: Sequence[Request]) -> dict[str, list[packed.Texts]]:
    return {
        CHAINS: [packed.texts(sorted({request.call.tenant for request in batch}))],
        NUMBERS: _columns(sorted(sequences_of(batch))),
    }


def _names(batch: Sequence[Request]) -> dict[str, list[packed.Texts]]:
    streams = {(request.call.tenant, s) for request in batch for s in request.streams}
    slots = {slot_of(r.call.tenant, r.call.key) for r in batch if r.call.key}
    return {
        VERSIONS: _columns(sorted(streams)),
        CLAIMS: _columns(names_of(batch)),
        ANSWERS: _columns(sorted(slots)),
    }


def sequences_of(batch: Iterable[Request]) -> set[tuple[str, str]]:
    return {
        (request.call.tenant, line.sequence)
        for request in batch
        for part in request.parts
        for line in part.lines
        if line.sequence
    }


def _books(head: list[Any], found: dict[str, list[Any]]) -> Books:
    ((position, last),), chains = head, found[CHAINS]
    now = max(chains[0][0], last)  # the server's clock may step back; the log's does not
    return Books(
        (position, last),
        position,
        now,
        Reading(now),
        dict(found.get(VERSIONS, ())),
        {tuple(claim[:3]): claim[3] for claim in found.get(CLAIMS, ())},
        {tuple(answer[:4]): Kept(*answer) for answer in found.get(ANSWERS, ())},
        {tuple(number[:2]): number[2] for number in found.get(NUMBERS, ())},
        {tenant: (at, hash) for _, tenant, at, hash in chains if hash},
    )


def _columns(rows: Sequence[Sequence[str]]) -> list[packed.Texts]:
    """Rows turned into one array per column, as unnest wants them; of no rows nothing."""
    return [packed.texts(column) for column in zip(*rows, strict=True)]
