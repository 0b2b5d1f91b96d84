"""/inventory"""

from typing import Annotated, TypeAlias

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, QueryParameter
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from application.inventory import Inventory
from application.ports import Receipt
from domain.inventory import MAX_QUANTITY
from entrypoints.http.caller import Caller
from entrypoints.http.commands import On, Sent
from entrypoints.http.names import NAME, Code, NamedInPath
from entrypoints.http.routes import changes, lists, reads
from entrypoints.http.views import Paging, View
from entrypoints.wiring import Souk
from projections import inventory, materials
from projections.inventory import Filter

UNKNOWN = "inventory.unknown_product"
ON_OWN = {"missing": UNKNOWN, "denied": "inventory.not_yours"}
COUNT = ("inventory.quantity_out_of_range", "inventory.reason_malformed")


class Delivery(Struct, forbid_unknown_fields=True):
    """Pieces that came in."""

    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY, description="pieces", examples=[20])]
    reason: Code = "delivery"


class Correction(Struct, forbid_unknown_fields=True):
    """What a count found: pieces that are there and were not known, or are missing."""

    delta: Annotated[
        int,
        Meta(ge=-MAX_QUANTITY, le=MAX_QUANTITY, description="pieces more, or fewer", examples=[-2]),
    ]
    reason: Code = "count"


class Threshold(Struct, forbid_unknown_fields=True):
    """Fewer available pieces than this are low; null: never."""

    threshold: Annotated[int, Meta(ge=0, le=MAX_QUANTITY, examples=[5])] | None


TheStock: TypeAlias = NamedDependency[On[Inventory]]


async def stock(
    product: NamedInPath,
    call: Sent,
    caller: NamedDependency[Caller],
    souk: NamedDependency[Souk],
) -> On[Inventory]:
    return On(souk.inventory, call, product, caller.as_owner("inventory"))


class InventoryController(Controller):
    path = "/inventory"
    tags = ["inventory"]
    opt = {"projection": "inventory"}
    dependencies = {"stock": Provide(stock)}

    @get("/", **lists("inventory:read", inventory.Item))
    async def items(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        seller: Annotated[str | None, QueryParameter(pattern=NAME)] = None,
        low: Annotated[bool | None, QueryParameter(description="under its threshold")] = None,
    ) -> ASGIResponse:
        """Stock by product name: the caller's own; for staff everybody's, or one ``seller``'s."""
        whose = view.caller.sees_of("inventory", seller)
        found = await inventory.items(view.db, Filter(whose, low), paging.page, paging.limit)
        return view.page(found, paging)

    @get("/dashboard", **reads("materials:read", materials.Dashboard, of="materials"))
    async def dashboard(
        self,
        view: NamedDependency[View],
        owner: Annotated[str | None, QueryParameter(pattern=NAME)] = None,
    ) -> ASGIResponse:
        """What there is of materials, and what it is worth: the caller's own; for staff
        everybody's, or one ``owner``'s."""
        whose = view.caller.sees_of("materials", owner)
        return view.document(await materials.dashboard(view.db, whose))

    @get("/{product:str}", **reads("inventory:read", inventory.Item, UNKNOWN))
    async def item(self, product: NamedInPath, view: NamedDependency[View]) -> ASGIResponse:
        """One product's stock, for its seller and staff; what anyone may order is on its page."""
        seller = None if view.caller.sees_all("inventory") else view.caller.user
        return view.one(await inventory.item(view.db, product, seller), UNKNOWN)

    @post("/{product:str}/receive", **changes("inventory:update", *COUNT, **ON_OWN))
    async def receive(self, data: JSONBody[Delivery], stock: TheStock) -> Receipt:
        """Pieces have come in."""
        return await stock(Inventory.receive, data.quantity, data.reason)

    @post(
        "/{product:str}/adjust",
        **changes("inventory:update", *COUNT, "inventory.below_reserved", **ON_OWN),
    )
    async def adjust(self, data: JSONBody[Correction], stock: TheStock) -> Receipt:
        """The count was wrong, or has changed: so many pieces more, or fewer."""
        return await stock(Inventory.adjust, data.delta, data.reason)

    @post(
        "/{product:str}/threshold",
        **changes("inventory:update", "inventory.threshold_out_of_range", **ON_OWN),
    )
    async def threshold(self, data: JSONBody[Threshold], stock: TheStock) -> Receipt:
        """Say from when on stock is low."""
        return await stock(Inventory.set_threshold, data.threshold)
