"""Categories: one row each, and the whole tree of a tenant in one document."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from domain.categories import (
    CategoryCreated,
    CategoryMoved,
    CategoryPurged,
    CategoryRenamed,
    CategoryRestored,
    CategoryRetired,
)
from domain.kernel import Recorded, but
from projections.kernel import Document, Found, Reader, Table, one, own

VERSION = 2


class Category(Document):
    """``version``: of the tree, when this category last changed. ``parent`` null: at the top."""

    id: str
    version: int
    name: str
    slug: str
    parent: str | None
    retired: bool
    created_at: datetime


class Branch(Document):
    """``depth``: 1 at the top."""

    id: str
    name: str
    slug: str
    parent: str | None
    depth: int
    retired: bool


class Tree(Document):
    """``items``: each right behind its parent or what is below its elder siblings, by name; the
    retired ones too, since products may still be in them."""

    id: str
    version: int
    items: list[Branch]


def evolve(category: Category | None, recorded: Recorded, id: str) -> Category | None:
    event, version = recorded.event, recorded.version
    if isinstance(event, CategoryCreated):
        at = recorded.occurred_at
        return Category(id, version, event.name, event.slug, event.parent, False, at)
    if category is None or isinstance(event, CategoryPurged):
        return None
    category = but(category, version=version)
    match event:
        case CategoryRenamed(name=name, slug=slug):
            return but(category, name=name, slug=slug)
        case CategoryMoved(parent=parent):
            return but(category, parent=parent)
        case CategoryRetired():
            return but(category, retired=True)
        case CategoryRestored():
            return but(category, retired=False)
    return category


def _grown(tree: Tree | None, recorded: Recorded, id: str) -> Tree:
    known = {branch.id: branch for branch in tree.items} if tree else {}
    match recorded.event:
        case CategoryCreated(category=category, name=name, slug=slug, parent=parent):
            known[category] = Branch(category, name, slug, parent, 1, False)
        case CategoryRenamed(category=category, name=name, slug=slug):
            known[category] = but(known[category], name=name, slug=slug)
        case CategoryMoved(category=category, parent=parent):
            known[category] = but(known[category], parent=parent)
        case CategoryRetired(category=category):
            known[category] = but(known[category], retired=True)
        case CategoryRestored(category=category):
            known[category] = but(known[category], retired=False)
        case CategoryPurged(category=category):
            known.pop(category, None)
    return Tree(id, recorded.version, list(_in_order(known.values())))


def _in_order(branches: Iterable[Branch]) -> Iterator[Branch]:
    children: dict[str | None, list[Branch]] = {}
    for branch in sorted(branches, key=lambda b: (b.name.casefold(), b.id), reverse=True):
        children.setdefault(branch.parent, []).append(branch)
    waiting = [(branch, 1) for branch in children.get(None, ())]
    while waiting:
        branch, depth = waiting.pop()
        yield branch if branch.depth == depth else but(branch, depth=depth)
        waiting += [(child, depth + 1) for child in children.get(branch.id, ())]


KINDS = (
    CategoryCreated,
    CategoryRenamed,
    CategoryMoved,
    CategoryRetired,
    CategoryRestored,
    CategoryPurged,
)
CATEGORIES = Table(
    name="categories_categories",
    document=Category,
    on=dict.fromkeys(KINDS, lambda recorded: (recorded.event.category,)),
    evolve=evolve,
    topic=lambda id, category: f"categories.{id}",
)
TREES = Table(
    name="categories_trees",
    document=Tree,
    on=dict.fromkeys(KINDS, own),
    evolve=_grown,
)
TABLES = (CATEGORIES, TREES)


async def category(db: Reader, id: str) -> Found | None:
    return await one(db, CATEGORIES.name, id)


async def tree(db: Reader) -> Found:
    """The tenant's, which may be empty."""
    found = await one(db, TREES.name, db.tenant)
    return found or Found(db.tenant, 0, msgspec.json.encode(Tree(db.tenant, 0, [])))
