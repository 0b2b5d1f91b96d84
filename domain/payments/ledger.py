"""The state of payments, and the sums that the rules are made of."""

from collections.abc import Iterable

from domain.kernel import Value
from domain.money import Money
from domain.payments.words import DEPOSIT, ORDER, TIP, Share

CASH = "cod"
PENDING, AUTHORISED, CAPTURED, FAILED = "pending", "authorised", "captured", "failed"
APPLIED, RETURNED = "applied", "returned"


class Payment(Value):
    """One way of paying. ``captured`` and ``amount`` are minor units of the checkout's currency."""

    method: str
    amount: int
    purpose: str
    status: str = PENDING
    captured: int = 0
    collected: dict[str, int] = {}  # what came in by it in cash, by order

    @property
    def open(self) -> bool:
        return self.status in (PENDING, AUTHORISED)

    @property
    def remaining(self) -> int:
        return max(0, self.amount - self.captured)

    @property
    def counts(self) -> int:
        """How much of it goes towards what is due: never a tip, a deposit once applied."""
        if self.purpose == ORDER or (self.purpose == DEPOSIT and self.status == APPLIED):
            return self.captured
        return 0


class Claim(Value):
    """A refund that was requested, and perhaps paid out."""

    order: str | None
    seller: str | None
    amount: Money
    refunded: bool = False


class Payments(Value):
    """A checkout's money; ``buyer`` is empty while nothing was opened. Sums are minor units."""

    buyer: str = ""
    total: Money = Money(0, "XXX")
    shares: dict[str, Share] = {}  # by order, cancelled ones included
    cancelled: frozenset[str] = frozenset()
    payments: dict[str, Payment] = {}
    refunds: dict[str, Claim] = {}
    paid: bool = False

    @property
    def exists(self) -> bool:
        return self.buyer != ""

    @property
    def active(self) -> tuple[Share, ...]:
        return tuple(s for s in self.shares.values() if s.order not in self.cancelled)

    def owed(self, order: str) -> int:
        """What its share comes to by now: what was asked back for it is not due again."""
        back = sum(r.amount.minor for r in self.refunds.values() if r.order == order)
        return self.shares[order].amount.minor - back

    @property
    def due(self) -> int:
        return sum(self.owed(s.order) for s in self.active)

    @property
    def captured(self) -> int:
        """What came in for the orders."""
        return sum(p.counts for p in self.payments.values())

    @property
    def _tips(self) -> int:
        return sum(p.captured for p in self.payments.values() if p.purpose == TIP)

    @property
    def requested(self) -> int:
        """What was asked back, paid out or not."""
        return sum(r.amount.minor for r in self.refunds.values())

    @property
    def held(self) -> int:
        """What of that was not asked back, and tips too once they are to go back: when every order
        is cancelled."""
        return self.captured - self.requested + (0 if self.active else self._tips)

    @property
    def awaiting(self) -> bool:
        """Whether a payment other than cash may still come in for the orders: stock is kept."""
        return any(p.method != CASH for p in self._coming())

    @property
    def cash_awaited(self) -> bool:
        """Whether cash may still come in for the orders."""
        return any(p.method == CASH for p in self._coming())

    @property
    def cash_covers(self) -> bool:
        """Whether all that is still lacking is to be paid in cash."""
        lacking = self.due - self.held
        return 0 < lacking <= sum(p.remaining for p in self.cash().values())

    def _coming(self) -> Iterable[Payment]:
        return (p for p in self.payments.values() if p.open and p.purpose != TIP)

    def cash(self) -> dict[str, Payment]:
        """What orders are paid by in cash: of a tip or a deposit nobody's share is a part."""
        return {
            id: p
            for id, p in self.payments.items()
            if p.method == CASH and p.purpose == ORDER and p.open
        }

    def collected(self, order: str) -> int | None:
        """What came in for it in cash; None: nobody has collected anything yet."""
        parts = [p.collected[order] for p in self.payments.values() if order in p.collected]
        return sum(parts) if parts else None

    def money(self, minor: int) -> Money:
        return Money(minor, self.total.currency)
