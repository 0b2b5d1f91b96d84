"""Refunds: what was paid for an order that is cancelled goes back, or is no longer due."""

from application.commands import Commands
from application.policies.kernel import Policy
from application.ports import Answer, Call, Receipt
from application.work import Work
from domain import orders, payments
from domain.kernel import Recorded
from domain.orders import Order
from domain.payments import CancelShare


async def cancelled(commands: Commands, call: Call, recorded: Recorded) -> None:
    async def attempt(work: Work) -> Answer:
        order: Order = await work.load(orders, recorded.id)
        await work.decide(payments, order.checkout, CancelShare(recorded.id))
        return work.receipt(payments, order.checkout)

    await commands.run(call, Receipt, attempt)


REFUNDS = Policy("refunds", {orders.OrderCancelled: cancelled})
