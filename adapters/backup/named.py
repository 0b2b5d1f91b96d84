"""The files that a log names: what a bucket must hold for it."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from itertools import groupby

from msgspec import Struct

from adapters.log.codec import tag_of
from adapters.log.rows import COLUMNS, Row
from adapters.log.tail import house_codec
from adapters.media import keys
from adapters.postgres.pools import Connection
from domain.kernel import Recorded
from domain.media import Purged, Rejected, Rendered, Stored, UploadRequested

TAGS = [tag_of(kind) for kind in (UploadRequested, Stored, Rendered, Rejected, Purged)]
BATCH = 500  # events read at once
FOREVER = 2**62  # a position that no log reaches
_READ = (
    f"SELECT {COLUMNS} FROM log.events WHERE tag = ANY(%(tags)s) AND position <= %(until)s"
    " AND (%(tenant)s::text IS NULL OR tenant = %(tenant)s) ORDER BY stream, version"
)


class Named(Struct, frozen=True):
    """``position``: of the event that names it; ``asset``: <tenant>/<id>; ``sha256`` and ``size``:
    of its bytes, as far as the log says; ``awaited``: it may not have been sent yet."""

    key: str
    asset: str
    position: int
    sha256: str | None = None
    size: int | None = None
    awaited: bool = False


def files_of(past: Iterable[Recorded], since: int = FOREVER) -> list[Named]:
    """Of one asset: those that it has in the end, and those that it had at ``since`` or later."""
    found: dict[str, Named] = {}
    for recorded in past:
        if recorded.position <= since:
            for key in _gone(recorded, found):
                del found[key]
        found |= {named.key: named for named in added(recorded)}
    return list(found.values())


def added(recorded: Recorded) -> Iterator[Named]:
    """What one event says that there is."""
    tenant, event = recorded.tenant, recorded.event
    id = recorded.stream.split("/", 2)[2]
    about = f"{tenant}/{id}", recorded.position
    match event:
        case UploadRequested():
            yield Named(keys.upload(tenant, id), *about, awaited=True)
        case Stored(size=size):
            yield Named(keys.upload(tenant, id), *about, size=size)
        case Rendered(sha256=sha256):
            yield Named(keys.source(tenant, sha256), *about, sha256, event.size)
            for made in event.renditions:
                key = keys.rendition(tenant, sha256, event.crop, made.file)
                yield Named(key, *about, made.sha256, made.size)


def _gone(recorded: Recorded, found: dict[str, Named]) -> list[str]:
    """What one event says that there is no more: an upload goes once it was looked at."""
    match recorded.event:
        case Purged():
            return list(found)
        case Rendered() | Rejected():
            upload = keys.upload(recorded.tenant, recorded.stream.split("/", 2)[2])
            return [upload] if upload in found else []
    return []


async def named(
    db: Connection, until: int = FOREVER, since: int = FOREVER, tenant: str | None = None
) -> AsyncGenerator[Named, None]:
    """All that the log names, as far as ``until``; of all tenants, or of one. In any number: they
    are read as they are wanted."""
    async with db.transaction(), db.cursor("named", binary=True) as cursor:
        await cursor.execute(_READ, {"tags": TAGS, "until": until, "tenant": tenant})
        stream, past = "", list[Recorded]()
        while rows := await cursor.fetchmany(BATCH):
            for of, group in groupby((Row(*row) for row in rows), lambda row: row.stream):
                if of != stream:
                    for each in files_of(past, since):
                        yield each
                    stream, past = of, []
                past += [row.decoded(house_codec()) for row in group]
        for each in files_of(past, since):
            yield each
