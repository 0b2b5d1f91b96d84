"""Refunds: what was paid for an order that is cancelled goes back, or is no longer due; what was
not paid for one that is back is not due either."""

from application.commands import Commands
from application.policies.kernel import Policy
from application.ports import Answer, Call, Receipt
from application.work import Work
from domain import orders, payments
from domain.kernel import Recorded
from domain.orders import Order
from domain.payments import CancelShare, Payments


async def cancelled(commands: Commands, call: Call, recorded: Recorded) -> None:
    async def attempt(work: Work) -> Answer:
        order: Order = await work.load(orders, recorded.id)
        await work.decide(payments, order.checkout, CancelShare(recorded.id))
        return work.receipt(payments, order.checkout)

    await commands.run(call, Receipt, attempt)


async def returned(commands: Commands, call: Call, recorded: Recorded) -> None:
    """What was paid for is left to staff, who look at the goods first."""

    async def attempt(work: Work) -> Answer:
        order: Order = await work.load(orders, recorded.id)
        ledger: Payments = await work.load(payments, order.checkout)
        if not ledger.paid and _unpaid(ledger, recorded.id):
            await work.decide(payments, order.checkout, CancelShare(recorded.id))
        return work.receipt(payments, order.checkout)

    await commands.run(call, Receipt, attempt)


def _unpaid(ledger: Payments, order: str) -> bool:
    """Whether the order's share is sure to be lacking: what came in is not enough for it, or
    others can be paid by all of that, so that nothing goes back."""
    owed = ledger.owed(order)
    if (ledger.collected(order) or 0) >= owed:
        return False
    others = sum(ledger.collected(s.order) or 0 for s in ledger.active if s.order != order)
    return ledger.held - others < owed or ledger.held <= ledger.due - owed


REFUNDS = Policy("refunds", {orders.OrderCancelled: cancelled, orders.OrderReturned: returned})
