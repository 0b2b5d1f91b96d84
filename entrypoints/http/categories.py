"""/categories"""

from typing import Annotated, TypeAlias
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from application.categories import UNKNOWN
from application.ports import Receipt
from domain import categories as rules
from entrypoints.http.commands import Sent, SentToCreate
from entrypoints.http.names import Line, text
from entrypoints.http.routes import changes, creates, reads
from entrypoints.http.views import View
from entrypoints.wiring import Souk
from projections import categories

Slug: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200, examples=["green-tea"])]
NAMES = ("categories.name_missing", "categories.slug_malformed", "categories.slug_taken")
PLACE = ("categories.unknown_parent", "categories.parent_retired")
RETIRED = "categories.retired"
KNOWN = {"missing": UNKNOWN, "purged": "categories.purged"}


class NewCategory(Struct, forbid_unknown_fields=True):
    """``parent`` null: it stands at the top."""

    name: Line
    slug: Slug
    parent: UUID | None = None


class NewName(Struct, forbid_unknown_fields=True):
    """``slug`` null: it keeps its own."""

    name: Line
    slug: Slug | None = None


class NewPlace(Struct, forbid_unknown_fields=True):
    """``parent`` null: to the top."""

    parent: UUID | None


class CategoriesController(Controller):
    path = "/categories"
    tags = ["categories"]
    opt = {"projection": "categories"}

    @post(
        "/",
        **creates(
            "categories:create", *NAMES, *PLACE, "categories.too_many", "categories.too_deep"
        ),
    )
    async def create(
        self,
        data: JSONBody[NewCategory],
        creating: SentToCreate,
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Put up a category, at the top or below another. The version is that of the tree."""
        new = rules.CreateCategory(creating.id, data.name, data.slug, text(data.parent))
        return await souk.categories.create(creating, new)

    @post("/{id:uuid}/rename", **changes("categories:update", *NAMES, RETIRED, **KNOWN))
    async def rename(
        self,
        id: FromPath[UUID],
        data: JSONBody[NewName],
        call: Sent,
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Call it something else; its products stay in it."""
        command = rules.RenameCategory(str(id), data.name, data.slug)
        return await souk.categories.change(call, command)

    @post(
        "/{id:uuid}/move",
        **changes(
            "categories:update",
            *PLACE,
            "categories.cycle",
            "categories.too_deep",
            RETIRED,
            **KNOWN,
        ),
    )
    async def move(
        self,
        id: FromPath[UUID],
        data: JSONBody[NewPlace],
        call: Sent,
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Put it elsewhere, with all that is below it."""
        return await souk.categories.change(call, rules.MoveCategory(str(id), text(data.parent)))

    @post(
        "/{id:uuid}/retire",
        **changes("categories:soft_delete", "categories.not_empty", **KNOWN),
    )
    async def retire(self, id: FromPath[UUID], call: Sent, souk: NamedDependency[Souk]) -> Receipt:
        """No product comes into it any more; those that are in it stay."""
        return await souk.categories.change(call, rules.RetireCategory(str(id)))

    @delete(
        "/{id:uuid}",
        **changes("categories:soft_delete", "categories.not_empty", **KNOWN),
    )
    async def retire_by_delete(
        self, id: FromPath[UUID], call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """The same as retire."""
        return await souk.categories.change(call, rules.RetireCategory(str(id)))

    @post(
        "/{id:uuid}/restore",
        **changes(
            "categories:restore",
            *PLACE,
            "categories.slug_taken",
            **KNOWN,
        ),
    )
    async def restore(self, id: FromPath[UUID], call: Sent, souk: NamedDependency[Souk]) -> Receipt:
        """Put a retired one back where it stood."""
        return await souk.categories.change(call, rules.RestoreCategory(str(id)))

    @get("/", **reads("categories:read", categories.Tree, shared=True))
    async def tree(self, view: NamedDependency[View]) -> ASGIResponse:
        """The whole tree, each category behind its parent."""
        found = await categories.tree(view.db)
        return view.sent(found.body, str(found.position))

    @get("/{id:uuid}", **reads("categories:read", categories.Category, UNKNOWN))
    async def one(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """One category, retired or not."""
        return view.one(await categories.category(view.db, str(id)), UNKNOWN)
