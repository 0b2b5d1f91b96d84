"""/orders"""

from typing import TypeAlias
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from litestar.response.base import ASGIResponse

from application.orders import Orders
from application.ports import Receipt
from entrypoints.http.caller import Caller
from entrypoints.http.commands import On, Sent
from entrypoints.http.names import Code
from entrypoints.http.routes import changes, exports, lists, reads
from entrypoints.http.seeking import MALFORMED, Sought, sought
from entrypoints.http.steps import Cancellation, Promise, Returning, Shipping, Tracking
from entrypoints.http.views import Paging, View
from entrypoints.wiring import Souk
from projections import orders
from projections.kernel import Found
from projections.orders.documents import Order

UNKNOWN = "orders.unknown_order"
OWN = {"missing": UNKNOWN, "denied": "orders.not_yours"}
ILLEGAL = "orders.illegal_transition"
CANCELLING = (ILLEGAL, "orders.too_late_to_cancel", "orders.reason_malformed")


TheOrder: TypeAlias = NamedDependency[On[Orders]]


async def order(
    id: FromPath[UUID],
    call: Sent,
    caller: NamedDependency[Caller],
    souk: NamedDependency[Souk],
) -> On[Orders]:
    return On(souk.orders, call, str(id), caller.as_owner("orders"))


class OrdersController(Controller):
    path = "/orders"
    tags = ["orders"]
    opt = {"projection": "orders"}
    dependencies = {"order": Provide(order)}

    @post("/{id:uuid}/confirm", **changes("orders:update", ILLEGAL, **OWN))
    async def confirm(self, order: TheOrder) -> Receipt:
        """The seller takes it on; an order in cash takes its stock now."""
        return await order(Orders.confirm)

    @post("/{id:uuid}/start-processing", **changes("orders:update", ILLEGAL, **OWN))
    async def start_processing(self, order: TheOrder) -> Receipt:
        """The seller starts on it; from now on its buyer cannot cancel."""
        return await order(Orders.start_processing)

    @post("/{id:uuid}/ready", **changes("orders:update", ILLEGAL, **OWN))
    async def ready(self, order: TheOrder) -> Receipt:
        """It can be fetched, or served."""
        return await order(Orders.ready)

    @post(
        "/{id:uuid}/ship",
        **changes("orders:update", ILLEGAL, "orders.tracking_malformed", **OWN),
    )
    async def ship(self, data: JSONBody[Shipping], order: TheOrder) -> Receipt:
        """It is on its way; it cannot be cancelled any more. Said again, it corrects the number."""
        return await order(Orders.ship, data.tracking)

    @post(
        "/{id:uuid}/assign-tracking",
        **changes("orders:update", "orders.not_tracked", "orders.tracking_malformed", **OWN),
    )
    async def assign_tracking(self, data: JSONBody[Tracking], order: TheOrder) -> Receipt:
        """The parcel's number, before it is shipped or corrected afterwards."""
        return await order(Orders.assign_tracking, data.tracking)

    @post("/{id:uuid}/deliver", **changes("orders:update", ILLEGAL, **OWN))
    async def deliver(self, order: TheOrder) -> Receipt:
        """It has arrived."""
        return await order(Orders.deliver)

    @post("/{id:uuid}/complete", **changes("orders:update", ILLEGAL, **OWN))
    async def complete(self, order: TheOrder) -> Receipt:
        """It was handed over, or all is well after delivery."""
        return await order(Orders.complete)

    @post("/{id:uuid}/cancel", **changes("orders:update", *CANCELLING, missing=UNKNOWN))
    async def cancel(self, data: JSONBody[Cancellation], order: TheOrder) -> Receipt:
        """By its seller until it is shipped, by its buyer until the seller starts on it."""
        return await order(Orders.cancel, data.reason, data.note)

    @delete("/{id:uuid}", **changes("orders:update", *CANCELLING, missing=UNKNOWN))
    async def cancel_by_delete(
        self, order: TheOrder, reason: FromQuery[Code] = "unwanted"
    ) -> Receipt:
        """The same as cancel."""
        return await order(Orders.cancel, reason)

    @post(
        "/{id:uuid}/return", **changes("orders:update", ILLEGAL, "orders.reason_malformed", **OWN)
    )
    async def return_(self, data: JSONBody[Returning], order: TheOrder) -> Receipt:
        """It came back after delivery."""
        return await order(Orders.return_, data.reason)

    @post("/{id:uuid}/promise-delivery", **changes("orders:update", "orders.over", **OWN))
    async def promise_delivery(self, data: JSONBody[Promise], order: TheOrder) -> Receipt:
        """Say by when it will arrive."""
        return await order(Orders.promise_delivery, data.date)

    @post("/{id:uuid}/archive", **changes("orders:update", "orders.not_over", **OWN))
    async def archive(self, order: TheOrder) -> Receipt:
        """Take what is over off the seller's and the tenant's lists; its buyer still has it."""
        return await order(Orders.archive)

    @post("/{id:uuid}/unarchive", **changes("orders:update", **OWN))
    async def unarchive(self, order: TheOrder) -> Receipt:
        """Put it back on these lists."""
        return await order(Orders.unarchive)

    @get(
        "/",
        dependencies={"sought": Provide(sought)},
        **lists("orders:read", Order, malformed=MALFORMED),
    )
    async def listing(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        sought: NamedDependency[Sought],
    ) -> ASGIResponse:
        """What the caller bought, or sold (`as=seller`), or all orders for staff (`as=tenant`);
        newest first."""
        found = await orders.orders(view.db, sought.filter, paging.page, paging.limit)
        if sought.opened:
            return await view.opened_page(found, paging)
        return view.page(found, paging)

    @get(
        "/all",
        dependencies={"sought": Provide(sought)},
        **exports("orders:read", malformed=MALFORMED),
    )
    async def all(self, view: NamedDependency[View], sought: NamedDependency[Sought]) -> Stream:
        """All that the list finds, one JSON object a line, oldest first."""
        return await view.lines(orders.every(view.db, sought.filter), sought.opened)

    @get("/{id:uuid}", **reads("orders:read", Order, UNKNOWN))
    async def order(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """One order. Its personal part is for its buyer, its seller, and who manages orders."""
        user = None if view.caller.sees_all("orders") else view.caller.user
        found = await orders.order(view.db, str(id), user)
        if found and _may_open(view.caller, found):
            return await view.opened(found, UNKNOWN)
        return view.one(found, UNKNOWN)


def _may_open(caller: Caller, found: Found) -> bool:
    parties = orders.parties(found)
    return caller.manages("orders") or caller.user in (parties.buyer, parties.seller)
