"""Money on its way back."""

from domain.kernel import Rejected
from domain.payments.ledger import Payments
from domain.payments.words import (
    EVENTS,
    PaymentRefunded,
    RefundRequested,
    Share,
    ShareCancelled,
)


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
    minor = min(share.amount.minor, payments.held)
    if minor <= 0:
        return None
    amount, id = payments.money(minor), _next(payments)
    return RefundRequested(id, share.order, share.seller, amount, "cancelled")


def _surplus(payments: Payments, share: Share) -> RefundRequested | None:
    """What is left over once the others are paid for; it never was the seller's revenue."""
    minor = payments.held - (payments.due - share.amount.minor)
    if minor <= 0:
        return None
    return RefundRequested(_next(payments), None, None, payments.money(minor), "cancelled")


def late(payments: Payments) -> int:
    """What came in for shares that were cancelled before; an over-payment as such is kept."""
    cancelled = sum(payments.shares[order].amount.minor for order in payments.cancelled)
    return min(payments.held - payments.due, cancelled - payments.requested)


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
