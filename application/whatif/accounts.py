"""Sums by seller, in the books and under a policy."""

from typing import ClassVar

from application.whatif.goods import Moved, Sales
from application.whatif.materials import Usage
from application.whatif.period import Period
from application.whatif.policy import BOOKS, Policy
from domain.kernel import Event, Recorded, Value
from domain.money import Money
from domain.payments import CheckoutPaid, PaymentRefunded, ShareCancelled

Owner = tuple[str, str]  # seller, currency


class Sums(Value):
    """Minor units. ``revenue``: what buyers paid, less what was paid back; ``cost``: of the
    materials that were used up by hand; ``goods``: what was sold cost. The same yarn may be in
    both, so nothing takes both off."""

    revenue: int = 0
    tax: int = 0
    commission: int = 0
    cost: int = 0
    goods: int = 0

    @property
    def left(self) -> int:
        return self.revenue - self.tax - self.commission - self.cost

    @property
    def margin(self) -> int:
        return self.revenue - self.tax - self.commission - self.goods

    def plus(self, other: "Sums", sign: int = 1) -> "Sums":
        return Sums(
            self.revenue + sign * other.revenue,
            self.tax + sign * other.tax,
            self.commission + sign * other.commission,
            self.cost + sign * other.cost,
            self.goods + sign * other.goods,
        )


class Line(Value):
    """One seller in one currency; of a total, ``seller`` is empty."""

    seller: str
    currency: str
    books: Sums
    supposed: Sums

    @property
    def difference(self) -> Sums:
        return self.supposed.plus(self.books, -1)


class Report(Value):
    """``unvalued``: how often material was used, or a line paid, that had no cost, in the books
    and under the policy: it counts as nothing."""

    lines: tuple[Line, ...]
    totals: tuple[Line, ...]
    unvalued: tuple[int, int]


class Accounts:
    """``follow`` every event from the first, ``report`` at the end. It keeps one number for each
    order that was paid, what the goods of each cost, and the state of each material and costed
    product."""

    EVENTS: ClassVar[tuple[type[Event], ...]] = (
        CheckoutPaid,
        PaymentRefunded,
        ShareCancelled,
        *Usage.EVENTS,
        *Sales.EVENTS,
    )

    def __init__(self, policy: Policy, period: Period) -> None:
        self._policies, self._period = (BOOKS, policy), period
        self._paid: dict[tuple[str, str, str], int] = {}  # by order, seller and currency
        self._sums: tuple[dict[Owner, Sums], dict[Owner, Sums]] = ({}, {})
        self._usage = Usage()
        self._sales = Sales(self._usage, policy.cost.basis if policy.cost else None)
        self._unvalued = [0, 0]

    def follow(self, recorded: Recorded) -> None:
        within = self._period.holds(recorded)
        match recorded.event:
            case CheckoutPaid(shares=shares):
                for share in shares:
                    self._pay(share.order, share.seller, share.amount, within)
                    self._deliver(self._sales.paid(share.order, share.amount.minor), within)
            case PaymentRefunded(seller=str(seller), order=order, refund=refund, amount=amount):
                self._pay(order or f"refund/{refund}", seller, amount.times(-1), within)
                self._deliver(self._sales.repaid(order, amount.minor), within)
            case ShareCancelled(order=order):
                self._deliver(self._sales.cancelled(order), within)
            case _:
                self._use(recorded, within)
                self._sales.follow(recorded)

    def _pay(self, order: str, seller: str, amount: Money, within: bool) -> None:
        key = (order, seller, amount.currency)
        before = self._paid.get(key, 0)
        after = self._paid[key] = before + amount.minor
        if within:
            for policy, sums in zip(self._policies, self._sums, strict=True):
                change = Sums(*policy.charged(seller, after)).plus(
                    Sums(*policy.charged(seller, before)), -1
                )
                self._add(sums, (seller, amount.currency), change)

    def _use(self, recorded: Recorded, within: bool) -> None:
        for used in self._usage.follow(recorded):
            for number, policy in enumerate(self._policies if within else ()):
                basis = policy.cost.basis if policy.cost else self._usage.basis
                cost = used.costs[basis]
                self._unvalued[number] += cost is None
                sums = Sums(cost=0 if cost is None else cost.of(used.quantity).minor)
                self._add(self._sums[number], (used.owner, used.currency), sums)

    def _deliver(self, moved: Moved | None, within: bool) -> None:
        if moved is None or not within:
            return
        for number, goods in enumerate(moved.sides):
            self._unvalued[number] += goods.unvalued
            for currency, cost in goods.costs.items():
                self._add(self._sums[number], (moved.seller, currency), Sums(goods=cost))

    def _add(self, sums: dict[Owner, Sums], owner: Owner, change: Sums) -> None:
        sums[owner] = sums.get(owner, Sums()).plus(change)

    def report(self) -> Report:
        books, supposed = self._sums
        nothing = Sums()
        lines = tuple(
            Line(*owner, books.get(owner, nothing), supposed.get(owner, nothing))
            for owner in sorted({*books, *supposed})
        )
        return Report(lines, _totals(lines), (self._unvalued[0], self._unvalued[1]))


def _totals(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """One for each currency."""
    totals: dict[str, Line] = {}
    for line in lines:
        known = totals.get(line.currency, Line("", line.currency, Sums(), Sums()))
        books, supposed = known.books.plus(line.books), known.supposed.plus(line.supposed)
        totals[line.currency] = Line("", line.currency, books, supposed)
    return tuple(totals[code] for code in sorted(totals))
