"""/checkouts"""

from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from entrypoints.http.routes import lists, reads
from entrypoints.http.views import Paging, View
from projections import checkouts

UNKNOWN = "checkouts.unknown_checkout"


class CheckoutsController(Controller):
    path = "/checkouts"
    tags = ["checkouts"]
    opt = {"projection": "checkouts"}

    @get("/", **lists("checkouts:read", checkouts.Checkout))
    async def purchases(
        self, view: NamedDependency[View], paging: NamedDependency[Paging]
    ) -> ASGIResponse:
        """The caller's purchases, or everyone's for staff; newest first."""
        found = await checkouts.checkouts(view.db, _buyer(view), paging.page, paging.limit)
        return view.page(found, paging)

    @get("/{id:uuid}", **reads("checkouts:read", checkouts.Checkout, UNKNOWN))
    async def checkout(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """One purchase, with where each of its orders stands."""
        return view.one(await checkouts.checkout(view.db, str(id), _buyer(view)), UNKNOWN)


def _buyer(view: View) -> str | None:
    return None if view.caller.sees_all("checkouts") else view.caller.user
