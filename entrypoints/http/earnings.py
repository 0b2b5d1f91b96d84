"""/costing/sales and /costing/calculate-costs: what sales have earned, and what if"""

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse

from entrypoints.http.caller import Caller
from entrypoints.http.commands import Sent
from entrypoints.http.costing import Owner, Sold, whose
from entrypoints.http.names import text
from entrypoints.http.routes import changes, slices
from entrypoints.http.slicing import Slicing, slicing
from entrypoints.http.views import View
from entrypoints.http.whatif import SUPPOSING, Supposition, WhatIf, what_if
from entrypoints.wiring import Souk
from projections import costing


class WhatIfController(Controller):
    path = "/costing/calculate-costs"
    tags = ["costing"]

    @post("/", **changes("costing:read", *SUPPOSING))
    async def suppose(
        self,
        data: JSONBody[Supposition],
        call: Sent,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> WhatIf:
        """If these materials cost that: all that would cost something else, and what would be sold
        under its margin. Nothing is written."""
        return await what_if(souk, call, whose(caller), data.costs())


class SalesController(Controller):
    path = "/costing/sales"
    tags = ["costing"]
    opt = {"projection": "costing"}
    dependencies = {"slicing": Provide(slicing)}

    @get("/", **slices("costing:read", costing.Sale))
    async def sales(
        self,
        view: NamedDependency[View],
        slicing: NamedDependency[Slicing],
        product: Sold = None,
        owner: Owner = None,
    ) -> ASGIResponse:
        """What sales have earned, the last first: the caller's own; for staff everybody's, or one
        ``owner``'s. ``product``: of the catalogue."""
        found = await costing.sales(
            view.db,
            slicing.before,
            slicing.limit,
            seller=whose(view.caller, owner),
            product=text(product),
        )
        return view.sliced(found)
