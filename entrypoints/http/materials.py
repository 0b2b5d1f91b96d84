"""/materials, and /yarns, which are materials"""

from typing import Annotated, TypeAlias
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response.base import ASGIResponse

from application.materials import UNKNOWN, Materials
from application.ports import Missing, Receipt
from domain import materials as rules
from domain.costs import parse as cost_of
from entrypoints.http.caller import Caller
from entrypoints.http.commands import On, Sent, SentToCreate
from entrypoints.http.names import NAME
from entrypoints.http.routes import changes, creates, lists, reads, slices
from entrypoints.http.slicing import Slicing, slicing
from entrypoints.http.supplies import (
    CostBasis,
    Kind,
    LowLine,
    MaterialSku,
    MaterialText,
    Measures,
    NewMaterial,
    NewYarn,
    Recount,
    StandardCost,
)
from entrypoints.http.views import Paging, View
from entrypoints.wiring import Souk
from projections import materials

RETIRED = "materials.retired"
KNOWN = {"missing": UNKNOWN, "purged": "materials.purged"}
TEXT = ("materials.name_missing", "materials.attributes_too_many")
MEASURES = (
    "quantities.malformed",
    "materials.conversions_too_many",
    "materials.factor_out_of_range",
    "materials.unit_malformed",
    "materials.unit_repeated",
    "materials.scrap_out_of_range",
)
AMOUNT = (
    "quantities.malformed",
    "materials.unknown_unit",
    "materials.quantity_too_fine",
    "materials.stock_out_of_range",
)
COST = ("materials.currency_changed", "materials.cost_out_of_range")
ADDING = creates(
    "materials:create",
    *TEXT,
    *MEASURES,
    "materials.currency_malformed",
    missing="tenants.unknown_tenant",
    taken="materials.sku_taken",
)
Search: TypeAlias = Annotated[str | None, QueryParameter(min_length=2, max_length=100)]
Owner: TypeAlias = Annotated[str | None, QueryParameter(pattern=NAME)]
Low: TypeAlias = Annotated[bool | None, QueryParameter(description="under its threshold")]
TheMaterial: TypeAlias = NamedDependency[On[Materials]]


async def material(
    id: FromPath[UUID],
    call: Sent,
    caller: NamedDependency[Caller],
    souk: NamedDependency[Souk],
) -> On[Materials]:
    return On(souk.materials, call, str(id), caller.as_owner("materials"))


class MaterialsController(Controller):
    path = "/materials"
    tags = ["materials"]
    opt = {"projection": "materials"}
    dependencies = {"material": Provide(material), "slicing": Provide(slicing)}

    @post("/", **ADDING)
    async def add(
        self,
        data: JSONBody[NewMaterial],
        creating: SentToCreate,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Add a material. There is none of it yet: record a purchase, or adjust its stock."""
        return await added(data, data.kind, creating, caller, souk)

    @post("/basis", **changes("materials:manage", missing="tenants.unknown_tenant"))
    async def basis(
        self, data: JSONBody[CostBasis], call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """Say by which of its costs every material of the tenant is told."""
        return await souk.materials.set_basis(call, data.basis)

    @post("/{id:uuid}/describe", **changes("materials:update", *TEXT, RETIRED, **KNOWN))
    async def describe(self, data: JSONBody[MaterialText], material: TheMaterial) -> Receipt:
        """Say something else about it; all texts are replaced."""
        return await material(Materials.change, rules.DescribeMaterial(data.value()))

    @post("/{id:uuid}/measure", **changes("materials:update", *MEASURES, RETIRED, **KNOWN))
    async def measure(self, data: JSONBody[Measures], material: TheMaterial) -> Receipt:
        """Say which units it is bought in, and how much of it is lost; all are replaced."""
        return await material(Materials.change, rules.MeasureMaterial(data.value()))

    @post(
        "/{id:uuid}/sku",
        **changes("materials:update", RETIRED, **KNOWN, taken="materials.sku_taken"),
    )
    async def sku(self, data: JSONBody[MaterialSku], material: TheMaterial) -> Receipt:
        """Give it a number that no other material has, or none."""
        return await material(Materials.change, rules.AssignSku(data.sku))

    @post(
        "/{id:uuid}/adjust",
        **changes(
            "materials:update",
            *AMOUNT,
            "materials.below_zero",
            "materials.reason_malformed",
            RETIRED,
            **KNOWN,
        ),
    )
    async def adjust(
        self, data: JSONBody[Recount], material: TheMaterial, caller: NamedDependency[Caller]
    ) -> Receipt:
        """There is more or less of it than was known. Its costs stay."""
        return await material(Materials.change, data.command(caller.user))

    @post(
        "/{id:uuid}/threshold",
        **changes(
            "materials:update",
            "quantities.malformed",
            "materials.quantity_too_fine",
            "materials.threshold_out_of_range",
            RETIRED,
            **KNOWN,
        ),
    )
    async def threshold(self, data: JSONBody[LowLine], material: TheMaterial) -> Receipt:
        """Say from when on there is too little of it."""
        return await material(Materials.change, data.command())

    @post(
        "/{id:uuid}/standard-cost",
        **changes(
            "materials:update",
            "costs.malformed",
            "money.unknown_currency",
            *COST,
            RETIRED,
            **KNOWN,
        ),
    )
    async def standard_cost(self, data: JSONBody[StandardCost], material: TheMaterial) -> Receipt:
        """Set what it is to cost by the books, or that there is no such cost."""
        cost = None if data.cost is None else cost_of(data.cost)
        return await material(Materials.change, rules.SetStandardCost(cost))

    @post("/{id:uuid}/retire", **changes("materials:update", **KNOWN))
    async def retire(self, material: TheMaterial) -> Receipt:
        """Take it off every list; nothing is lost."""
        return await material(Materials.change, rules.RetireMaterial())

    @delete("/{id:uuid}", **changes("materials:update", **KNOWN))
    async def retire_by_delete(self, material: TheMaterial) -> Receipt:
        """The same as retire."""
        return await material(Materials.change, rules.RetireMaterial())

    @post(
        "/{id:uuid}/restore",
        **changes("materials:update", taken="materials.sku_taken", **KNOWN),
    )
    async def restore(self, material: TheMaterial) -> Receipt:
        """Put a retired material back on the lists."""
        return await material(Materials.change, rules.RestoreMaterial())

    @get("/", **lists("materials:read", materials.Material))
    async def all(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        kind: FromQuery[Kind | None] = None,
        low: Low = None,
        q: Search = None,
        owner: Owner = None,
        retired: FromQuery[bool] = False,
    ) -> ASGIResponse:
        """By name: the caller's own; for staff everybody's, or one ``owner``'s. ``q``: a part of
        name, brand, colour, SKU or an attribute."""
        wanted = materials.Filter(whose(view.caller, owner), kind, low, q, retired)
        found = await materials.materials(view.db, wanted, paging.page, paging.limit)
        return view.page(found, paging)

    @get("/{id:uuid}", **reads("materials:read", materials.Material, UNKNOWN))
    async def one(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """One material, for its owner and staff."""
        found = await materials.material(view.db, str(id), whose(view.caller))
        return view.one(found, UNKNOWN)

    @get("/{id:uuid}/purchases", **slices("materials:read", materials.Purchase, UNKNOWN))
    async def purchases(
        self, id: FromPath[UUID], view: NamedDependency[View], slicing: NamedDependency[Slicing]
    ) -> ASGIResponse:
        """What was bought of it, the last first, and how its average moved."""
        await _seen(view, id)
        found = await materials.purchases(view.db, str(id), slicing.before, slicing.limit)
        return view.sliced(found)

    @get("/{id:uuid}/adjustments", **slices("materials:read", materials.Adjustment, UNKNOWN))
    async def adjustments(
        self, id: FromPath[UUID], view: NamedDependency[View], slicing: NamedDependency[Slicing]
    ) -> ASGIResponse:
        """What was found to be more or less of it, the last first, with what was noted."""
        await _seen(view, id)
        found = await materials.adjustments(view.db, str(id), slicing.before, slicing.limit)
        return await view.opened_slice(found)


async def added(
    data: NewYarn, kind: str, creating: SentToCreate, caller: Caller, souk: Souk
) -> Receipt:
    owner = caller.acts_for("materials", data.owner) or caller.user
    return await souk.materials.add(creating, creating.id, data.command(owner, kind))


def whose(caller: Caller, owner: str | None = None) -> str | None:
    return caller.sees_of("materials", owner)


async def _seen(view: View, id: UUID) -> None:
    """Raises Missing: who may not see a material reads nothing of its past."""
    if await materials.material(view.db, str(id), whose(view.caller)) is None:
        raise Missing(UNKNOWN)
