"""Money on its way back."""

from domain.kernel import Rejected
from domain.money import Price
from domain.payments.captures import check_amount, check_reason
from domain.payments.ledger import Payments
from domain.payments.words import (
    EVENTS,
    PaymentRefunded,
    RefundRequested,
    RequestRefund,
    Share,
    ShareCancelled,
)

MAX_REFUNDS = 100  # of a checkout, for MAX_PAYMENTS' reason; what is cancelled goes back beyond it


def request(payments: Payments, wanted: RequestRefund) -> list[EVENTS]:
    """Of what was paid for an order that stands: it was returned, was faulty, or came short. Or of
    what was paid beyond what is due, which is no seller's revenue."""
    seller, most = _asked_of(payments, wanted.order)
    check_reason(wanted.reason)
    left = payments.money(most)
    amount = left if wanted.amount is None else wanted.amount
    check_amount(payments, amount)
    if left.minor <= 0 or amount.minor > left.minor:
        price = Price.of(left)
        raise Rejected("payments.refund_too_large", f"{price.amount} {price.currency} is left")
    if amount.minor == 0:
        raise Rejected("payments.amount_zero")
    if len(payments.refunds) >= MAX_REFUNDS:
        raise Rejected("payments.too_many_refunds", f"a checkout has {MAX_REFUNDS} at the most")
    return [RefundRequested(_next(payments), wanted.order, seller, amount, wanted.reason)]


def _asked_of(payments: Payments, order: str | None) -> tuple[str | None, int]:
    """Whose revenue it is, and how much of it there is at the most."""
    if order is not None and order not in payments.shares:
        raise Rejected("payments.unknown_share")
    if order in payments.cancelled:
        raise Rejected("payments.share_cancelled", "its money was asked back when it was cancelled")
    if not payments.paid:
        raise Rejected("payments.not_paid")
    if order is None:
        return None, payments.held - payments.due
    return payments.shares[order].seller, min(payments.owed(order), payments.held)


def cancel(payments: Payments, order: str) -> list[EVENTS]:
    if order not in payments.shares:
        raise Rejected("payments.unknown_share")
    if order in payments.cancelled:
        return []
    share = payments.shares[order]
    cancelled = ShareCancelled(order, share.amount)
    back = _paid_back(payments, share) if payments.paid else _surplus(payments, share)
    return [cancelled, back] if back else [cancelled]


def _paid_back(payments: Payments, share: Share) -> RefundRequested | None:
    minor = min(payments.owed(share.order), payments.held)
    if minor <= 0:
        return None
    amount, id = payments.money(minor), _next(payments)
    return RefundRequested(id, share.order, share.seller, amount, "cancelled")


def _surplus(payments: Payments, share: Share) -> RefundRequested | None:
    """What is left over once the others are paid for; it never was the seller's revenue."""
    minor = payments.held - (payments.due - payments.owed(share.order))
    if minor <= 0:
        return None
    return RefundRequested(_next(payments), None, None, payments.money(minor), "cancelled")


def late(payments: Payments) -> int:
    """What came in for shares that were cancelled before; an over-payment as such is kept."""
    cancelled = sum(payments.shares[order].amount.minor for order in payments.cancelled)
    standing = {share.order for share in payments.active}
    asked = sum(r.amount.minor for r in payments.refunds.values() if r.order not in standing)
    return min(payments.held - payments.due, cancelled - asked)


def refunding(payments: Payments, minor: int, reason: str) -> list[EVENTS]:
    """Ask back what never was a seller's revenue; nothing when there is nothing."""
    if minor <= 0:
        return []
    amount = payments.money(minor)
    return [RefundRequested(_next(payments), None, None, amount, reason)]


def _next(payments: Payments) -> str:
    return str(len(payments.refunds) + 1)


def refund(payments: Payments, id: str) -> list[EVENTS]:
    if (claim := payments.refunds.get(id)) is None:
        raise Rejected("payments.unknown_refund")
    if claim.refunded:
        return []
    return [PaymentRefunded(id, claim.order, claim.seller, claim.amount)]
