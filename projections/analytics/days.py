"""Revenue per seller and day (AN-02): what was paid that day less what was paid back (PA-07)."""

from collections.abc import Iterator
from datetime import UTC, date

import msgspec

from domain.kernel import Recorded, but
from domain.money import Money, Price
from domain.payments import CheckoutPaid, PaymentRefunded, Share
from projections.kernel import Column, Document, Reader, Table


class Day(Document):
    """One seller's orders of one ``day`` (UTC, of when it happened). ``revenue``: paid less
    refunded."""

    seller: str
    day: date
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
    orders_paid: int = 0


def _evolve_all(row: SalesDay | None, recorded: Recorded, id: str) -> SalesDay | None:
    day = row or SalesDay(day_of(recorded), Price.of(Money(0, id.rpartition(".")[2])))
    match recorded.event:
        case CheckoutPaid(shares=shares):
            mine = [each.amount for each in shares if _of_all(recorded, each.amount) == id]
            total = sum((amount.minor for amount in mine), day.revenue.money.minor)
            paid = Price.of(Money(total, day.revenue.currency))
            return but(day, revenue=paid, orders_paid=day.orders_paid + len(mine))
        case PaymentRefunded(amount=amount):
            return but(day, revenue=Price.of(day.revenue.money + amount.times(-1)))
    return row


def _of_all(recorded: Recorded, amount: Money) -> str:
    return f"{day_of(recorded)}.{amount.currency}"


def _all_paid(recorded: Recorded) -> set[str]:
    return {_of_all(recorded, share.amount) for share in recorded.event.shares}


def _all_refunded(recorded: Recorded) -> Iterator[str]:
    if recorded.event.seller is not None:
        yield _of_all(recorded, recorded.event.amount)


SALES_DAYS = Table(
    name="analytics_sales_days",
    document=SalesDay,
    on={CheckoutPaid: _all_paid, PaymentRefunded: _all_refunded},
    evolve=_evolve_all,
    columns={"day": Column("date", lambda d: d.day)},
    indexes=("day",),
)


class SalesByDay(Document):
    """Oldest first; days on which no money moved are left out."""

    days: tuple[SalesDay, ...]


async def sales_by_day(db: Reader, first: date, last: date) -> SalesByDay:
    """Both days included."""
    found = await db.rows(
        "SELECT body FROM read.analytics_sales_days"
        " WHERE tenant = %s AND day BETWEEN %s AND %s ORDER BY day, id",
        (db.tenant, first, last),
    )
    return SalesByDay(tuple(_SALES_DAY.decode(body) for (body,) in found))


_SALES_DAY = msgspec.json.Decoder(SalesDay)
