"""What a projector's transaction changed, kept for its followers: the relay and the counters."""

from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from adapters.postgres.pools import Connection
from adapters.projector.documents import Stored

KEPT = "24 hours"
_WRITE = (
    "INSERT INTO read.changes (projection, tenant, topic, position, source, id, document, personal)"
    " SELECT %s, tenant, topic, position, source, id, convert_to(document::text, 'UTF8'),"
    " convert_to(personal::text, 'UTF8') FROM json_to_recordset(%s::json) AS rows"
    " (tenant text, topic text, position bigint, source text, id text, document json,"
    " personal json) ORDER BY position"
    " ON CONFLICT (tenant, topic, position, source, id) DO UPDATE"
    " SET document = excluded.document, personal = excluded.personal, seq = DEFAULT"
)
_PURGE = (
    "DELETE FROM read.changes c USING read.relays r WHERE r.projection = c.projection"
    f" AND c.seq <= r.seq AND c.changed_at < now() - interval '{KEPT}'"
)


class Change(NamedTuple):
    """One document at the position of its last event; ``stored`` None: the row is gone."""

    tenant: str
    topic: str  # empty: for the counters only
    position: int
    source: str
    id: str
    stored: Stored | None


class Kept(NamedTuple):
    """A change as its followers read it; never with personal data."""

    seq: int
    tenant: str
    topic: str
    position: int
    source: str
    id: str
    document: bytes | None


async def write(db: Connection, projection: str, changes: list[Change]) -> None:
    if changes:
        payload = msgspec.json.encode([_raw(change) for change in changes]).decode()
        await db.execute(_WRITE, (projection, payload))


def _raw(change: Change) -> dict[str, Any]:
    stored = change.stored.raw("document") if change.stored else {"document": Raw(b"null")}
    return {
        "tenant": change.tenant,
        "topic": change.topic,
        "position": change.position,
        "source": change.source,
        "id": change.id,
        **stored,
    }


async def after(db: Connection, projection: str, seq: int, limit: int) -> list[Kept]:
    """A projection's next changes, in the order of its commits."""
    cursor = db.cursor(binary=True)
    await cursor.execute(
        "SELECT seq, tenant, topic, position, source, id, document FROM read.changes"
        " WHERE projection = %s AND seq > %s ORDER BY seq LIMIT %s",
        (projection, seq, limit),
    )
    return [Kept(*row) for row in await cursor.fetchall()]


async def purge(db: Connection) -> None:
    """Forget what is older than a day, but nothing that is still to be sent."""
    await db.execute(_PURGE)
