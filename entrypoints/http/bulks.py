"""/bulks"""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Struct

from application.bulks import UNKNOWN, Batch, Ran, backwards
from application.bulks.items import Preview
from application.ports import Missing
from domain.bulks import Bulk
from domain.kernel import but
from entrypoints.http.bulking import (
    Confirm,
    Previewed,
    TheBulk,
    bulking,
    previewed,
)
from entrypoints.http.bulking import bulks as bulk_route
from entrypoints.http.caller import Caller
from entrypoints.http.routes import lists, reads, slices
from entrypoints.http.slicing import Slicing, slicing
from entrypoints.http.views import Paging, View
from projections import bulks

NEEDED = {
    "materials": ("materials:update",),
    "products": ("products:update", "products:soft_delete", "products:restore"),
}
NOTHING = Preview(
    0, dict.fromkeys(("create", "update", "delete", "restore", "unchanged"), 0), (), (), 0
)


class Undo(Struct, forbid_unknown_fields=True):
    """``confirm``: what the preview of the undoing answered with; without it, a preview."""

    confirm: Confirm | None = None


class BulksController(Controller):
    path = "/bulks"
    tags = ["bulks"]
    opt = {"projection": "bulks"}
    dependencies = {"bulk": Provide(bulking), "slicing": Provide(slicing)}

    @get("/", **lists("bulks:read", bulks.Bulk))
    async def all(
        self, view: NamedDependency[View], paging: NamedDependency[Paging]
    ) -> ASGIResponse:
        """The last first: the caller's own, for staff everybody's."""
        found = await bulks.bulks(view.db, whose(view.caller), paging.page, paging.limit)
        return view.page(found, paging)

    @get("/{id:uuid}", **reads("bulks:read", bulks.Bulk, UNKNOWN))
    async def one(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """How far one has come, for whoever sent it and staff."""
        return view.one(await bulks.bulk(view.db, str(id), whose(view.caller)), UNKNOWN)

    @get("/{id:uuid}/refusals", **slices("bulks:read", bulks.Refused, UNKNOWN))
    async def refusals(
        self, id: FromPath[UUID], view: NamedDependency[View], slicing: NamedDependency[Slicing]
    ) -> ASGIResponse:
        """The items that it left as they were, and why, in their order."""
        if await bulks.bulk(view.db, str(id), whose(view.caller)) is None:
            raise Missing(UNKNOWN)
        return view.sliced(await bulks.refusals(view.db, str(id), slicing.before, slicing.limit))

    @post("/{id:uuid}/undo", **bulk_route("bulks:create", missing=UNKNOWN))
    async def undo(
        self, id: FromPath[UUID], data: JSONBody[Undo], bulk: TheBulk
    ) -> Previewed | Ran:
        """Set all that it has changed back to what it was, but for what was changed since; what it
        created is retired. Without ``confirm`` a preview."""
        caller, cases = bulk.caller, bulk.souk.bulks
        owner = caller.as_owner("bulks")
        undone, batch = await cases.undoing(bulk.call, str(id), owner)
        for permission in NEEDED[undone.kind]:
            caller.need(permission)
        if undone.undone_by and not batch.stopped_by and data.confirm is None:
            return previewed(undone.undone_by, NOTHING, None, None, undone.undone_by)

        async def source(id: str, begun: Bulk | None) -> Batch:
            ids = batch.ids if begun is None else begun.ids
            return but(batch, owner=caller.as_owner(undone.kind), items=backwards(ids), ids=ids)

        return await bulk.answer(data, source, undone.undone_by)


def whose(caller: Caller) -> str | None:
    return None if caller.sees_all("bulks") else caller.user
