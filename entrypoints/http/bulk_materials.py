"""/materials/bulk, and /yarns/bulk, which is the same for one kind"""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, delete, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from application.bulking.materials import Change
from application.bulks import MOST, Batch, Ran
from application.bulks.items import Op
from domain.bulks import Bulk
from domain.costs import UnitCost
from domain.costs import parse as cost_of
from domain.materials import Conversion
from domain.quantities import parse
from entrypoints.http.bulking import Bulking, Confirm, Previewed, TheBulk, bulking, bulks
from entrypoints.http.names import Line, Name, Short
from entrypoints.http.operations import each, given, items, texts
from entrypoints.http.supplies import Factor, Kind, NewMaterial, NewYarn, Quantity, kept
from entrypoints.http.views import View
from projections import materials

TEXTS = ("name", "brand", "colour", "attributes")
Search = Annotated[str, Meta(min_length=2, max_length=100)]


class YarnUpdates(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is not sent stays as it is; ``null`` takes it away."""

    name: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    brand: Short | UnsetType = UNSET
    colour: Short | UnsetType = UNSET
    attributes: dict[Line, Short] | UnsetType = UNSET
    conversions: list[Factor] | UnsetType = UNSET
    scrap: int | UnsetType = UNSET
    sku: Line | UnsetType | None = UNSET
    threshold: Quantity | UnsetType | None = UNSET
    standard_cost: UnitCost | UnsetType | None = UNSET

    def change(self, only: str | None) -> Change:
        """Rejects what is no quantity or no cost."""
        measuring = given(self, ("scrap",))
        if self.conversions is not UNSET:
            told = [Conversion(c.unit, parse(c.factor)) for c in self.conversions]
            measuring["conversions"] = tuple(told)
        return Change(
            given(self, (*TEXTS, *(("kind",) if hasattr(self, "kind") else ()))),
            measuring,
            self.sku,
            kept(self.threshold) if isinstance(self.threshold, str) else self.threshold,
            cost_of(c) if isinstance(c := self.standard_cost, UnitCost) else c,
            only=only,
        )


class MaterialUpdates(YarnUpdates, forbid_unknown_fields=True, kw_only=True):
    """What all of them are given; what is left out stays."""

    kind: Kind | UnsetType = UNSET


class YarnFilter(Struct, forbid_unknown_fields=True, kw_only=True):
    """Those that are not retired and meet all of it. ``low``: under their threshold; ``q``: a part
    of name, brand, colour, SKU or an attribute; ``owner``: whose they are; only staff name somebody
    else."""

    low: bool | None = None
    q: Search | None = None
    owner: Name | None = None
    ids: list[UUID] | None = None


class MaterialFilter(YarnFilter, forbid_unknown_fields=True, kw_only=True):
    """Which materials: those that fit all that is given."""

    kind: Kind | None = None


class CreateYarn(NewYarn, forbid_unknown_fields=True, kw_only=True, tag_field="op", tag="create"):
    """A yarn that is new, as one of many operations."""


class UpdateYarn(
    YarnUpdates, forbid_unknown_fields=True, kw_only=True, tag_field="op", tag="update"
):
    """What one yarn is given, as one of many operations; what is left out stays."""

    id: UUID


class DeleteMaterial(Struct, forbid_unknown_fields=True, tag_field="op", tag="delete"):
    """The same as retire."""

    id: UUID


class CreateMaterial(
    NewMaterial, forbid_unknown_fields=True, kw_only=True, tag_field="op", tag="create"
):
    """A material that is new, as one of many operations."""


class UpdateMaterial(
    MaterialUpdates, forbid_unknown_fields=True, kw_only=True, tag_field="op", tag="update"
):
    """What one material is given, as one of many operations; what is left out stays."""

    id: UUID


class YarnOperations(Struct, forbid_unknown_fields=True):
    """Each done in its turn. ``confirm``: what the preview of the same answered with; without
    it, a preview."""

    operations: list[CreateYarn | UpdateYarn | DeleteMaterial]
    confirm: Confirm | None = None


class MaterialOperations(Struct, forbid_unknown_fields=True):
    """Each done in its turn. ``confirm``: what the preview of the same answered with; without
    it, a preview."""

    operations: list[CreateMaterial | UpdateMaterial | DeleteMaterial]
    confirm: Confirm | None = None


class YarnsUpdated(Struct, forbid_unknown_fields=True):
    """``confirm``: what the preview of the same answered with; without it, a preview."""

    filter: YarnFilter
    updates: YarnUpdates
    confirm: Confirm | None = None


class MaterialsUpdated(Struct, forbid_unknown_fields=True):
    """``confirm``: what the preview of the same answered with; without it, a preview."""

    filter: MaterialFilter
    updates: MaterialUpdates
    confirm: Confirm | None = None


class YarnsDeleted(Struct, forbid_unknown_fields=True):
    """``confirm``: what the preview of the same answered with; without it, a preview."""

    filter: YarnFilter
    confirm: Confirm | None = None


class MaterialsDeleted(Struct, forbid_unknown_fields=True):
    """``confirm``: what the preview of the same answered with; without it, a preview."""

    filter: MaterialFilter
    confirm: Confirm | None = None


async def operated(
    data: YarnOperations | MaterialOperations, bulk: Bulking, only: str | None
) -> Previewed | Ran:
    caller, owner = bulk.caller, bulk.caller.as_owner("materials")
    if any(isinstance(operation, NewYarn) for operation in data.operations):
        caller.need("materials:create")

    def what(operation: Any) -> Any:
        if isinstance(operation, NewYarn):
            whose = caller.acts_for("materials", operation.owner) or caller.user
            return operation.command(whose, only or operation.kind)  # type: ignore[attr-defined]
        if isinstance(operation, DeleteMaterial):
            return Change(retire=True, only=only)
        return operation.change(only)

    async def source(id: str, begun: Bulk | None) -> Batch:
        return Batch("materials", owner, items(id, data.operations, what))

    return await bulk.answer(data, source)


async def changed(
    data: Any, change: Change, bulk: Bulking, view: View, only: str | None
) -> Previewed | Ran:
    """``change`` to all that the filter finds."""
    owner, asked = bulk.caller.as_owner("materials"), data.filter
    whose = bulk.caller.acts_for("materials", asked.owner)
    op: Op = "delete" if change.retire else "update"

    async def source(id: str, begun: Bulk | None) -> Batch:
        if begun is None:
            kind = only or asked.kind
            wanted = materials.Filter(whose, kind, asked.low, asked.q)
            ids = await materials.selected(view.db, wanted, texts(asked.ids), MOST + 1)
        else:
            ids = list(begun.ids)
        return Batch("materials", owner, each(ids, op, change), ids=tuple(ids))

    return await bulk.answer(data, source)


COSTS = (
    "quantities.malformed",
    "materials.quantity_too_fine",
    "costs.malformed",
    "money.unknown_currency",
)


class MaterialsBulkController(Controller):
    path = "/materials/bulk"
    tags = ["materials"]
    opt = {"projection": "materials"}
    dependencies = {"bulk": Provide(bulking)}

    @post("/", **bulks("materials:update"))
    async def operate(self, data: JSONBody[MaterialOperations], bulk: TheBulk) -> Previewed | Ran:
        """Add, update and retire up to 10,000 materials at once: without ``confirm`` a preview."""
        return await operated(data, bulk, None)

    @put("/", **bulks("materials:update", *COSTS))
    async def update(
        self, data: JSONBody[MaterialsUpdated], bulk: TheBulk, view: NamedDependency[View]
    ) -> Previewed | Ran:
        """Update all that a filter finds: the caller's own, for staff anyone's."""
        return await changed(data, data.updates.change(None), bulk, view, None)

    @delete("/", **bulks("materials:update"))
    async def retire(
        self, data: JSONBody[MaterialsDeleted], bulk: TheBulk, view: NamedDependency[View]
    ) -> Previewed | Ran:
        """Retire all that a filter finds: the caller's own, for staff anyone's."""
        return await changed(data, Change(retire=True), bulk, view, None)


class YarnsBulkController(Controller):
    path = "/yarns/bulk"
    tags = ["materials"]
    opt = {"projection": "materials"}
    dependencies = {"bulk": Provide(bulking)}

    @post("/", **bulks("materials:update"))
    async def operate(self, data: JSONBody[YarnOperations], bulk: TheBulk) -> Previewed | Ran:
        """The same as for materials of the kind yarn; others are not there."""
        return await operated(data, bulk, "yarn")

    @put("/", **bulks("materials:update", *COSTS))
    async def update(
        self, data: JSONBody[YarnsUpdated], bulk: TheBulk, view: NamedDependency[View]
    ) -> Previewed | Ran:
        """The same as for materials of the kind yarn."""
        return await changed(data, data.updates.change("yarn"), bulk, view, "yarn")

    @delete("/", **bulks("materials:update"))
    async def retire(
        self, data: JSONBody[YarnsDeleted], bulk: TheBulk, view: NamedDependency[View]
    ) -> Previewed | Ran:
        """The same as for materials of the kind yarn."""
        return await changed(data, Change(retire=True, only="yarn"), bulk, view, "yarn")
