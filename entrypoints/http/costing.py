"""/costing"""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response.base import ASGIResponse

from application.costing import UNKNOWN, Costing
from application.ports import Call, Missing, Receipt
from domain import costing as rules
from entrypoints.http.caller import Caller
from entrypoints.http.commands import Creating, On, Sent, SentToCreate
from entrypoints.http.costings import (
    CostBreakdown,
    CostedName,
    NewCosted,
    OverheadRules,
    Recipe,
    SoldAs,
    TargetMargin,
    Tasks,
    breakdown,
)
from entrypoints.http.names import NAME, text
from entrypoints.http.routes import changes, creates, lists, reads, slices
from entrypoints.http.slicing import Slicing, slicing
from entrypoints.http.views import Paging, View
from entrypoints.http.whatif import NOTHING, SUPPOSING, Supposition, what_if
from entrypoints.wiring import Souk
from projections import costing

RETIRED = "costing.retired"
KNOWN = {"missing": UNKNOWN, "purged": "costing.purged"}
MONEY = (
    "money.malformed",
    "money.unknown_currency",
    "costing.currency_mixed",
    "costing.too_many_rules",
    "costing.amount_out_of_range",
)
COMPONENTS = (
    "quantities.malformed",
    "costing.makes_out_of_range",
    "costing.quantity_out_of_range",
    "costing.component_repeated",
    "costing.component_retired",
    "costing.unknown_component",
    "costing.currency_mixed",
    "costing.cycle",
    "costing.too_deep",
    "costing.too_many_nodes",
)
CALCULATING = changes("costing:read", *SUPPOSING, missing=UNKNOWN)
DEFINING = creates(
    "costing:create",
    "costing.name_malformed",
    "costing.currency_malformed",
    missing="tenants.unknown_tenant",
)
Owner: TypeAlias = Annotated[str | None, QueryParameter(pattern=NAME)]
Order: TypeAlias = FromQuery[Literal["newest", "oldest"]]
Sold: TypeAlias = FromQuery[UUID | None]
Search: TypeAlias = Annotated[str | None, QueryParameter(min_length=2, max_length=100)]
TheProduct: TypeAlias = NamedDependency[On[Costing]]


async def product(
    id: FromPath[UUID],
    call: Sent,
    caller: NamedDependency[Caller],
    souk: NamedDependency[Souk],
) -> On[Costing]:
    return On(souk.costing, call, str(id), caller.as_owner("costing"))


class CostingController(Controller):
    path = "/costing/products"
    tags = ["costing"]
    opt = {"projection": "costing"}
    dependencies = {"product": Provide(product), "slicing": Provide(slicing)}

    @post("/", **DEFINING)
    async def define(
        self,
        data: JSONBody[NewCosted],
        creating: SentToCreate,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Define a product. What goes into it is told next: its cost is unknown until then."""
        return await defined(data, creating, caller, souk)

    @post("/{id:uuid}/components", **changes("costing:update", *COMPONENTS, RETIRED, **KNOWN))
    async def components(self, data: JSONBody[Recipe], product: TheProduct) -> Receipt:
        """Say what a batch takes; all components are replaced. What uses it is costed anew."""
        return await product(Costing.set_components, data.command())

    @post(
        "/{id:uuid}/labour",
        **changes(
            "costing:update",
            "quantities.malformed",
            "costing.name_malformed",
            "costing.minutes_out_of_range",
            *MONEY,
            RETIRED,
            **KNOWN,
        ),
    )
    async def labour(self, data: JSONBody[Tasks], product: TheProduct) -> Receipt:
        """Say what work a batch is; all of it is replaced."""
        return await product(Costing.change, data.command())

    @post(
        "/{id:uuid}/overheads",
        **changes(
            "costing:update",
            "costing.name_malformed",
            "costing.overhead_malformed",
            *MONEY,
            RETIRED,
            **KNOWN,
        ),
    )
    async def overheads(self, data: JSONBody[OverheadRules], product: TheProduct) -> Receipt:
        """Say what is added to it; all rules are replaced."""
        return await product(Costing.change, data.command())

    @post("/{id:uuid}/margin", **changes("costing:update", RETIRED, **KNOWN))
    async def margin(self, data: JSONBody[TargetMargin], product: TheProduct) -> Receipt:
        """Say how much of its price is to be left over."""
        return await product(Costing.change, rules.SetMargin(data.margin))

    @post(
        "/{id:uuid}/rename",
        **changes("costing:update", "costing.name_malformed", RETIRED, **KNOWN),
    )
    async def rename(self, data: JSONBody[CostedName], product: TheProduct) -> Receipt:
        """Call it something else."""
        return await product(Costing.change, rules.RenameProduct(data.name))

    @post(
        "/{id:uuid}/sells",
        **changes(
            "costing:update",
            "costing.unknown_listing",
            "costing.listing_not_the_owners",
            "costing.listing_taken",
            "costing.currency_mixed",
            RETIRED,
            **KNOWN,
        ),
    )
    async def sells(self, data: JSONBody[SoldAs], product: TheProduct) -> Receipt:
        """Say as which product of the catalogue it is sold; null: as none. Both know of it."""
        return await product(Costing.sells, text(data.product))

    @post("/{id:uuid}/retire", **changes("costing:update", **KNOWN))
    async def retire(self, product: TheProduct) -> Receipt:
        """Take it off every list; what it is in still costs what it did."""
        return await product(Costing.change, rules.RetireProduct())

    @post(
        "/{id:uuid}/restore",
        **changes("costing:update", **KNOWN),
    )
    async def restore(self, product: TheProduct) -> Receipt:
        """Put a retired product back on the lists."""
        return await product(Costing.change, rules.RestoreProduct())

    @post("/{id:uuid}/calculate-costs", **CALCULATING)
    async def calculate(
        self,
        id: FromPath[UUID],
        call: Sent,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
        data: JSONBody[Supposition] = NOTHING,
    ) -> CostBreakdown:
        """What it costs by the log as it is now, line by line. With ``materials``: what it would
        cost if they did, and all else that would. Nothing is written."""
        return await calculated(id, data, call, caller, souk)

    @get("/", **lists("costing:read", costing.CostedProduct))
    async def all(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        q: Search = None,
        owner: Owner = None,
        retired: FromQuery[bool] = False,
        sells: Sold = None,
    ) -> ASGIResponse:
        """By name: the caller's own; for staff everybody's, or one ``owner``'s. ``sells``: the
        one that is sold as that product of the catalogue."""
        wanted = costing.Filter(whose(view.caller, owner), retired, q, text(sells))
        found = await costing.products(view.db, wanted, paging.page, paging.limit)
        return view.page(found, paging)

    @get("/{id:uuid}", **reads("costing:read", costing.CostedProduct, UNKNOWN))
    async def one(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """One product, for its owner and staff."""
        found = await costing.product(view.db, str(id), whose(view.caller))
        return view.one(found, UNKNOWN)

    @get("/{id:uuid}/sales", **slices("costing:read", costing.Sale, UNKNOWN))
    async def sales(
        self, id: FromPath[UUID], view: NamedDependency[View], slicing: NamedDependency[Slicing]
    ) -> ASGIResponse:
        """What sales of it have earned, the last first, each with its cost at the sale."""
        if await costing.product(view.db, str(id), whose(view.caller)) is None:
            raise Missing(UNKNOWN)
        found = await costing.sales(view.db, slicing.before, slicing.limit, costing=str(id))
        return view.sliced(found)

    @get("/{id:uuid}/timeline", **slices("costing:read", costing.Moment, UNKNOWN))
    async def timeline(
        self,
        id: FromPath[UUID],
        view: NamedDependency[View],
        slicing: NamedDependency[Slicing],
        order: Order = "newest",
    ) -> ASGIResponse:
        """How its cost changed, the last first, or the first: a series of ``at`` and ``cost``. A
        ``cursor`` goes on in the order that it came from."""
        if await costing.product(view.db, str(id), whose(view.caller)) is None:
            raise Missing(UNKNOWN)
        if order == "oldest":
            found = await costing.timeline_from(view.db, str(id), slicing.after, slicing.limit)
        else:
            found = await costing.timeline(view.db, str(id), slicing.before, slicing.limit)
        return view.sliced(found)


async def defined(data: NewCosted, creating: Creating, caller: Caller, souk: Souk) -> Receipt:
    owner = caller.acts_for("costing", data.owner) or caller.user
    return await souk.costing.define(creating, creating.id, data.command(owner))


async def calculated(
    id: UUID, told: Supposition, call: Call, caller: Caller, souk: Souk
) -> CostBreakdown:
    mine, supposed = whose(caller), told.costs()
    seen = await what_if(souk, call, mine, supposed) if supposed else None
    return breakdown(str(id), await souk.costing.computed(call, str(id), mine, supposed), seen)


def whose(caller: Caller, owner: str | None = None) -> str | None:
    return caller.sees_of("costing", owner)
