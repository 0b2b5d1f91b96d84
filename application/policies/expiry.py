"""Expiry: stock is not kept for ever for a buyer who does not pay."""

from datetime import timedelta

from application.commands import Commands
from application.policies.kernel import Due, Timer
from application.ports import Answer, Call, Receipt
from application.work import Work
from domain import inventory, orders, payments
from domain.inventory import Extend, Keep, Release, Reservation
from domain.kernel import Rejected
from domain.orders import Order
from domain.payments import Payments

LONGER = timedelta(minutes=15)
KEEP = ("shipped", "delivered", "completed", "returned")  # their stock has left the shop


async def expired(commands: Commands, call: Call, due: Due) -> None:
    """Keep the order's stock for good if nothing but cash is lacking, a while longer, once, if its
    payment is under way; else let it go."""

    async def attempt(work: Work) -> Answer:
        order: Order = await work.load(orders, due.id)
        ledger: Payments = await work.load(payments, order.checkout)
        held = await _run_out(work, due, order)
        if held and (order.status in KEEP or (ledger.paid and order.status != "cancelled")):
            raise Rejected("policies.stock_is_being_taken", "look again later")
        for product, reservation in held.items():
            await work.decide(inventory, product, _answer(due, order, ledger, reservation))
        return work.receipt(orders, due.id)

    await commands.run(call, Receipt, attempt)


async def _run_out(work: Work, due: Due, order: Order) -> dict[str, Reservation]:
    items = await work.load_all(inventory, [line.product for line in order.lines])
    held = {product: item.reservations.get(due.id) for product, item in items.items()}
    return {
        product: reservation
        for product, reservation in held.items()
        if reservation and reservation.expires_at and reservation.expires_at <= due.now
    }


def _answer(
    due: Due, order: Order, ledger: Payments, reservation: Reservation
) -> Keep | Extend | Release:
    if ledger.cash_covers and order.status != "cancelled":
        return Keep(due.id)
    if ledger.awaiting and not reservation.extended:
        return Extend(due.id, due.now + LONGER)
    return Release(due.id, "expired")


EXPIRY = Timer("expiry", expired)
