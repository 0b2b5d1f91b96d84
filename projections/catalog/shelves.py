"""Shelves: the tenant's categories, as far as lists of products are narrowed by them."""

from domain.categories import (
    CategoryCreated,
    CategoryMoved,
    CategoryPurged,
    CategoryRenamed,
    CategoryRestored,
    CategoryRetired,
)
from domain.kernel import Recorded, but
from projections.kernel import Column, Document, Table


class Shelf(Document):
    slug: str
    parent: str | None
    retired: bool = False


def evolve(shelf: Shelf | None, recorded: Recorded, id: str) -> Shelf | None:
    event = recorded.event
    if isinstance(event, CategoryCreated):
        return Shelf(event.slug, event.parent)
    if shelf is None or isinstance(event, CategoryPurged):
        return None
    match event:
        case CategoryRenamed(slug=slug):
            return but(shelf, slug=slug)
        case CategoryMoved(parent=parent):
            return but(shelf, parent=parent)
        case CategoryRetired():
            return but(shelf, retired=True)
        case CategoryRestored():
            return but(shelf, retired=False)
    return shelf


SHELVES = Table(
    name="catalog_shelves",
    document=Shelf,
    on=dict.fromkeys(
        (
            CategoryCreated,
            CategoryRenamed,
            CategoryMoved,
            CategoryRetired,
            CategoryRestored,
            CategoryPurged,
        ),
        lambda recorded: (recorded.event.category,),
    ),
    evolve=evolve,
    columns={
        "slug": Column("text", lambda shelf: shelf.slug),
        "parent": Column("text", lambda shelf: shelf.parent),
        "retired": Column("boolean", lambda shelf: shelf.retired),
    },
    indexes=("slug", "parent"),
)
# Everything below one that is called so by its id or, while it is not retired, by its slug. There
# are no loops, but UNION would end in one, too.
BELOW = f"""ARRAY(WITH RECURSIVE below AS (
    SELECT id FROM read.{SHELVES.name}
    WHERE tenant = %s AND (id = %s OR (slug = %s AND NOT retired))
  UNION
    SELECT child.id FROM read.{SHELVES.name} AS child
    JOIN below ON child.tenant = %s AND child.parent = below.id)
SELECT id FROM below)"""


def on_shelf(tenant: str, category: str) -> tuple[str, tuple[str, ...]]:
    """A condition on products: in that category by their free text, or in it or anything below it
    by their place in the tree."""
    params = category, tenant, category, category, tenant
    return f"(category = %s OR category_id = ANY({BELOW}))", params
