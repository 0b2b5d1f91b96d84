"""What was published, as Postgres has it: what the relay made last and sent, never beyond."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from psycopg import AsyncConnection

from adapters.live.chain import Page
from adapters.live.change import Change
from adapters.postgres.pools import PROJECT, Connection, conninfo_of

AT_ONCE = 500  # changes of each projection in one look
STATEMENT = 30.0  # seconds that one may take
_COLUMNS = "seq, tenant, topic, position, document, first, late"
# One snapshot: what is up to where the relay came, and the first change beyond.
_LOOK = f"""SELECT at.projection, r.seq, r.purged_seq, c.*, f.*
FROM unnest(%s::text[], %s::bigint[]) AS at (projection, last)
JOIN read.relays r ON r.projection = at.projection
LEFT JOIN LATERAL (
    SELECT {_COLUMNS} FROM read.changes
    WHERE projection = at.projection AND seq > at.last AND seq <= r.seq AND topic <> ''
    ORDER BY seq LIMIT %s
) c ON true
LEFT JOIN LATERAL (
    SELECT seq, position, late FROM read.changes
    WHERE projection = at.projection AND seq > greatest(at.last, r.seq) AND topic <> ''
    ORDER BY seq LIMIT 1
) f ON true
ORDER BY at.projection, c.seq"""
# From the oldest of the last changes on that are young enough, and all of its position; and where
# those before it end.
_START = """WITH recent AS (
    SELECT seq, changed_at FROM read.changes
    WHERE projection = %(projection)s AND topic <> ''
        AND seq <= (SELECT seq FROM read.relays WHERE projection = %(projection)s)
    ORDER BY seq DESC LIMIT %(most)s
), start AS (
    SELECT greatest(coalesce(min(recent.seq) - 1, r.seq), r.purged_seq) AS seq, r.purged,
        r.purged_seq FROM read.relays r
    LEFT JOIN recent ON recent.changed_at > now() - make_interval(secs => %(seconds)s)
    WHERE r.projection = %(projection)s GROUP BY r.seq, r.purged, r.purged_seq
), cut AS (
    SELECT c.position FROM start, LATERAL (
        SELECT position FROM read.changes
        WHERE projection = %(projection)s AND seq <= start.seq AND topic <> ''
        ORDER BY seq DESC LIMIT 1
    ) c, LATERAL (
        SELECT position FROM read.changes
        WHERE projection = %(projection)s AND seq > start.seq AND topic <> ''
        ORDER BY seq LIMIT 1
    ) f WHERE c.position = f.position
), whole AS (
    SELECT CASE WHEN cut.position IS NULL THEN start.seq ELSE greatest(start.purged_seq, (
        SELECT c.seq FROM read.changes c
        WHERE c.projection = %(projection)s AND c.seq <= start.seq AND c.topic <> ''
            AND c.position <> cut.position
        ORDER BY c.seq DESC LIMIT 1
    )) END AS seq, start.purged FROM start LEFT JOIN cut ON true
)
SELECT whole.seq, coalesce((
    SELECT c.position + c.late::int FROM read.changes c
    WHERE c.projection = %(projection)s AND c.seq <= whole.seq AND c.topic <> ''
    ORDER BY c.seq DESC LIMIT 1
), whole.purged) FROM whole"""


class Start(NamedTuple):
    """Everything above the seq is to be read; changes above ``floor`` are among that."""

    seq: int
    floor: int


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """All tenants' changes, to be read only."""
    read_only = "default_transaction_read_only=on"
    conninfo = conninfo_of(url, PROJECT, "souk-live-feed", STATEMENT, read_only)
    db = await AsyncConnection.connect(conninfo, autocommit=True, prepare_threshold=2)
    try:
        yield db
    finally:
        with suppress(Exception):
            await db.close()


async def start(db: Connection, projection: str, most: int, seconds: float) -> Start | None:
    """Where to begin so as to have the last ``most`` changes, those of the last ``seconds``.
    None: there is no such projection yet."""
    about = {"projection": projection, "most": most, "seconds": seconds}
    row = await (await db.execute(_START, about)).fetchone()
    return Start(*row) if row else None


async def pages(
    db: Connection, lasts: Mapping[str, int], at_once: int = AT_ONCE
) -> list[tuple[str, Page, bool]]:
    """For each projection what comes after its seq, and whether there may be more of it."""
    cursor = db.cursor(binary=True)
    await cursor.execute(_LOOK, ([*lasts], [*lasts.values()], at_once + 1))
    found: dict[str, tuple[int, list[Change], Change | None, int]] = {}
    for projection, reached, purged, *columns in await cursor.fetchall():
        beyond = _beyond(projection, *columns[7:])
        _, changes, *_ = found.setdefault(projection, (reached, [], beyond, purged))
        if columns[0] is not None:
            changes.append(change(projection, *columns[:7]))
    return [(name, *_page(lasts[name], *rest, at_once)) for name, rest in found.items()]


def _page(
    after: int,
    reached: int,
    changes: Sequence[Change],
    beyond: Change | None,
    purged: int,
    at_once: int,
) -> tuple[Page, bool]:
    if len(changes) <= at_once:
        return Page(after, max(after, reached), changes, beyond, purged), False
    *changes, following = changes
    return Page(after, changes[-1].seq, changes, following, purged), True


def change(
    projection: str,
    seq: int,
    tenant: str,
    topic: str,
    position: int,
    document: bytes | None,
    first: bool,
    late: bool,
) -> Change:
    """Of a row of read.changes."""
    return Change(projection, seq, tenant, topic, position, document or b"null", first, late)


def _beyond(projection: str, seq: int | None, position: int, late: bool) -> Change | None:
    if seq is None:
        return None
    return Change(projection, seq, "", "", position, b"", late=late)
