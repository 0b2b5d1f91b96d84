"""Categories: a tenant's shelves. One stream for the whole tree, so that two moves which would
close a loop together meet in it, and the second is decided again."""

import re
from collections.abc import Iterator, Mapping
from typing import assert_never

from domain.categories.words import (
    COMMANDS,
    EVENTS,
    CategoryCreated,
    CategoryMoved,
    CategoryPurged,
    CategoryRenamed,
    CategoryRestored,
    CategoryRetired,
    CreateCategory,
    MoveCategory,
    PurgeCategory,
    RenameCategory,
    RestoreCategory,
    RetireCategory,
)
from domain.kernel import Rejected, Value, but

__all__ = [
    "COMMANDS",
    "EMPTY",
    "EVENTS",
    "LEVELS",
    "MOST",
    "SLUG",
    "Category",
    "CategoryCreated",
    "CategoryMoved",
    "CategoryPurged",
    "CategoryRenamed",
    "CategoryRestored",
    "CategoryRetired",
    "CreateCategory",
    "MoveCategory",
    "PurgeCategory",
    "RenameCategory",
    "RestoreCategory",
    "RetireCategory",
    "Tree",
    "decide",
    "evolve",
]

LEVELS, MOST = 8, 1_000  # retired ones count: they may be restored
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)


class Category(Value):
    name: str
    slug: str  # unique among those that are not retired
    parent: str | None
    retired: bool = False
    purged: bool = False  # and retired


class Tree(Value):
    """A tenant's categories by id. What lives has living parents up to the top."""

    categories: dict[str, Category] = {}

    def get(self, id: str) -> Category | None:
        return self.categories.get(id)

    def above(self, id: str | None) -> Iterator[str]:
        """It, its parent, and so on up to the top."""
        while id is not None:
            yield id
            id = self.categories[id].parent


EMPTY = Tree()


def decide(tree: Tree, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, CreateCategory):
        return _create(tree, command)
    known = tree.get(command.category)
    if known is None:
        raise Rejected("categories.unknown_category")
    if known.purged and not isinstance(command, PurgeCategory):
        raise Rejected("categories.purged", "it is gone for good")
    match command:
        case RenameCategory():
            return _rename(tree, known, command)
        case MoveCategory():
            return _move(tree, known, command)
        case RetireCategory(category=id):
            return [] if known.retired else _retire(tree, id)
        case RestoreCategory(category=id):
            return _restore(tree, id, known) if known.retired else []
        case PurgeCategory(category=id):
            return [] if known.purged else _purge(tree, id, known)
        case _:
            assert_never(command)


def _create(tree: Tree, new: CreateCategory) -> list[EVENTS]:
    if tree.get(new.category):
        raise Rejected("categories.category_exists")
    if sum(not one.purged for one in tree.categories.values()) >= MOST:
        raise Rejected("categories.too_many", f"at most {MOST}, with those that are retired")
    _check_name(new.name)
    _check_slug(tree, new.slug, new.category)
    _check_parent(tree, new.parent)
    _check_depth(tree, new.parent, 1)
    return [CategoryCreated(new.category, new.name, new.slug, new.parent)]


def _rename(tree: Tree, known: Category, command: RenameCategory) -> list[EVENTS]:
    slug = known.slug if command.slug is None else command.slug
    _check_lives(known)
    _check_name(command.name)
    _check_slug(tree, slug, command.category)
    if (command.name, slug) == (known.name, known.slug):
        return []
    return [CategoryRenamed(command.category, command.name, slug)]


def _move(tree: Tree, known: Category, command: MoveCategory) -> list[EVENTS]:
    id, parent = command.category, command.parent
    _check_lives(known)
    if parent == known.parent:
        return []
    _check_parent(tree, parent)
    if id in tree.above(parent):
        raise Rejected("categories.cycle", "nothing is below itself")
    _check_depth(tree, parent, _height(tree, id))
    return [CategoryMoved(id, parent)]


def _retire(tree: Tree, id: str) -> list[EVENTS]:
    if any(child.parent == id and not child.retired for child in tree.categories.values()):
        raise Rejected("categories.not_empty", "move or retire what is below it first")
    return [CategoryRetired(id)]


def _restore(tree: Tree, id: str, known: Category) -> list[EVENTS]:
    _check_parent(tree, known.parent)
    _check_slug(tree, known.slug, id)
    return [CategoryRestored(id)]


def _purge(tree: Tree, id: str, known: Category) -> list[EVENTS]:
    """What is retired below it would have no place to come back to."""
    if not known.retired:
        raise Rejected("categories.not_retired", "retire the category first")
    if any(child.parent == id and not child.purged for child in tree.categories.values()):
        raise Rejected("categories.not_empty", "purge what is below it first")
    return [CategoryPurged(id)]


def _check_lives(category: Category) -> None:
    if category.retired:
        raise Rejected("categories.retired", "restore the category first")


def _check_name(name: str) -> None:
    if not name.strip():
        raise Rejected("categories.name_missing")


def _check_slug(tree: Tree, slug: str, id: str) -> None:
    if not SLUG.fullmatch(slug):
        raise Rejected("categories.slug_malformed", "lower-case letters, digits and single hyphens")
    for other, category in tree.categories.items():
        if category.slug == slug and other != id and not category.retired:
            raise Rejected("categories.slug_taken", f"{slug} is taken")


def _check_parent(tree: Tree, parent: str | None) -> None:
    if parent is None:
        return
    found = tree.get(parent)
    if found is None:
        raise Rejected("categories.unknown_parent")
    if found.retired:
        raise Rejected("categories.parent_retired", "restore what it is to stand below first")


def _check_depth(tree: Tree, parent: str | None, levels: int) -> None:
    """``levels``: of what comes below that parent."""
    if sum(1 for _ in tree.above(parent)) + levels > LEVELS:
        raise Rejected("categories.too_deep", f"at most {LEVELS} levels")


def _height(tree: Tree, id: str) -> int:
    """Levels from it down, retired ones too: they may come back."""
    children: dict[str | None, list[str]] = {}
    for child, category in tree.categories.items():
        if category.purged:
            continue
        children.setdefault(category.parent, []).append(child)
    level, height = [id], 0
    while level:
        level, height = [c for at in level for c in children.get(at, ())], height + 1
    return height


def evolve(tree: Tree, event: EVENTS) -> Tree:
    match event:
        case CategoryCreated(category=id, name=name, slug=slug, parent=parent):
            return _with(tree.categories, id, Category(name, slug, parent))
        case CategoryRenamed(category=id, name=name, slug=slug):
            return _changed(tree.categories, id, name=name, slug=slug)
        case CategoryMoved(category=id, parent=parent):
            return _changed(tree.categories, id, parent=parent)
        case CategoryRetired(category=id):
            return _changed(tree.categories, id, retired=True)
        case CategoryRestored(category=id):
            return _changed(tree.categories, id, retired=False)
        case CategoryPurged(category=id):
            return _changed(tree.categories, id, purged=True)
        case _:
            assert_never(event)


def _changed(categories: Mapping[str, Category], id: str, **changes: object) -> Tree:
    return _with(categories, id, but(categories[id], **changes))


def _with(categories: Mapping[str, Category], id: str, category: Category) -> Tree:
    return Tree({**categories, id: category})
