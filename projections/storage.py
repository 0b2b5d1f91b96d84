"""Storage: what each tenant uses of its quota, and the objects whose files are still to go."""

from domain.kernel import Recorded, but
from domain.storage import (
    LARGEST_IMAGE,
    QUOTA,
    WARNING,
    ImagesLimited,
    ObjectDropped,
    ObjectErased,
    ObjectHeld,
    QuotaSet,
    SpaceFreed,
    SpaceTaken,
)
from projections.kernel import Document, Found, Reader, Table, one, own

VERSION = 1


class Usage(Document):
    """Bytes. ``warning``: 80 % or more are used."""

    id: str
    version: int = 0
    quota: int = QUOTA
    largest_image: int = LARGEST_IMAGE
    used: int = 0
    warning: bool = False


def evolve(usage: Usage | None, recorded: Recorded, id: str) -> Usage:
    found = but(usage or Usage(id), version=recorded.version)
    match recorded.event:
        case QuotaSet(quota=quota):
            found = but(found, quota=quota)
        case ImagesLimited(largest=largest):
            found = but(found, largest_image=largest)
        case SpaceTaken(size=size):
            found = but(found, used=found.used + size)
        case SpaceFreed(size=size):
            found = but(found, used=found.used - size)
    return but(found, warning=found.used >= WARNING * found.quota)


class Dropped(Document):
    """An object that nobody holds, and whose files are not known to be gone."""

    sha256: str
    size: int  # bytes


def _dropped(dropped: Dropped | None, recorded: Recorded, id: str) -> Dropped | None:
    if isinstance(event := recorded.event, ObjectDropped):
        return Dropped(id, event.size)
    return None


USAGE = Table(
    name="storage_usage",
    document=Usage,
    on=dict.fromkeys((QuotaSet, ImagesLimited, SpaceTaken, SpaceFreed), own),
    evolve=evolve,
    topic=lambda id, usage: f"storage.{id}",
)
DROPPED = Table(
    name="storage_dropped",
    document=Dropped,
    on=dict.fromkeys((ObjectDropped, ObjectErased, ObjectHeld), own),
    evolve=_dropped,
)
TABLES = (USAGE, DROPPED)


async def usage(db: Reader, id: str) -> Found | None:
    return await one(db, USAGE.name, id)
