"""Money on its way in: one payment from its intent to its capture or failure."""

import re

from domain.kernel import Rejected
from domain.money import Money
from domain.payments.ledger import (
    APPLIED,
    AUTHORISED,
    CAPTURED,
    FAILED,
    RETURNED,
    Payment,
    Payments,
)
from domain.payments.words import (
    DEPOSIT,
    EVENTS,
    ORDER,
    TIP,
    Capture,
    DepositApplied,
    DepositReturned,
    Intend,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentFailed,
    PaymentIntended,
)

METHOD = re.compile(r"[a-z_]{1,40}", re.ASCII)
MAX_PAYMENTS = 100  # of a checkout: each is in its document, which is sent whole when one moves
REASON = re.compile(r"(?:[a-z][a-z0-9_]{0,39})?", re.ASCII)


def intend(payments: Payments, new: Intend) -> list[EVENTS]:
    check_amount(payments, new.amount)
    if not METHOD.fullmatch(new.method):
        raise Rejected("payments.method_malformed", "a-z and _, 40 at the most")
    if new.purpose not in (ORDER, DEPOSIT, TIP):
        raise Rejected("payments.purpose_unknown", "order, deposit or tip")
    if (known := payments.payments.get(new.payment)) is not None:
        return _again(known, new)
    if not payments.active and new.purpose != ORDER:  # what did come in is recorded, to go back
        raise Rejected("payments.nothing_due", "every order of this checkout is cancelled")
    if len(payments.payments) >= MAX_PAYMENTS:
        raise Rejected("payments.too_many_payments", f"a checkout has {MAX_PAYMENTS} at the most")
    return [PaymentIntended(new.payment, new.method, new.amount, new.purpose)]


def _again(known: Payment, new: Intend) -> list[EVENTS]:
    if (known.method, known.amount, known.purpose) != (new.method, new.amount.minor, new.purpose):
        raise Rejected("payments.payment_exists")
    return []


def authorise(payments: Payments, id: str) -> list[EVENTS]:
    payment = _known(payments, id)
    if payment.status == FAILED:
        raise Rejected("payments.already_failed", "intend another payment")
    return [PaymentAuthorised(id)] if payment.open and payment.status != AUTHORISED else []


def capture(payments: Payments, wanted: Capture) -> list[EVENTS]:
    payment = _known(payments, wanted.payment)
    if payment.status == FAILED:
        raise Rejected("payments.already_failed", "intend another payment")
    if not payment.open or wanted.order in payment.collected:
        return _told_again(payments, payment, wanted)
    if wanted.order is not None and wanted.order not in payments.shares:
        raise Rejected("payments.unknown_share")
    amount = wanted.amount or _usual(payments, payment, wanted.order)
    check_amount(payments, amount)
    came = PaymentCaptured(wanted.payment, amount, wanted.order)
    if payment.purpose == DEPOSIT and not payments.active:
        return _too_late(payment, came)
    return [came]


def _too_late(deposit: Payment, came: PaymentCaptured) -> list[EVENTS]:
    """Nothing is left that it could secure: it counts, so that it goes back whole."""
    whole = Money(deposit.captured + came.amount.minor, came.amount.currency)
    return [came, DepositApplied(came.payment, whole)]


def _told_again(payments: Payments, payment: Payment, wanted: Capture) -> list[EVENTS]:
    by_sellers = sum(payment.collected.values())  # each of which was told for itself
    came = payment.collected.get(wanted.order or "", payment.captured - by_sellers)
    if wanted.amount not in (None, payments.money(came)):
        raise Rejected("payments.already_captured", "intend another payment")
    return []


def _usual(payments: Payments, payment: Payment, order: str | None) -> Money:
    return payments.money(payment.remaining) if order is None else payments.shares[order].amount


def collect(payments: Payments, order: str) -> list[EVENTS]:
    """Cash for one order: what its share still lacks, or less when the rest has come in by other
    means. It is taken from as many cash payments as it needs."""
    if order not in payments.shares:
        raise Rejected("payments.unknown_share")
    had = payments.collected(order)
    owed = min(payments.owed(order) - (had or 0), payments.due - payments.held)
    taken = [] if order in payments.cancelled else _taken(payments, order, owed)
    if not taken and had is None:
        raise _uncollectable(payments, order)
    return taken


def _taken(payments: Payments, order: str, owed: int) -> list[EVENTS]:
    taken: list[EVENTS] = []
    for id, payment in payments.cash().items():
        if (part := min(owed, payment.remaining)) > 0:
            taken.append(PaymentCaptured(id, payments.money(part), order))
            owed -= part
    return taken


def _uncollectable(payments: Payments, order: str) -> Rejected:
    if order in payments.cancelled:
        return Rejected("payments.share_cancelled")
    if not payments.paid and not payments.cash():
        return Rejected("payments.no_cash_payment")
    return Rejected("payments.nothing_due", "this checkout is paid for")


def fail(payments: Payments, id: str, reason: str) -> list[EVENTS]:
    payment = _known(payments, id)
    check_reason(reason)
    if payment.status == FAILED:
        return []
    if not payment.open or payment.collected:
        raise Rejected("payments.already_captured")
    return [PaymentFailed(id, reason)]


def apply(payments: Payments, id: str) -> list[EVENTS]:
    deposit = _deposit(payments, id)
    if deposit.status == RETURNED:
        raise Rejected("payments.deposit_returned")
    if not payments.active:
        raise Rejected("payments.nothing_due", "every order of this checkout is cancelled")
    amount = payments.money(deposit.captured)
    return [DepositApplied(id, amount)] if deposit.status != APPLIED else []


def return_deposit(payments: Payments, id: str) -> list[EVENTS]:
    deposit = _deposit(payments, id)
    if deposit.status == APPLIED:
        raise Rejected("payments.deposit_applied", "it was used: cancel the order to refund it")
    amount = payments.money(deposit.captured)
    return [DepositReturned(id, amount)] if deposit.status != RETURNED else []


def _deposit(payments: Payments, id: str) -> Payment:
    payment = _known(payments, id)
    if payment.purpose != DEPOSIT:
        raise Rejected("payments.not_a_deposit")
    if payment.status not in (CAPTURED, APPLIED, RETURNED):
        raise Rejected("payments.not_captured")
    return payment


def _known(payments: Payments, id: str) -> Payment:
    if id not in payments.payments:
        raise Rejected("payments.unknown_payment")
    return payments.payments[id]


def check_amount(payments: Payments, amount: Money) -> None:
    if amount.minor < 0:
        raise Rejected("payments.amount_negative")
    if amount.currency != payments.total.currency:
        raise Rejected("money.currency_mixed", f"this checkout is in {payments.total.currency}")


def check_reason(reason: str) -> None:
    if not REASON.fullmatch(reason):
        raise Rejected("payments.reason_malformed", "a code of a-z, 0-9 and _, 40 at the most")
