"""Orders: a seller runs their own; its buyer may see it, and cancel it in time."""

from datetime import date

from application.commands import Commands
from application.ports import Answer, Call, Forbidden, Missing, Receipt
from application.work import Work, stream_of
from domain import orders
from domain.kernel import Personal
from domain.orders import Order


class Orders:
    """One method per step. ``user``: who takes it; None for staff and policies.

    An order that is neither sold nor bought by ``user`` is Missing; its buyer is Forbidden
    every step but cancelling.
    """

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def confirm(self, call: Call, id: str, user: str | None) -> Receipt:
        return await self._step(call, id, user, orders.ConfirmOrder())

    async def start_processing(self, call: Call, id: str, user: str | None) -> Receipt:
        return await self._step(call, id, user, orders.StartProcessing())

    async def ready(self, call: Call, id: str, user: str | None) -> Receipt:
        return await self._step(call, id, user, orders.MakeReady())

    async def ship(
        self, call: Call, id: str, user: str | None, tracking: str | None = None
    ) -> Receipt:
        return await self._step(call, id, user, orders.ShipOrder(tracking))

    async def assign_tracking(
        self, call: Call, id: str, user: str | None, tracking: str
    ) -> Receipt:
        return await self._step(call, id, user, orders.AssignTracking(tracking))

    async def deliver(self, call: Call, id: str, user: str | None) -> Receipt:
        return await self._step(call, id, user, orders.DeliverOrder())

    async def complete(self, call: Call, id: str, user: str | None) -> Receipt:
        return await self._step(call, id, user, orders.CompleteOrder())

    async def return_(self, call: Call, id: str, user: str | None, reason: str) -> Receipt:
        return await self._step(call, id, user, orders.ReturnOrder(reason))

    async def promise_delivery(self, call: Call, id: str, user: str | None, day: date) -> Receipt:
        return await self._step(call, id, user, orders.PromiseDelivery(day))

    async def archive(self, call: Call, id: str, user: str | None) -> Receipt:
        return await self._step(call, id, user, orders.ArchiveOrder())

    async def unarchive(self, call: Call, id: str, user: str | None) -> Receipt:
        return await self._step(call, id, user, orders.UnarchiveOrder())

    async def cancel(
        self, call: Call, id: str, user: str | None, reason: str, note: str | None = None
    ) -> Receipt:
        """``reason``: a code of a-z and _; ``note``: the person's own words, kept sealed."""

        async def attempt(work: Work) -> Answer:
            order = await _known(work, id, user)
            words = Personal(user or order.buyer, note) if note else None
            as_buyer = user is not None and user != order.seller
            await work.decide(orders, id, orders.CancelOrder(reason, words, as_buyer))
            return work.receipt(orders, id)

        return await self._commands.run(call, Receipt, attempt, [_queue(call, id)])

    async def _step(
        self, call: Call, id: str, user: str | None, command: orders.COMMANDS
    ) -> Receipt:
        async def attempt(work: Work) -> Answer:
            order = await _known(work, id, user)
            if user not in (None, order.seller):
                raise Forbidden("orders.not_yours")
            await work.decide(orders, id, command)
            return work.receipt(orders, id)

        return await self._commands.run(call, Receipt, attempt, [_queue(call, id)])


def _queue(call: Call, id: str) -> str:
    return stream_of(call.tenant, orders, id)


async def _known(work: Work, id: str, user: str | None) -> Order:
    order: Order = await work.load(orders, id)
    if not order.exists or user not in (None, order.seller, order.buyer):
        raise Missing("orders.unknown_order")
    return order
