"""Payments: a buyer says how they will pay, staff record what came, a seller collects cash."""

from application.commands import Attempt, Commands
from application.ports import Answer, Call, Forbidden, Missing, Receipt
from application.work import Work, stream_of
from domain import payments
from domain.kernel import Rejected
from domain.money import Money
from domain.payments import (
    ApplyDeposit,
    Authorise,
    Capture,
    Collect,
    Fail,
    Intend,
    Payments,
    Refund,
    RequestRefund,
    ReturnDeposit,
)


class Cashier:
    """Steps on a checkout's money, by its id. An unknown checkout or payment is Missing."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def intend(
        self,
        call: Call,
        checkout: str,
        payment: str,
        buyer: str | None,
        method: str,
        amount: Money | None = None,
        purpose: str = payments.ORDER,
    ) -> Receipt:
        """``amount`` None: all that is still due. ``buyer``: who pays, None for staff, who also
        record what came in when nothing was due any more."""

        async def attempt(work: Work) -> Answer:
            ledger = await _opened(work, checkout)
            if buyer not in (None, ledger.buyer):
                raise Missing("payments.unknown_checkout")
            if buyer is not None and not ledger.active:
                raise Rejected("payments.nothing_due", "every order of this checkout is cancelled")
            rest = amount or ledger.money(max(0, ledger.due - ledger.held))
            await work.decide(payments, checkout, Intend(payment, method, rest, purpose))
            return lambda recorded: Receipt(
                payment, work.version(payments, checkout), work.landed(recorded)
            )

        return await self._run(call, checkout, attempt)

    async def collect(self, call: Call, checkout: str, order: str, seller: str | None) -> Receipt:
        """The cash for one order, in the hands of its ``seller``; None for staff."""

        async def attempt(work: Work) -> Answer:
            ledger = await _opened(work, checkout)
            if seller is not None and all(s.seller != seller for s in ledger.shares.values()):
                raise Missing("payments.unknown_checkout")
            if order not in ledger.shares:
                raise Missing("payments.unknown_share")
            if seller not in (None, ledger.shares[order].seller):
                raise Forbidden("payments.not_yours")
            await work.decide(payments, checkout, Collect(order))
            return work.receipt(payments, checkout)

        return await self._run(call, checkout, attempt)

    async def authorise(self, call: Call, checkout: str, payment: str) -> Receipt:
        return await self._step(call, checkout, payment, Authorise(payment))

    async def capture(
        self, call: Call, checkout: str, payment: str, amount: Money | None = None
    ) -> Receipt:
        """``amount`` None: what was intended."""
        return await self._step(call, checkout, payment, Capture(payment, amount))

    async def fail(self, call: Call, checkout: str, payment: str, reason: str = "") -> Receipt:
        return await self._step(call, checkout, payment, Fail(payment, reason))

    async def apply_deposit(self, call: Call, checkout: str, payment: str) -> Receipt:
        return await self._step(call, checkout, payment, ApplyDeposit(payment))

    async def return_deposit(self, call: Call, checkout: str, payment: str) -> Receipt:
        return await self._step(call, checkout, payment, ReturnDeposit(payment))

    async def request_refund(
        self, call: Call, checkout: str, order: str | None, reason: str, amount: Money | None = None
    ) -> Receipt:
        """``order`` None: what was paid too much. ``amount`` None: all that is left of what was
        paid for it. Answers the refund's id."""

        async def attempt(work: Work) -> Answer:
            if order not in (None, *(await _opened(work, checkout)).shares):
                raise Missing("payments.unknown_share")
            asked, *_ = await work.decide(payments, checkout, RequestRefund(order, amount, reason))
            return lambda recorded: Receipt(
                asked.refund, work.version(payments, checkout), work.landed(recorded)
            )

        return await self._run(call, checkout, attempt)

    async def refund(self, call: Call, checkout: str, refund: str) -> Receipt:
        """The requested refund was paid out."""

        async def attempt(work: Work) -> Answer:
            if refund not in (await _opened(work, checkout)).refunds:
                raise Missing("payments.unknown_refund")
            await work.decide(payments, checkout, Refund(refund))
            return work.receipt(payments, checkout)

        return await self._run(call, checkout, attempt)

    async def _step(
        self, call: Call, checkout: str, payment: str, command: payments.COMMANDS
    ) -> Receipt:
        async def attempt(work: Work) -> Answer:
            if payment not in (await _opened(work, checkout)).payments:
                raise Missing("payments.unknown_payment")
            await work.decide(payments, checkout, command)
            return work.receipt(payments, checkout)

        return await self._run(call, checkout, attempt)

    async def _run(self, call: Call, checkout: str, attempt: Attempt) -> Receipt:
        queue = stream_of(call.tenant, payments, checkout)
        return await self._commands.run(call, Receipt, attempt, [queue])


async def _opened(work: Work, checkout: str) -> Payments:
    ledger: Payments = await work.load(payments, checkout)
    if not ledger.exists:
        raise Missing("payments.unknown_checkout")
    return ledger
