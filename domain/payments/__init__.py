"""Payments: what a checkout owes, what came in, and what goes back. One stream per checkout."""

from functools import reduce
from typing import assert_never

from domain.kernel import Rejected, but
from domain.payments.captures import (
    apply,
    authorise,
    capture,
    collect,
    fail,
    intend,
    return_deposit,
)
from domain.payments.ledger import (
    APPLIED,
    AUTHORISED,
    CAPTURED,
    CASH,
    FAILED,
    PENDING,
    RETURNED,
    Claim,
    Payment,
    Payments,
)
from domain.payments.refunds import cancel, late, refund, refunding, request
from domain.payments.words import (
    COMMANDS,
    DEPOSIT,
    EVENTS,
    ORDER,
    TIP,
    ApplyDeposit,
    Authorise,
    CancelShare,
    Capture,
    CheckoutPaid,
    Collect,
    DepositApplied,
    DepositReturned,
    Fail,
    Intend,
    OpenPayments,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentFailed,
    PaymentIntended,
    PaymentRefunded,
    PaymentsOpened,
    Refund,
    RefundRequested,
    RequestRefund,
    ReturnDeposit,
    Share,
    ShareCancelled,
)

__all__ = [
    "APPLIED",
    "AUTHORISED",
    "CAPTURED",
    "CASH",
    "COMMANDS",
    "DEPOSIT",
    "EMPTY",
    "EVENTS",
    "FAILED",
    "ORDER",
    "PENDING",
    "RETURNED",
    "TIP",
    "ApplyDeposit",
    "Authorise",
    "CancelShare",
    "Capture",
    "CheckoutPaid",
    "Collect",
    "DepositApplied",
    "DepositReturned",
    "Fail",
    "Intend",
    "OpenPayments",
    "Payment",
    "PaymentAuthorised",
    "PaymentCaptured",
    "PaymentFailed",
    "PaymentIntended",
    "PaymentRefunded",
    "Payments",
    "PaymentsOpened",
    "Refund",
    "RefundRequested",
    "RequestRefund",
    "ReturnDeposit",
    "Share",
    "ShareCancelled",
    "decide",
    "evolve",
]

EMPTY = Payments()


def decide(payments: Payments, command: COMMANDS) -> list[EVENTS]:
    events = _decided(payments, command)
    return events + _settled(reduce(evolve, events, payments)) if events else []


def _settled(after: Payments) -> list[EVENTS]:
    """What follows from the money: an order paid for, or nothing left to pay for."""
    if not after.active:
        return refunding(after, after.held, "nothing_due")
    newly = not after.paid and after.held >= after.due
    paid: list[EVENTS] = [CheckoutPaid(after.active)] if newly else []
    return paid + refunding(after, late(after), "cancelled")


def _decided(payments: Payments, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, OpenPayments):
        return _open(payments, command)
    if not payments.exists:
        raise Rejected("payments.unknown_checkout")
    match command:
        case Intend():
            return intend(payments, command)
        case Authorise(payment=id):
            return authorise(payments, id)
        case Capture():
            return capture(payments, command)
        case Fail(payment=id, reason=reason):
            return fail(payments, id, reason)
        case CancelShare(order=order):
            return cancel(payments, order)
        case RequestRefund():
            return request(payments, command)
        case Refund(refund=id):
            return refund(payments, id)
        case ApplyDeposit(payment=id):
            return apply(payments, id)
        case ReturnDeposit(payment=id):
            return return_deposit(payments, id)
        case Collect(order=order):
            return collect(payments, order)
        case _:
            assert_never(command)


def _open(payments: Payments, new: OpenPayments) -> list[EVENTS]:
    if payments.exists:
        raise Rejected("payments.already_open")
    if not new.shares or len({s.order for s in new.shares}) != len(new.shares):
        raise Rejected("payments.shares_malformed", "one share for each order")
    if any(s.amount.minor < 0 for s in new.shares):
        raise Rejected("payments.amount_negative")
    if any(s.amount.currency != new.total.currency for s in new.shares):
        raise Rejected("money.currency_mixed", f"this checkout is in {new.total.currency}")
    if sum(s.amount.minor for s in new.shares) != new.total.minor:
        raise Rejected("payments.shares_differ", "the shares must add up to the total")
    return [PaymentsOpened(new.buyer, new.total, new.shares)]


def evolve(payments: Payments, event: EVENTS) -> Payments:
    match event:
        case PaymentsOpened(buyer=buyer, total=total, shares=shares):
            return Payments(buyer, total, {s.order: s for s in shares})
        case PaymentIntended(payment=id, method=method, amount=amount, purpose=purpose):
            new = Payment(method, amount.minor, purpose)
            return but(payments, payments={**payments.payments, id: new})
        case PaymentAuthorised(payment=id):
            return _status(payments, id, AUTHORISED)
        case PaymentCaptured():
            return _captured(payments, event)
        case PaymentFailed(payment=id):
            return _status(payments, id, FAILED)
        case CheckoutPaid():
            return _paid(payments)
        case ShareCancelled(order=order):
            return but(payments, cancelled=payments.cancelled | {order})
        case RefundRequested(refund=id, order=order, seller=seller, amount=amount):
            return but(payments, refunds={**payments.refunds, id: Claim(order, seller, amount)})
        case PaymentRefunded(refund=id, order=order, seller=seller, amount=amount):
            paid_out = Claim(order, seller, amount, refunded=True)
            return but(payments, refunds={**payments.refunds, id: paid_out})
        case DepositApplied(payment=id):
            return _status(payments, id, APPLIED)
        case DepositReturned(payment=id):
            return _status(payments, id, RETURNED)
        case _:
            assert_never(event)


def _status(payments: Payments, id: str, status: str) -> Payments:
    if (payment := payments.payments.get(id)) is None:
        return payments
    return but(payments, payments={**payments.payments, id: but(payment, status=status)})


def _paid(payments: Payments) -> Payments:
    """Cash that came in for some orders is all that is to come: the others are cancelled, or paid
    for otherwise."""
    known = payments.payments.items()
    closed = {id: but(p, status=CAPTURED) for id, p in known if p.open and p.captured}
    return but(payments, paid=True, payments={**payments.payments, **closed})


def _captured(payments: Payments, event: PaymentCaptured) -> Payments:
    """Cash comes in order by order: its payment stays open until all of it is there, or
    the checkout is paid."""
    if (payment := payments.payments.get(event.payment)) is None:
        return payments
    captured = payment.captured + event.amount.minor
    whole = event.order is None or captured >= payment.amount
    collected = payment.collected
    if (order := event.order) is not None:
        collected = {**collected, order: collected.get(order, 0) + event.amount.minor}
    status = CAPTURED if whole else payment.status
    payment = but(payment, captured=captured, status=status, collected=collected)
    return but(payments, payments={**payments.payments, event.payment: payment})
