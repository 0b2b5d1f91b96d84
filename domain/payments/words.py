"""The commands and events of payments."""

from domain.kernel import Command, Event, Value
from domain.money import Money

ORDER, DEPOSIT, TIP = "order", "deposit", "tip"


class Share(Value):
    """What one seller's order is owed of the checkout."""

    order: str
    seller: str
    amount: Money


class OpenPayments(Command):
    buyer: str
    total: Money
    shares: tuple[Share, ...]


class Intend(Command):
    payment: str
    method: str  # cod, card, boleto, voucher, bank_transfer, wallet …
    amount: Money
    purpose: str = ORDER  # or deposit, or tip


class Authorise(Command):
    payment: str


class Capture(Command):
    """``amount`` None: what was intended and has not come in yet, or the share of ``order``."""

    payment: str
    amount: Money | None = None
    order: str | None = None


class Fail(Command):
    payment: str
    reason: str = ""


class CancelShare(Command):
    order: str


class RequestRefund(Command):
    """Staff ask back some of what was paid for ``order``, or, None, of what was paid too much;
    ``amount`` None: all that is left."""

    order: str | None
    amount: Money | None
    reason: str


class Refund(Command):
    """The requested refund has been paid out."""

    refund: str


class ApplyDeposit(Command):
    """From now on the deposit counts towards what is due."""

    payment: str


class ReturnDeposit(Command):
    payment: str


class Collect(Command):
    """The seller of ``order`` has taken its share in cash."""

    order: str


class PaymentsOpened(Event, tag="payments.payments_opened"):
    buyer: str
    total: Money
    shares: tuple[Share, ...]


class PaymentIntended(Event, tag="payments.payment_intended"):
    payment: str
    method: str
    amount: Money
    purpose: str


class PaymentAuthorised(Event, tag="payments.payment_authorised"):
    payment: str


class PaymentCaptured(Event, tag="payments.payment_captured"):
    payment: str
    amount: Money
    order: str | None


class PaymentFailed(Event, tag="payments.payment_failed"):
    payment: str
    reason: str


class CheckoutPaid(Event, tag="payments.checkout_paid"):
    shares: tuple[Share, ...]  # the active ones


class ShareCancelled(Event, tag="payments.share_cancelled"):
    order: str
    amount: Money


class RefundRequested(Event, tag="payments.refund_requested"):
    """``seller`` is None when the money never counted as that seller's revenue."""

    refund: str
    order: str | None
    seller: str | None
    amount: Money
    reason: str


class PaymentRefunded(Event, tag="payments.payment_refunded"):
    refund: str
    order: str | None
    seller: str | None
    amount: Money


class DepositApplied(Event, tag="payments.deposit_applied"):
    payment: str
    amount: Money


class DepositReturned(Event, tag="payments.deposit_returned"):
    payment: str
    amount: Money


COMMANDS = (
    OpenPayments
    | Intend
    | Authorise
    | Capture
    | Fail
    | CancelShare
    | RequestRefund
    | Refund
    | ApplyDeposit
    | ReturnDeposit
    | Collect
)
EVENTS = (
    PaymentsOpened
    | PaymentIntended
    | PaymentAuthorised
    | PaymentCaptured
    | PaymentFailed
    | CheckoutPaid
    | ShareCancelled
    | RefundRequested
    | PaymentRefunded
    | DepositApplied
    | DepositReturned
)
