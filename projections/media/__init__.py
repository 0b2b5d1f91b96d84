"""Media: every asset, what waits for a worker, and the places that show what is published."""

import msgspec

from projections.kernel import Found, Page, Reader, given, one, page
from projections.media.assets import ASSETS, JOBS, Asset, Rendition
from projections.media.places import PLACES

__all__ = [
    "ASSETS",
    "JOBS",
    "PLACES",
    "TABLES",
    "VERSION",
    "Asset",
    "Rendition",
    "asset",
    "assets",
    "opened",
    "published",
]

VERSION = 3
TABLES = (PLACES, ASSETS, JOBS)


async def asset(db: Reader, id: str, owner: str | None) -> Found | None:
    """``owner``: whose it must be; None: anyone's."""
    if owner is None:
        return await one(db, ASSETS.name, id)
    return await one(db, ASSETS.name, id, "owner = %s", (owner,))


async def published(db: Reader, id: str) -> Found | None:
    return await one(db, ASSETS.name, id, "published")


async def assets(
    db: Reader, owner: str | None, status: str | None, number: int, limit: int
) -> Page:
    """Newest first."""
    asked = given(("owner = %s", owner), ("status = %s", status))
    return await page(db, ASSETS.name, *asked, "created_at DESC, id", number, limit)


def opened(found: Found) -> Asset:
    return _ASSET.decode(found.body)


_ASSET = msgspec.json.Decoder(Asset)
