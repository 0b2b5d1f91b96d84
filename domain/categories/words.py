"""The commands and events of categories."""

from domain.kernel import Command, Event


class CreateCategory(Command):
    """``parent`` None: it stands at the top."""

    category: str
    name: str
    slug: str
    parent: str | None = None


class RenameCategory(Command):
    """``slug`` None: it keeps its own."""

    category: str
    name: str
    slug: str | None = None


class MoveCategory(Command):
    """With all that is below it."""

    category: str
    parent: str | None


class RetireCategory(Command):
    category: str


class RestoreCategory(Command):
    category: str


class PurgeCategory(Command):
    """For good: what was retired does not come back."""

    category: str


class CategoryCreated(Event, tag="categories.category_created"):
    category: str
    name: str
    slug: str
    parent: str | None


class CategoryRenamed(Event, tag="categories.category_renamed"):
    category: str
    name: str
    slug: str


class CategoryMoved(Event, tag="categories.category_moved"):
    category: str
    parent: str | None


class CategoryRetired(Event, tag="categories.category_retired"):
    category: str


class CategoryRestored(Event, tag="categories.category_restored"):
    category: str


class CategoryPurged(Event, tag="categories.category_purged"):
    category: str


COMMANDS = (
    CreateCategory
    | RenameCategory
    | MoveCategory
    | RetireCategory
    | RestoreCategory
    | PurgeCategory
)
EVENTS = (
    CategoryCreated
    | CategoryRenamed
    | CategoryMoved
    | CategoryRetired
    | CategoryRestored
    | CategoryPurged
)
