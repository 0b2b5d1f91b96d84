"""/yarns, which are materials"""

from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response.base import ASGIResponse

from application.materials import UNKNOWN, Materials
from application.ports import Receipt
from domain import materials as rules
from entrypoints.http.caller import Caller
from entrypoints.http.commands import SentToCreate
from entrypoints.http.materials import (
    ADDING,
    KNOWN,
    MEASURES,
    RETIRED,
    TEXT,
    Low,
    Owner,
    Search,
    TheMaterial,
    added,
    material,
    whose,
)
from entrypoints.http.routes import changes, lists, reads
from entrypoints.http.supplies import NewYarn
from entrypoints.http.views import Paging, View
from entrypoints.wiring import Souk
from projections import materials


class YarnsController(Controller):
    path = "/yarns"
    tags = ["materials"]
    opt = {"projection": "materials"}
    dependencies = {"material": Provide(material)}

    @post("/", **ADDING)
    async def add(
        self,
        data: JSONBody[NewYarn],
        creating: SentToCreate,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """The same as adding a material of the kind yarn."""
        return await added(data, "yarn", creating, caller, souk)

    @put(
        "/{id:uuid}",
        **changes(
            "materials:update",
            *TEXT,
            *MEASURES,
            "materials.unit_stays",
            "materials.currency_changed",
            "materials.owner_stays",
            RETIRED,
            **KNOWN,
            taken="materials.sku_taken",
        ),
    )
    async def redefine(self, data: JSONBody[NewYarn], material: TheMaterial) -> Receipt:
        """The same as describing it, measuring it and giving it its SKU, at once. Its unit, its
        currency and its owner stay: told, they must be what they are."""
        return await material(Materials.change, data.again("yarn"), "yarn")

    @delete("/{id:uuid}", **changes("materials:update", **KNOWN))
    async def retire(self, material: TheMaterial) -> Receipt:
        """The same as retiring the material."""
        return await material(Materials.change, rules.RetireMaterial(), "yarn")

    @get("/{id:uuid}", **reads("materials:read", materials.Material, UNKNOWN))
    async def one(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """The same as one material; of another kind it is none."""
        found = await materials.material(view.db, str(id), whose(view.caller), "yarn")
        return view.one(found, UNKNOWN)

    @get("/", **lists("materials:read", materials.Material))
    async def all(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        low: Low = None,
        q: Search = None,
        owner: Owner = None,
        retired: FromQuery[bool] = False,
    ) -> ASGIResponse:
        """The same as the materials of the kind yarn."""
        wanted = materials.Filter(whose(view.caller, owner), "yarn", low, q, retired)
        found = await materials.materials(view.db, wanted, paging.page, paging.limit)
        return view.page(found, paging)
