"""/analytics"""

from datetime import date, timedelta
from typing import Annotated, TypeAlias

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response.base import ASGIResponse

from application.ports import Forbidden
from entrypoints.http.names import NAME
from entrypoints.http.problems import Problem
from entrypoints.http.routes import lists, reads
from entrypoints.http.views import Paging, View
from projections import analytics

LONGEST = timedelta(days=366)
From: TypeAlias = Annotated[date, QueryParameter(name="from", description="first day, UTC")]
To: TypeAlias = Annotated[date, QueryParameter(name="to", description="last day, UTC")]
Of: TypeAlias = Annotated[
    str | None, QueryParameter(name="seller", pattern=NAME, description="for staff: whose")
]


class AnalyticsController(Controller):
    path = "/analytics"
    tags = ["analytics"]
    opt = {"projection": "analytics"}

    @get("/dashboard", **reads("analytics:view", analytics.Seller, "analytics.unknown_seller"))
    async def dashboard(self, view: NamedDependency[View], seller: Of = None) -> ASGIResponse:
        """A seller's orders per status, units sold and revenue; kept up to date as it happens."""
        found = await analytics.dashboard(view.counts, _whose(view, seller))
        return view.one(found, "analytics.unknown_seller")

    @get("/revenue", **lists("analytics:view", analytics.Day))
    async def revenue(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        first: From,
        last: To,
        seller: Of = None,
    ) -> ASGIResponse:
        """What was paid less what was refunded, by day; only days on which money moved."""
        of = _whose(view, seller)
        found = await analytics.revenue(view.db, of, first, last, paging.page, paging.limit)
        return view.page(found, paging)

    @get("/top-products", **lists("analytics:view", analytics.ProductSales))
    async def top_products(
        self, view: NamedDependency[View], paging: NamedDependency[Paging], seller: Of = None
    ) -> ASGIResponse:
        """A seller's products by revenue, under the names they have now."""
        of = _whose(view, seller)
        return view.page(
            await analytics.top_products(view.db, of, paging.page, paging.limit), paging
        )

    @get("/reels", **lists("analytics:view", analytics.ReelPerformance))
    async def reels(
        self, view: NamedDependency[View], paging: NamedDependency[Paging], seller: Of = None
    ) -> ASGIResponse:
        """A seller's reels by what they sold: watched, liked, put into carts, bought."""
        of = _whose(view, seller)
        return view.page(await analytics.reels(view.db, of, paging.page, paging.limit), paging)

    @get("/sales", **reads("analytics:view", analytics.Sales))
    async def sales(self, view: NamedDependency[View]) -> ASGIResponse:
        """The whole tenant's totals, for staff."""
        if not view.caller.sees_all("analytics"):
            raise Forbidden("forbidden")
        found = await analytics.sales(view.counts)
        return view.one(found, "") if found else view.document(analytics.Sales())

    @get("/sales/days", **reads("analytics:view", analytics.SalesByDay))
    async def sales_by_day(
        self, view: NamedDependency[View], first: From, last: To
    ) -> ASGIResponse:
        """What the whole tenant was paid less what it refunded, by day, for staff."""
        if not view.caller.sees_all("analytics"):
            raise Forbidden("forbidden")
        if last - first > LONGEST:
            raise Problem(400, "malformed", f"at most {LONGEST.days} days")
        return view.document(await analytics.sales_by_day(view.db, first, last))


def _whose(view: View, seller: str | None) -> str:
    """Staff may name a seller; everybody else sees their own."""
    if seller is None or seller == view.caller.user:
        return view.caller.user
    if not view.caller.sees_all("analytics"):
        raise Forbidden("forbidden")
    return seller
