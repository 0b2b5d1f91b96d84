"""Materials: what there is of each, what it has cost, and how that came about."""

from collections.abc import Sequence

from domain.materials import KINDS
from domain.money import Money, Price
from projections.kernel import Document, Found, Page, Reader, ids_of, narrowed, one, page
from projections.materials.history import (
    ADJUSTMENTS,
    PURCHASES,
    Adjustment,
    Purchase,
    adjustments,
    purchases,
)
from projections.materials.stock import MATERIALS, Material

__all__ = [
    "ADJUSTMENTS",
    "MATERIALS",
    "PURCHASES",
    "TABLES",
    "VERSION",
    "Adjustment",
    "Dashboard",
    "Filter",
    "Material",
    "Purchase",
    "adjustments",
    "dashboard",
    "material",
    "materials",
    "purchases",
    "selected",
]

VERSION = 3
TABLES = (MATERIALS, PURCHASES, ADJUSTMENTS)


class Filter(Document):
    """What a list of materials is narrowed to; None: no such filter."""

    owner: str | None = None
    kind: str | None = None
    low: bool | None = None
    search: str | None = None
    retired: bool = False


class Counted(Document):
    """``low``: how many are under their threshold."""

    kind: str
    materials: int
    low: int


class Dashboard(Document):
    """Materials that are not retired. ``value``: what all stock is worth, one amount per
    currency; ``without_cost``: of how many there is stock whose worth is unknown."""

    materials: int
    low: int
    without_cost: int
    kinds: tuple[Counted, ...]
    value: tuple[Price, ...]


async def material(
    db: Reader, id: str, owner: str | None = None, kind: str | None = None
) -> Found | None:
    """``owner``: only if it is theirs; ``kind``: only if it is of that."""
    mine = "coalesce(owner = %s, true) AND coalesce(kind = %s, true)"
    return await one(db, MATERIALS.name, id, mine, (owner, kind))


async def materials(db: Reader, wanted: Filter, number: int, limit: int) -> Page:
    """By name."""
    found = narrowed(wanted, ("owner", "kind", "low"))
    return await page(db, MATERIALS.name, *found, "name, id", number, limit)


async def selected(db: Reader, wanted: Filter, ids: Sequence[str] | None, most: int) -> list[str]:
    found = narrowed(wanted, ("owner", "kind", "low"))
    return await ids_of(db, MATERIALS.name, *found, ids, most)


COUNTS = """
SELECT kind, currency, count(*), count(*) FILTER (WHERE low),
       count(*) FILTER (WHERE worth IS NULL AND stock > 0), coalesce(sum(worth), 0)
FROM read.materials_materials WHERE tenant = %s AND NOT retired AND coalesce(owner = %s, true)
GROUP BY kind, currency ORDER BY kind, currency
"""


async def dashboard(db: Reader, owner: str | None) -> Dashboard:
    """``owner``: of theirs only."""
    kinds = {kind: [0, 0] for kind in KINDS}
    worth: dict[str, int] = {}
    unknown = 0
    for kind, currency, number, low, without, value in await db.rows(COUNTS, (db.tenant, owner)):
        counted = kinds.setdefault(kind, [0, 0])
        counted[0] += number
        counted[1] += low
        unknown += without
        worth[currency] = worth.get(currency, 0) + int(value)
    return Dashboard(
        _total(kinds, 0),
        _total(kinds, 1),
        unknown,
        tuple(Counted(kind, *counted) for kind, counted in kinds.items()),
        tuple(Price.of(Money(minor, currency)) for currency, minor in sorted(worth.items())),
    )


def _total(kinds: dict[str, list[int]], part: int) -> int:
    return sum(counted[part] for counted in kinds.values())
