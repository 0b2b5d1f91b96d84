"""Stock follows the money and the seller: taken when an order is paid or agreed, given back when
it is not to be."""

from application.commands import Commands
from application.orders import Orders
from application.policies.kernel import Policy, every, per
from application.ports import Answer, Call, Receipt
from application.work import Work, stream_of
from domain import inventory, orders, payments
from domain.inventory import Commit, Release, Restock
from domain.kernel import Recorded, Rejected
from domain.orders import GiveStockBack, Line, Order, TakeStock
from domain.payments import CASH, Payments

SHORT = "inventory.insufficient"
CANCELLED = "order_cancelled"
OFF = "cancelled"  # who wants no stock; what was returned did leave the shop
GONE = ("shipped", "delivered", "completed", "returned")  # their stock has left the shop


async def paid(commands: Commands, call: Call, recorded: Recorded) -> None:
    """Every order of the checkout takes its stock, or is cancelled when there is none left."""
    await every(
        take_or_cancel(commands, per(call, share.order), share.order)
        for share in recorded.event.shares
    )


async def take_or_cancel(commands: Commands, call: Call, order: str) -> None:
    try:
        await take(commands, call, order)
    except Rejected as refusal:
        if refusal.code != SHORT:
            raise
        await Orders(commands).cancel(per(call, "cancel"), order, None, "out_of_stock")


async def take(commands: Commands, call: Call, id: str, partly: bool = False) -> None:
    """The order's lines. Rejects ``inventory.insufficient`` and takes none; ``partly``: takes
    those there are."""

    async def attempt(work: Work) -> Answer:
        order: Order = await work.load(orders, id)
        if order.exists and order.status != OFF:
            wanted = [line for line in order.lines if line.product not in order.taken]
            await work.load_all(inventory, [line.product for line in wanted])
            taken = [line.product for line in wanted if await _took(work, id, line, partly)]
            await work.decide(orders, id, TakeStock(tuple(taken)))
        return work.receipt(orders, id)

    await commands.run(call, Receipt, attempt, await queues(commands, call, id))


async def _took(work: Work, id: str, line: Line, or_not: bool) -> bool:
    """Whether there is something to note."""
    try:
        return bool(await work.decide(inventory, line.product, Commit(id, line.quantity)))
    except Rejected as refusal:
        if not or_not or refusal.code != SHORT:
            raise
        return False


async def confirmed(commands: Commands, call: Call, recorded: Recorded) -> None:
    """The seller's word is enough when cash is all that is lacking; else the order waits for its
    payment."""
    order: Order = await commands.peek(call, orders, recorded.id)
    if order.cash or recorded.id in await _in_cash(commands, call, order.checkout):
        await take(commands, call, recorded.id)


async def _in_cash(commands: Commands, call: Call, checkout: str) -> list[str]:
    """The checkout's orders, if cash is all that is lacking."""

    async def found(work: Work) -> list[str]:
        return _covered_by(await work.load(payments, checkout))

    return await commands.look(call, found)


def _covered_by(ledger: Payments) -> list[str]:
    return [share.order for share in ledger.active] if ledger.cash_covers else []


async def intended(commands: Commands, call: Call, recorded: Recorded) -> None:
    placed = recorded.id == str(recorded.command_id)  # by the append that this is in
    if recorded.event.method == CASH and not placed:  # else nobody had confirmed anything yet
        await covered(commands, call, recorded)


async def covered(commands: Commands, call: Call, recorded: Recorded) -> None:
    """Cash may be all that is lacking from now on: of what the sellers confirmed before, too."""
    agreed = await _confirmed_by(commands, call, recorded.id)
    await every(take(commands, per(call, order), order) for order in agreed)


async def _confirmed_by(commands: Commands, call: Call, checkout: str) -> list[str]:
    """The checkout's orders that their sellers have confirmed, if cash is all that is lacking;
    none that was in cash from the beginning: those are agreed once they are confirmed."""

    async def found(work: Work) -> list[str]:
        placed = await work.load_all(orders, _covered_by(await work.load(payments, checkout)))
        return [id for id, order in placed.items() if order.status != "pending" and not order.cash]

    return await commands.look(call, found)


async def handed_over(commands: Commands, call: Call, recorded: Recorded) -> None:
    """What has left the shop is gone, paid or not; most of it was taken when it was paid.

    A line that is short keeps no other from being taken; then it is Rejected, to be seen.
    """
    if await _untaken(commands, call, recorded.id):
        await take(commands, call, recorded.id, partly=True)
        if short := await _untaken(commands, call, recorded.id):
            raise Rejected(SHORT, f"left the shop, but there is too little of {', '.join(short)}")


async def _untaken(commands: Commands, call: Call, id: str) -> list[str]:
    """The products that the order wants and has not taken."""
    order: Order = await commands.peek(call, orders, id)
    wanted = () if order.status == OFF else [line.product for line in order.lines]
    unnoted = [product for product in wanted if product not in order.taken]
    items = {product: await commands.peek(call, inventory, product) for product in unnoted}
    return [product for product, item in items.items() if id not in item.committed]


async def cancelled(commands: Commands, call: Call, recorded: Recorded) -> None:
    async def attempt(work: Work) -> Answer:
        order: Order = await work.load(orders, recorded.id)
        await work.load_all(inventory, [line.product for line in order.lines])
        for line in order.lines:
            await work.decide(inventory, line.product, _undoing(order, recorded.id, line))
        await work.decide(orders, recorded.id, GiveStockBack())
        return work.receipt(orders, recorded.id)

    await commands.run(call, Receipt, attempt, await queues(commands, call, recorded.id))


def _undoing(order: Order, id: str, line: Line) -> Release | Restock:
    if line.product in order.taken:
        return Restock(id, line.quantity, CANCELLED)
    return Release(id, CANCELLED)


async def failed(commands: Commands, call: Call, recorded: Recorded) -> None:
    """What the checkout's orders still only reserve, unless money may yet come in. What is to be
    paid in cash keeps it while it may be: a card that was tried instead takes nothing from it."""

    async def attempt(work: Work) -> Answer:
        ledger: Payments = await work.load(payments, recorded.id)
        if not ledger.paid and not ledger.awaiting:
            for order in ledger.shares:
                await _release_reserved(work, order, ledger)
        return work.receipt(payments, recorded.id)

    await commands.run(call, Receipt, attempt)


async def queues(commands: Commands, call: Call, id: str) -> list[str]:
    """The order, and the stock of its products, which many orders want at once."""
    order: Order = await commands.peek(call, orders, id)
    stock = [stream_of(call.tenant, inventory, line.product) for line in order.lines]
    return [stream_of(call.tenant, orders, id), *stock]


async def _release_reserved(work: Work, id: str, ledger: Payments) -> None:
    order: Order = await work.load(orders, id)
    if order.status in GONE:
        return  # it is about to be taken, or lacks what it should have taken
    if ledger.cash_covers or (order.cash and ledger.cash_awaited):
        return
    items = await work.load_all(inventory, [line.product for line in order.lines])
    for product, item in items.items():
        if id in item.reservations:
            await work.decide(inventory, product, Release(id, "payment_failed"))


STOCK = Policy(
    "stock",
    {
        payments.CheckoutPaid: paid,
        payments.PaymentFailed: failed,
        payments.PaymentIntended: intended,
        payments.PaymentCaptured: covered,
        payments.DepositApplied: covered,
        payments.ShareCancelled: covered,
        orders.OrderConfirmed: confirmed,
        orders.OrderShipped: handed_over,
        orders.OrderCompleted: handed_over,
        orders.OrderCancelled: cancelled,
    },
)
