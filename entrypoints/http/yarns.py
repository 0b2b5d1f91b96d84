"""/yarns, which are materials"""

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody
from litestar.response.base import ASGIResponse

from application.ports import Receipt
from entrypoints.http.caller import Caller
from entrypoints.http.commands import SentToCreate
from entrypoints.http.materials import ADDING, Low, Owner, Search, added, whose
from entrypoints.http.routes import lists
from entrypoints.http.supplies import NewYarn
from entrypoints.http.views import Paging, View
from entrypoints.wiring import Souk
from projections import materials


class YarnsController(Controller):
    path = "/yarns"
    tags = ["materials"]
    opt = {"projection": "materials"}

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
