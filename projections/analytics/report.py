"""The marketplace report: a whole tenant's history in figures, from the read rows alone."""

from datetime import date

from domain.orders import STATUSES
from projections.kernel import Document, Reader


class Paid(Document):
    rows: int
    value_cents: int


class TopSeller(Document):
    seller: str
    revenue_cents: int
    checkouts: int
    items: int


class BusiestDay(Document):
    date: date
    checkouts: int


class MarketplaceReport(Document):
    """Amounts, sellers of the top and payments are those in ``currency``, amounts in its minor
    units; all else counts whatever was paid in. Days and months are UTC's.

    A checkout stands at its least advanced order's status; it is cancelled if all of them are.
    ``revenue_cents`` is price and freight of everything ordered, whatever became of it;
    ``busiest_day`` is None while there is no checkout, and so may ``currency`` be.
    """

    currency: str | None
    checkouts: int
    checkouts_per_currency: dict[str, int]
    items: int
    distinct_sellers: int
    distinct_products: int
    checkouts_with_2plus_sellers: int
    checkouts_per_status: dict[str, int]
    checkouts_per_month: dict[str, int]
    payments_by_type: dict[str, Paid]
    payments_total_cents: int
    price_total_cents: int
    freight_total_cents: int
    revenue_cents: int
    top_sellers: tuple[TopSeller, ...]
    busiest_day: BusiestDay | None


TOTALS = """
SELECT count(DISTINCT checkout), coalesce(sum(units), 0)::bigint, count(DISTINCT seller),
       coalesce(sum(subtotal) FILTER (WHERE currency = %s), 0),
       coalesce(sum(shipping) FILTER (WHERE currency = %s), 0)
FROM read.analytics_orders WHERE tenant = %s
"""
CURRENCIES = """
SELECT currency, count(DISTINCT checkout) FROM read.analytics_orders
WHERE tenant = %s GROUP BY currency ORDER BY 2 DESC, currency COLLATE "C"
"""
PRODUCTS = """
SELECT count(DISTINCT coalesce(sku, id)) FROM read.analytics_products
WHERE tenant = %s AND units_ordered > 0
"""
CHECKOUTS = """
WITH checkouts AS (
    SELECT min(stage) AS stage, count(DISTINCT seller) AS sellers,
           (min(placed_at) AT TIME ZONE 'UTC')::date AS day
    FROM read.analytics_orders WHERE tenant = %s GROUP BY checkout
)
SELECT stage, day, count(*), count(*) FILTER (WHERE sellers > 1)
FROM checkouts GROUP BY stage, day ORDER BY day, stage
"""
PAYMENTS = """
SELECT method, sum(payments)::bigint, sum(intended) FROM read.analytics_methods
WHERE tenant = %s AND currency = %s GROUP BY method ORDER BY method
"""
TOP = """
SELECT seller, sum(subtotal + shipping), count(DISTINCT checkout), sum(units)::bigint
FROM read.analytics_orders WHERE tenant = %s AND currency = %s GROUP BY seller
ORDER BY 2 DESC, seller COLLATE "C" LIMIT 5
"""


async def marketplace(db: Reader, currency: str | None = None) -> MarketplaceReport:
    """``currency``: of the amounts; the one that most checkouts are in, if it is not told."""
    tenant = (db.tenant,)
    currencies = {code: int(number) for code, number in await db.rows(CURRENCIES, tenant)}
    currency = currency or next(iter(currencies), None)
    in_it = (db.tenant, currency)
    ((checkouts, items, sellers, price, freight),) = await db.rows(
        TOTALS, (currency, currency, db.tenant)
    )
    ((products,),) = await db.rows(PRODUCTS, tenant)
    counts = await db.rows(CHECKOUTS, tenant)
    paid = await db.rows(PAYMENTS, in_it)
    payments = {method: Paid(n, int(value)) for method, n, value in paid}
    per_day = _per_day(counts)
    return MarketplaceReport(
        currency=currency,
        checkouts=checkouts,
        checkouts_per_currency=currencies,
        items=items,
        distinct_sellers=sellers,
        distinct_products=products,
        checkouts_with_2plus_sellers=sum(shared for *_, shared in counts),
        checkouts_per_status=_per_status(counts),
        checkouts_per_month=_per_month(per_day),
        payments_by_type=payments,
        payments_total_cents=sum(paid.value_cents for paid in payments.values()),
        price_total_cents=int(price),
        freight_total_cents=int(freight),
        revenue_cents=int(price + freight),
        top_sellers=tuple(
            TopSeller(seller, int(revenue), *more)
            for seller, revenue, *more in await db.rows(TOP, in_it)
        ),
        busiest_day=_busiest(per_day),
    )


Counts = list[tuple[int, date, int, int]]  # stage, day, checkouts, those of several sellers


def _per_status(counts: Counts) -> dict[str, int]:
    found = dict.fromkeys(sorted({stage for stage, *_ in counts}), 0)
    for stage, _, checkouts, _ in counts:
        found[stage] += checkouts
    return {STATUSES[stage]: checkouts for stage, checkouts in found.items()}


def _per_day(counts: Counts) -> dict[date, int]:
    days: dict[date, int] = {}
    for _, day, checkouts, _ in counts:
        days[day] = days.get(day, 0) + checkouts
    return days


def _per_month(days: dict[date, int]) -> dict[str, int]:
    months: dict[str, int] = {}
    for day, checkouts in days.items():
        month = f"{day:%Y-%m}"
        months[month] = months.get(month, 0) + checkouts
    return months


def _busiest(days: dict[date, int]) -> BusiestDay | None:
    """The earliest, if several tie."""
    if not days:
        return None
    day = min(days, key=lambda day: (-days[day], day))
    return BusiestDay(day, days[day])
