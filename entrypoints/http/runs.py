"""/costing/runs"""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter
from litestar.response.base import ASGIResponse

from entrypoints.http.costing import Owner, whose
from entrypoints.http.routes import reads, slices
from entrypoints.http.slicing import Slicing, slicing
from entrypoints.http.views import MOST, View
from projections import costruns

UNKNOWN = "costruns.unknown_run"


class RunsController(Controller):
    path = "/costing/runs"
    tags = ["costing"]
    opt = {"projection": "costruns"}
    dependencies = {"slicing": Provide(slicing)}

    @get("/", **slices("costing:read", costruns.Run))
    async def runs(
        self,
        view: NamedDependency[View],
        slicing: NamedDependency[Slicing],
        owner: Owner = None,
    ) -> ASGIResponse:
        """Roll-ups that take several appends, the last cause first: the caller's own; for staff
        everybody's, or one ``owner``'s."""
        mine = whose(view.caller, owner)
        return view.sliced(await costruns.runs(view.db, mine, slicing.before, slicing.limit))

    @get("/{position:int}", **reads("costing:read", costruns.Run, UNKNOWN))
    async def one(
        self,
        position: Annotated[int, PathParameter(ge=1, le=MOST)],
        view: NamedDependency[View],
    ) -> ASGIResponse:
        """One roll-up, by the position of what caused it."""
        return view.one(await costruns.run(view.db, str(position), whose(view.caller)), UNKNOWN)
