"""The whole tenant's sales: one row of totals, and one per way to pay."""

from domain.checkouts import CheckoutPlaced
from domain.kernel import Recorded, but
from domain.money import Money, Price
from domain.payments import ORDER, CheckoutPaid, PaymentIntended, PaymentRefunded
from projections.analytics.orders import OrderMoved, added
from projections.analytics.sellers import counted, of_refund
from projections.kernel import Column, Document, Table

SALES_ID = "sales"


class Sales(Document):
    """A tenant's sales. ``orders``: how many stand at each status. ``units_sold``: of paid
    orders that were neither cancelled nor returned. ``revenue``: paid less refunded, one amount
    per currency."""

    checkouts: int = 0
    orders: dict[str, int] = {}
    units_sold: int = 0
    revenue: tuple[Price, ...] = ()


def _evolve(row: Sales | None, recorded: Recorded, id: str) -> Sales | None:
    sales = row or Sales()
    match recorded.event:
        case CheckoutPlaced():
            return but(sales, checkouts=sales.checkouts + 1)
        case OrderMoved() as move:
            units = sales.units_sold + move.sold * move.after.units
            return but(sales, orders=counted(sales.orders, move), units_sold=units)
        case CheckoutPaid(shares=shares):
            revenue = sales.revenue
            for share in shares:
                revenue = added(revenue, share.amount)
            return but(sales, revenue=revenue)
        case PaymentRefunded(amount=amount):
            return but(sales, revenue=added(sales.revenue, amount, -1))
    return row


def _whole(recorded: Recorded) -> list[str]:
    return [SALES_ID]


SALES = Table(
    name="analytics_sales",
    document=Sales,
    on={
        CheckoutPlaced: _whole,
        OrderMoved: _whole,
        CheckoutPaid: _whole,
        PaymentRefunded: lambda r: [SALES_ID] if of_refund(r) else [],
    },
    evolve=_evolve,
    topic=lambda id, sales: f"analytics.{id}",
    counters=True,
)


class Method(Document):
    """Payments for orders by one method, as intended: deposits and tips are not among them."""

    method: str
    payments: int
    intended: Price


def _method(row: Method | None, recorded: Recorded, id: str) -> Method | None:
    payment: PaymentIntended = recorded.event
    nothing = Price.of(Money(0, payment.amount.currency))
    method = row or Method(payment.method, 0, nothing)
    intended = Price.of(method.intended.money + payment.amount)
    return but(method, payments=method.payments + 1, intended=intended)


def _of_payment(recorded: Recorded) -> list[str]:
    payment: PaymentIntended = recorded.event
    return [f"{payment.method}.{payment.amount.currency}"] if payment.purpose == ORDER else []


METHODS = Table(
    name="analytics_methods",
    document=Method,
    on={PaymentIntended: _of_payment},
    evolve=_method,
    columns={
        "method": Column("text", lambda m: m.method),
        "payments": Column("bigint", lambda m: m.payments),
        # Minor units, unbounded: whoever means to pay says how much, as often as they like.
        "intended": Column("numeric", lambda m: m.intended.money.minor),
        "currency": Column("text", lambda m: m.intended.currency),
    },
)
