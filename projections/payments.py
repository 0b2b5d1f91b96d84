"""Payments: one row per checkout, with all that came in and went back."""

from domain.kernel import Recorded, Value, but
from domain.money import Money, Price, total
from domain.payments import (
    APPLIED,
    AUTHORISED,
    CAPTURED,
    FAILED,
    ORDER,
    PENDING,
    RETURNED,
    TIP,
    CheckoutPaid,
    DepositApplied,
    DepositReturned,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentFailed,
    PaymentIntended,
    PaymentRefunded,
    PaymentsOpened,
    RefundRequested,
    ShareCancelled,
)
from projections.kernel import Column, Document, Found, Reader, Table, one, own

VERSION = 3


class Payment(Value):
    """``status``: pending, authorised, captured, failed; a deposit's also applied or returned."""

    id: str
    method: str
    purpose: str
    amount: Price
    captured: Price
    status: str = PENDING
    reason: str = ""


class Owed(Value):
    """One order's share of the checkout."""

    order: str
    seller: str
    amount: Price
    cancelled: bool = False


class Refund(Value):
    """Requested, and paid out when ``refunded``; ``order`` null: not that of one order."""

    id: str
    order: str | None
    seller: str | None
    amount: Price
    reason: str
    refunded: bool = False


class CheckoutPayments(Document):
    """``due``: the active shares, less what was asked back for them. ``captured`` counts towards
    it; tips and deposits not applied do not.

    ``requested``: asked back in all; ``refunded``: the part of it that was paid out.
    """

    id: str
    version: int
    buyer: str
    total: Price
    due: Price
    captured: Price
    tips: Price
    requested: Price
    refunded: Price
    paid: bool
    shares: list[Owed]
    payments: list[Payment] = []
    refunds: list[Refund] = []


def evolve(
    checkout: CheckoutPayments | None, recorded: Recorded, id: str
) -> CheckoutPayments | None:
    if isinstance(recorded.event, PaymentsOpened):
        return _opened(recorded.event, recorded)
    if checkout is None:
        return None
    return _summed(but(_changed(checkout, recorded.event), version=recorded.version))


def _opened(event: PaymentsOpened, recorded: Recorded) -> CheckoutPayments:
    none = Price.of(Money(0, event.total.currency))
    return CheckoutPayments(
        id=recorded.id,
        version=recorded.version,
        buyer=event.buyer,
        total=Price.of(event.total),
        due=Price.of(event.total),
        captured=none,
        tips=none,
        requested=none,
        refunded=none,
        paid=False,
        shares=[Owed(s.order, s.seller, Price.of(s.amount)) for s in event.shares],
    )


def _changed(checkout: CheckoutPayments, event: object) -> CheckoutPayments:
    match event:
        case PaymentIntended(payment=id, method=method, amount=amount, purpose=purpose):
            none = Price.of(Money(0, amount.currency))
            new = Payment(id, method, purpose, Price.of(amount), none)
            return but(checkout, payments=[*checkout.payments, new])
        case PaymentAuthorised(payment=id):
            return _paying(checkout, id, status=AUTHORISED)
        case PaymentCaptured():
            return _captured(checkout, event)
        case PaymentFailed(payment=id, reason=reason):
            return _paying(checkout, id, status=FAILED, reason=reason)
        case DepositApplied(payment=id):
            return _paying(checkout, id, status=APPLIED)
        case DepositReturned(payment=id):
            return _paying(checkout, id, status=RETURNED)
        case CheckoutPaid():
            closed = [_closed(payment) for payment in checkout.payments]
            return but(checkout, paid=True, payments=closed)
        case ShareCancelled(order=order):
            return but(
                checkout,
                shares=[but(s, cancelled=s.cancelled or s.order == order) for s in checkout.shares],
            )
        case RefundRequested(refund=id, order=order, seller=seller, amount=amount, reason=reason):
            asked = Refund(id, order, seller, Price.of(amount), reason)
            return but(checkout, refunds=[*checkout.refunds, asked])
        case PaymentRefunded(refund=id):
            return but(
                checkout,
                refunds=[but(r, refunded=r.refunded or r.id == id) for r in checkout.refunds],
            )
    return checkout


def _captured(checkout: CheckoutPayments, event: PaymentCaptured) -> CheckoutPayments:
    """Cash comes in order by order; its payment is captured once all of it is there, or the
    checkout is paid."""
    known = next((p for p in checkout.payments if p.id == event.payment), None)
    if known is None:
        return checkout
    captured = known.captured.money + event.amount
    whole = event.order is None or captured.minor >= known.amount.money.minor
    status = CAPTURED if whole else known.status
    return _paying(checkout, event.payment, captured=Price.of(captured), status=status)


def _closed(payment: Payment) -> Payment:
    some = payment.captured.money.minor > 0 and payment.status in (PENDING, AUTHORISED)
    return but(payment, status=CAPTURED) if some else payment


def _paying(checkout: CheckoutPayments, id: str, **changes: object) -> CheckoutPayments:
    changed = [but(p, **changes) if p.id == id else p for p in checkout.payments]
    return but(checkout, payments=changed)


def _summed(checkout: CheckoutPayments) -> CheckoutPayments:
    def of(prices: list[Price]) -> Price:
        return Price.of(total([p.money for p in prices], checkout.total.currency))

    active = {s.order: s.amount for s in checkout.shares if not s.cancelled}
    back = of([r.amount for r in checkout.refunds if r.order in active])
    return but(
        checkout,
        due=Price.of(of([*active.values()]).money - back.money),
        captured=of(
            [p.captured for p in checkout.payments if p.purpose == ORDER or p.status == APPLIED]
        ),
        tips=of([p.captured for p in checkout.payments if p.purpose == TIP]),
        requested=of([r.amount for r in checkout.refunds]),
        refunded=of([r.amount for r in checkout.refunds if r.refunded]),
    )


CHECKOUTS = Table(
    name="payments_checkouts",
    document=CheckoutPayments,
    on=dict.fromkeys(
        (
            PaymentsOpened,
            PaymentIntended,
            PaymentAuthorised,
            PaymentCaptured,
            PaymentFailed,
            CheckoutPaid,
            ShareCancelled,
            RefundRequested,
            PaymentRefunded,
            DepositApplied,
            DepositReturned,
        ),
        own,
    ),
    evolve=evolve,
    columns={
        "buyer": Column("text", lambda c: c.buyer),
        "paid": Column("boolean", lambda c: c.paid),
    },
    indexes=("buyer",),
    topic=lambda id, checkout: f"payments.{id}.{checkout.buyer}",
)
TABLES = (CHECKOUTS,)


async def checkout(db: Reader, id: str, buyer: str | None = None) -> Found | None:
    """``buyer``: only if it is theirs."""
    return await one(db, CHECKOUTS.name, id, "coalesce(buyer = %s, true)", (buyer,))
