"""/projects, which are costed products"""

from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response.base import ASGIResponse

from application.costing import UNKNOWN, Costing
from application.ports import Receipt
from domain import costing as rules
from entrypoints.http.caller import Caller
from entrypoints.http.commands import Sent, SentToCreate
from entrypoints.http.costing import (
    CALCULATING,
    DEFINING,
    KNOWN,
    RETIRED,
    Owner,
    Search,
    TheProduct,
    calculated,
    defined,
    product,
    whose,
)
from entrypoints.http.costings import CostBreakdown, NewCosted
from entrypoints.http.routes import changes, lists, reads
from entrypoints.http.views import Paging, View
from entrypoints.http.whatif import NOTHING, Supposition
from entrypoints.wiring import Souk
from projections import costing


class ProjectsController(Controller):
    path = "/projects"
    tags = ["costing"]
    opt = {"projection": "costing"}
    dependencies = {"product": Provide(product)}

    @post("/", **DEFINING)
    async def define(
        self,
        data: JSONBody[NewCosted],
        creating: SentToCreate,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """The same as defining a costed product."""
        return await defined(data, creating, caller, souk)

    @put(
        "/{id:uuid}",
        **changes(
            "costing:update",
            "costing.name_malformed",
            "costing.currency_mixed",
            "costing.owner_stays",
            RETIRED,
            **KNOWN,
        ),
    )
    async def redefine(self, data: JSONBody[NewCosted], product: TheProduct) -> Receipt:
        """The same as renaming it and setting its margin, at once. Its currency and its owner
        stay: told, they must be what they are."""
        command = rules.RedefineProduct(data.name, data.margin, data.currency, data.owner)
        return await product(Costing.change, command)

    @delete("/{id:uuid}", **changes("costing:update", **KNOWN))
    async def retire(self, product: TheProduct) -> Receipt:
        """The same as retiring a costed product."""
        return await product(Costing.change, rules.RetireProduct())

    @get("/", **lists("costing:read", costing.CostedProduct))
    async def all(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        q: Search = None,
        owner: Owner = None,
        retired: FromQuery[bool] = False,
    ) -> ASGIResponse:
        """The same as the costed products."""
        mine = whose(view.caller, owner)
        wanted = costing.Filter(mine, retired, q)
        found = await costing.products(view.db, wanted, paging.page, paging.limit)
        return view.page(found, paging)

    @get("/{id:uuid}/complete", **reads("costing:read", costing.CostedProduct, UNKNOWN))
    async def one(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """The same as one costed product."""
        found = await costing.product(view.db, str(id), whose(view.caller))
        return view.one(found, UNKNOWN)

    @post("/{id:uuid}/calculate-costs", **CALCULATING)
    async def calculate(
        self,
        id: FromPath[UUID],
        call: Sent,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
        data: JSONBody[Supposition] = NOTHING,
    ) -> CostBreakdown:
        """The same as calculating a costed product."""
        return await calculated(id, data, call, caller, souk)
