"""What a projector's transaction changed, kept for its followers: the relay and the counters."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from adapters.postgres import packed
from adapters.postgres.pools import Connection
from adapters.projector import roundtrip
from adapters.projector.documents import Stored
from adapters.projector.roundtrip import at_once, slices

KEPT = "24 hours"
SLICE = 20_000  # changes that are purged at once, in well under a second
_ROWS = (
    "unnest(%(tenants)s, %(topics)s, %(positions)s, %(sources)s, %(ids)s, %(documents)s,"
    " %(personal)s, %(first)s)"
    " AS rows (tenant, topic, position, source, id, document, personal, first)"
)
_WRITE = (
    "INSERT INTO read.changes"
    " (projection, late, tenant, topic, position, source, id, document, personal, first)"
    " SELECT %(projection)s, %(late)s, tenant, topic, position, source, id, document, personal,"
    f" first <> 0 FROM {_ROWS}"
    # Without a topic first, so that those with one that are of one position are neighbours.
    " ORDER BY position, topic <> ''"
)
# Only what is late can come at a position where its row has changed: it takes that one's place.
_REPLACE = (
    "WITH gone AS (DELETE FROM read.changes c USING"
    f" (SELECT tenant, topic, position, source, id FROM {_ROWS}) AS r"
    " WHERE c.projection = %(projection)s AND c.seq > coalesce((SELECT m.seq FROM read.milestones m"
    " WHERE m.projection = c.projection AND m.position < r.position"
    " ORDER BY m.position DESC LIMIT 1), 0) AND (c.tenant, c.topic, c.position, c.source, c.id)"
    " = (r.tenant, r.topic, r.position, r.source, r.id)"
    " RETURNING c.tenant, c.topic, c.source, c.id, c.first)"
    " INSERT INTO read.changes"
    " (projection, late, tenant, topic, position, source, id, document, personal, first)"
    " SELECT %(projection)s, true, tenant, topic, position, source, id, document, personal,"
    " first <> 0 OR EXISTS (SELECT FROM gone g WHERE g.first AND (g.tenant, g.topic, g.source,"
    f" g.id) = (rows.tenant, rows.topic, rows.source, rows.id)) FROM {_ROWS}"
    " ORDER BY position, topic <> ''"
)
_KEPT = "seq, tenant, topic, position, source, id, document, first, late"
_UNSENT = (
    "SELECT r.projection, r.seq, own.* FROM read.relays AS r, LATERAL"
    f" (SELECT {_KEPT} FROM read.changes AS c WHERE c.projection = r.projection AND c.seq > r.seq"
    " ORDER BY c.seq LIMIT %s) AS own WHERE r.projection = ANY(%s) ORDER BY r.projection, own.seq"
)
_RELAYS = "SELECT projection, purged_seq, seq FROM read.relays ORDER BY projection"
_OLD = (
    "SELECT max(seq) FILTER (WHERE old), count(*) FILTER (WHERE old)"
    f" FROM (SELECT seq, changed_at < now() - interval '{KEPT}' AS old FROM read.changes"
    " WHERE projection = %(projection)s AND seq > %(after)s AND seq <= %(sent)s"
    " ORDER BY seq LIMIT %(most)s) AS slice"
)
_PURGE = (
    "WITH gone AS (DELETE FROM read.changes WHERE projection = %(projection)s"
    " AND seq > %(after)s AND seq <= %(upto)s RETURNING seq, position + late::int AS beyond)"
    " UPDATE read.relays SET purged = greatest(purged, past.beyond),"
    " purged_seq = greatest(purged_seq, past.seq)"
    " FROM (SELECT max(seq) AS seq, max(beyond) AS beyond FROM gone) AS past"
    " WHERE projection = %(projection)s"
)

MILESTONE = 1000  # changes from one to the next, about
_SENT = (
    "WITH sent AS (UPDATE read.relays SET seq = %(seq)s"
    " FROM (SELECT set_config('synchronous_commit', 'off', true)) AS soon"
    " WHERE projection = %(projection)s RETURNING projection, seq)"
    " INSERT INTO read.milestones (projection, position, seq)"
    " SELECT projection, %(position)s, seq FROM sent"
    f" WHERE seq >= {MILESTONE} + coalesce((SELECT m.seq FROM read.milestones m"
    " WHERE m.projection = sent.projection ORDER BY m.position DESC LIMIT 1), 0)"
    " ON CONFLICT DO NOTHING"
)
_PASSED = (
    "DELETE FROM read.milestones m USING read.relays r"
    " WHERE r.projection = m.projection AND m.position < r.purged"
)


class Change(NamedTuple):
    """One document at the position of its last event; ``stored`` None: the row is gone."""

    tenant: str
    topic: str  # empty: for the counters only
    position: int
    source: str
    id: str
    stored: Stored | None
    first: bool  # there was no such row


class Kept(NamedTuple):
    """A change as its followers read it; never with personal data."""

    seq: int
    tenant: str
    topic: str
    position: int
    source: str
    id: str
    document: bytes | None
    first: bool
    late: bool


async def write(db: Connection, projection: str, changes: list[Change], late: bool = False) -> None:
    """``late``: at a position that followers have passed."""
    if len(changes) > roundtrip.MOST:  # or each slice would be in order only in itself
        changes = sorted(changes, key=lambda change: (change.position, change.topic != ""))
    for part in slices(changes):
        await _write(db, projection, part, late)


async def _write(db: Connection, projection: str, changes: Sequence[Change], late: bool) -> None:
    tenants, topics, positions, sources, ids, stored, first = zip(*changes, strict=True)
    bodies, personal = zip(*[parts or (None, None) for parts in stored], strict=True)
    await db.execute(
        _REPLACE if late else _WRITE,
        {
            "projection": projection,
            "late": late,
            "tenants": packed.texts(tenants),
            "topics": packed.texts(topics),
            "positions": packed.integers(positions),
            "sources": packed.texts(sources),
            "ids": packed.texts(ids),
            "documents": packed.blobs(bodies),
            "personal": packed.blobs(personal),
            "first": packed.integers(first),
        },
    )


async def after(db: Connection, projection: str, seq: int, limit: int) -> list[Kept]:
    """A projection's next changes, in the order of its commits."""
    cursor = db.cursor(binary=True)
    await cursor.execute(
        f"SELECT {_KEPT} FROM read.changes WHERE projection = %s AND seq > %s"
        " ORDER BY seq LIMIT %s",
        (projection, seq, limit),
    )
    return [Kept(*row) for row in await cursor.fetchall()]


async def unsent(
    db: Connection, projections: packed.Texts, limit: int
) -> dict[str, tuple[int, list[Kept]]]:
    """How far each was sent of those that have more, and its next changes, as ``after``."""
    cursor = db.cursor(binary=True)
    await cursor.execute(_UNSENT, (limit, projections))
    found: dict[str, tuple[int, list[Kept]]] = {}
    for projection, sent, *row in await cursor.fetchall():
        found.setdefault(projection, (sent, []))[1].append(Kept(*row))
    return found


async def hold(db: Connection, projection: str) -> None:
    """Make what was just read last: the projector's commits do not wait for the disk, and nothing
    may leave Postgres that a crash could still take back. This commit does, and so do all before
    it, since they are in the same write-ahead log."""
    await db.execute("UPDATE read.relays SET seq = seq WHERE projection = %s", (projection,))


async def sent(db: Connection, lasts: Mapping[str, Kept]) -> None:
    """Note what was published of each projection, up to there; and now and then a milestone."""
    async with at_once(db):
        for projection, last in lasts.items():
            about = {"projection": projection, "seq": last.seq, "position": last.position}
            await db.execute(_SENT, about)


async def purge(db: Connection) -> bool:
    """Forget what is older than a day, but nothing that is still to be sent; and note how far.
    At most about one slice: whether there may be more."""
    relays, more = await (await db.execute(_RELAYS)).fetchall(), False
    for projection, after, sent in relays:
        if more := await _purge(db, projection, after, sent):
            break
    await db.execute(_PASSED)
    return more


async def _purge(db: Connection, projection: str, after: int, sent: int) -> bool:
    """From where the last purge came to: what is gone is not read through again. So all goes that
    is below the last old one, even if it is of a transaction that began some seconds later.

    Planned by the very numbers, since any others may be half the table."""
    about = {"projection": projection, "after": after, "sent": sent, "most": SLICE}
    upto, number = (await (await db.execute(_OLD, about, prepare=False)).fetchall())[0]
    if number:
        await db.execute(_PURGE, {**about, "upto": upto}, prepare=False)
    return bool(number == SLICE)
