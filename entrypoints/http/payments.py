"""/payments"""

from typing import Annotated, Literal

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from application.ports import Receipt
from domain.money import Price
from entrypoints.http.caller import Caller
from entrypoints.http.commands import Sent, SentToCreate
from entrypoints.http.names import Code, Name, NamedInPath, money
from entrypoints.http.routes import changes, creates, reads
from entrypoints.http.views import View
from entrypoints.wiring import Souk
from projections import payments

UNKNOWN = "payments.unknown_checkout"
PAYMENT = f"{UNKNOWN} payments.unknown_payment"
AMOUNT = (
    "money.malformed",
    "money.unknown_currency",
    "money.currency_mixed",
    "payments.amount_negative",
)
DEPOSIT = ("payments.not_a_deposit", "payments.not_captured")


class Intent(Struct, forbid_unknown_fields=True):
    """``amount`` null: all that is still due."""

    method: Annotated[Code, Meta(examples=["card"])]
    amount: Price | None = None
    purpose: Literal["order", "deposit", "tip"] = "order"


class Captured(Struct, forbid_unknown_fields=True):
    """``amount`` null: what was intended."""

    amount: Price | None = None


class Failure(Struct, forbid_unknown_fields=True):
    """Why a payment failed, as the provider's word for it."""

    reason: Code = "declined"


class Collection(Struct, forbid_unknown_fields=True):
    """The order whose share was taken in cash."""

    order: Annotated[Name, Meta(examples=["018f2f0e-6f3c-7c1e-9a51-0e7a4b6f1a2d"])]


class RefundRequest(Struct, forbid_unknown_fields=True):
    """``order`` null: what was paid beyond what is due, such as a second time. ``amount`` null: all
    that is left of it, or of what was paid for the order."""

    order: Annotated[Name, Meta(examples=["018f2f0e-6f3c-7c1e-9a51-0e7a4b6f1a2d"])] | None
    reason: Annotated[Code, Meta(examples=["faulty"])]
    amount: Price | None = None


class PaymentsController(Controller):
    path = "/payments/{checkout:str}"
    tags = ["payments"]
    opt = {"projection": "payments"}

    @get("/", **reads("payments:read", payments.CheckoutPayments, UNKNOWN))
    async def checkout(self, checkout: NamedInPath, view: NamedDependency[View]) -> ASGIResponse:
        """What a checkout owes, what came in and what goes back; for its buyer and staff."""
        buyer = None if view.caller.sees_all("payments") else view.caller.user
        return view.one(await payments.checkout(view.db, checkout, buyer), UNKNOWN)

    @post(
        "/intend",
        **creates(
            "payments:create",
            "payments.method_malformed",
            "payments.nothing_due",
            "payments.too_many_payments",
            *AMOUNT,
            missing=UNKNOWN,
        ),
    )
    async def intend(
        self,
        checkout: NamedInPath,
        data: JSONBody[Intent],
        creating: SentToCreate,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Say how the checkout, or some of it, will be paid. Answers the payment's id."""
        return await souk.payments.intend(
            creating,
            checkout,
            creating.id,
            caller.as_owner("payments"),
            data.method,
            money(data.amount),
            data.purpose,
        )

    @post(
        "/{payment:str}/authorise",
        **changes("payments:manage", "payments.already_failed", missing=PAYMENT),
    )
    async def authorise(
        self, checkout: NamedInPath, payment: NamedInPath, call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """The provider vouches for the money."""
        return await souk.payments.authorise(call, checkout, payment)

    @post(
        "/{payment:str}/capture",
        **changes(
            "payments:manage",
            "payments.already_captured",
            "payments.already_failed",
            *AMOUNT,
            missing=PAYMENT,
        ),
    )
    async def capture(
        self,
        checkout: NamedInPath,
        payment: NamedInPath,
        data: JSONBody[Captured],
        call: Sent,
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """The money has come in."""
        return await souk.payments.capture(call, checkout, payment, money(data.amount))

    @post(
        "/{payment:str}/fail",
        **changes(
            "payments:manage",
            "payments.already_captured",
            "payments.reason_malformed",
            missing=PAYMENT,
        ),
    )
    async def fail(
        self,
        checkout: NamedInPath,
        payment: NamedInPath,
        data: JSONBody[Failure],
        call: Sent,
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """The money will not come."""
        return await souk.payments.fail(call, checkout, payment, data.reason)

    @post(
        "/{payment:str}/apply-deposit",
        **changes(
            "payments:manage",
            *DEPOSIT,
            "payments.deposit_returned",
            "payments.nothing_due",
            missing=PAYMENT,
        ),
    )
    async def apply_deposit(
        self, checkout: NamedInPath, payment: NamedInPath, call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """From now on the deposit counts towards what is due."""
        return await souk.payments.apply_deposit(call, checkout, payment)

    @post(
        "/{payment:str}/return-deposit",
        **changes("payments:manage", *DEPOSIT, "payments.deposit_applied", missing=PAYMENT),
    )
    async def return_deposit(
        self, checkout: NamedInPath, payment: NamedInPath, call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """The deposit was given back."""
        return await souk.payments.return_deposit(call, checkout, payment)

    @post(
        "/refunds",
        **creates(
            "payments:manage",
            "payments.not_paid",
            "payments.share_cancelled",
            "payments.refund_too_large",
            "payments.too_many_refunds",
            "payments.amount_zero",
            "payments.reason_malformed",
            *AMOUNT,
            missing=f"{UNKNOWN} payments.unknown_share",
        ),
    )
    async def request_refund(
        self,
        checkout: NamedInPath,
        data: JSONBody[RefundRequest],
        creating: SentToCreate,
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Ask back some of what was paid for an order, or too much, or all of it. Answers the
        refund's id."""
        return await souk.payments.request_refund(
            creating, checkout, data.order, data.reason, money(data.amount)
        )

    @post(
        "/refunds/{refund:str}/settle",
        **changes("payments:manage", missing=f"{UNKNOWN} payments.unknown_refund"),
    )
    async def settle(
        self, checkout: NamedInPath, refund: NamedInPath, call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """A requested refund was paid out."""
        return await souk.payments.refund(call, checkout, refund)

    @post(
        "/collect",
        **changes(
            "payments:update",
            "payments.no_cash_payment",
            "payments.nothing_due",
            "payments.share_cancelled",
            missing=f"{UNKNOWN} payments.unknown_share",
            denied="payments.not_yours",
        ),
    )
    async def collect(
        self,
        checkout: NamedInPath,
        data: JSONBody[Collection],
        call: Sent,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """The order's seller has taken its share in cash."""
        owner = caller.as_owner("payments")
        return await souk.payments.collect(call, checkout, data.order, owner)
