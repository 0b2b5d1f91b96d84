"""Revenue per seller and day (AN-02): what was paid that day less what was paid back (PA-07)."""

from collections.abc import Iterator
from datetime import UTC, date

from domain.kernel import Recorded, but
from domain.money import Money, Price
from domain.payments import CheckoutPaid, PaymentRefunded, Share
from projections.kernel import Column, Document, Reader, Table


class Day(Document):
    seller: str
    day: date  # UTC, of when it happened
    revenue: Price
    orders_paid: int = 0


def day_of(recorded: Recorded) -> date:
    return recorded.occurred_at.astimezone(UTC).date()


def row_of(seller: str, recorded: Recorded, currency: str) -> str:
    return f"{seller}.{day_of(recorded)}.{currency}"


def evolve(row: Day | None, recorded: Recorded, id: str) -> Day | None:
    seller, _, currency = id.split(".")
    day = row or Day(seller, day_of(recorded), Price.of(Money(0, currency)))
    match recorded.event:
        case CheckoutPaid(shares=shares):
            for share in shares:
                if row_of(share.seller, recorded, share.amount.currency) == id:
                    day = but(_plus(day, share.amount), orders_paid=day.orders_paid + 1)
            return day
        case PaymentRefunded(amount=amount):
            return _plus(day, amount.times(-1))
    return row


def _plus(day: Day, amount: Money) -> Day:
    return but(day, revenue=Price.of(day.revenue.money + amount))


def _paid(recorded: Recorded) -> set[str]:
    shares: tuple[Share, ...] = recorded.event.shares
    return {row_of(share.seller, recorded, share.amount.currency) for share in shares}


def _refunded(recorded: Recorded) -> Iterator[str]:
    refund: PaymentRefunded = recorded.event
    if refund.seller is not None:
        yield row_of(refund.seller, recorded, refund.amount.currency)


DAYS = Table(
    name="analytics_days",
    document=Day,
    on={CheckoutPaid: _paid, PaymentRefunded: _refunded},
    evolve=evolve,
    columns={
        "seller": Column("text", lambda d: d.seller),
        "day": Column("date", lambda d: d.day),
    },
    indexes=("seller, day",),
)


class SalesDay(Document):
    """What all sellers earned on a day, in one currency."""

    day: date  # UTC
    revenue: Price
    orders_paid: int


class SalesByDay(Document):
    """Oldest first; days on which no money moved are left out."""

    days: tuple[SalesDay, ...]


_DAYS = """
WITH parts AS (
    SELECT day, convert_from(body, 'UTF8')::jsonb AS part FROM read.analytics_days
    WHERE tenant = %s AND day BETWEEN %s AND %s
)
SELECT day, part->'revenue'->>'currency', sum((part->'revenue'->>'amount')::numeric)::text,
       sum((part->>'orders_paid')::bigint)::bigint
FROM parts GROUP BY 1, 2 ORDER BY 1, 2
"""


async def sales_by_day(db: Reader, first: date, last: date) -> SalesByDay:
    """Both days included."""
    found = await db.rows(_DAYS, (db.tenant, first, last))
    return SalesByDay(
        tuple(SalesDay(day, Price(amount, currency), paid) for day, currency, amount, paid in found)
    )
