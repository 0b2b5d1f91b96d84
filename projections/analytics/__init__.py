"""Analytics: what was sold, by whom, when and for how much (AN-01 to AN-03)."""

from datetime import date

from projections.analytics.days import DAYS, SALES_DAYS, Day, SalesByDay, sales_by_day
from projections.analytics.orders import ORDERS
from projections.analytics.products import PRODUCTS, ProductSales
from projections.analytics.reels import REELS, ReelPerformance
from projections.analytics.report import MarketplaceReport, marketplace
from projections.analytics.sales import METHODS, SALES, SALES_ID, Sales
from projections.analytics.sellers import SELLERS, Seller
from projections.kernel import Counts, Found, Page, Reader, one, page

__all__ = [
    "TABLES",
    "VERSION",
    "Day",
    "MarketplaceReport",
    "ProductSales",
    "ReelPerformance",
    "Sales",
    "SalesByDay",
    "Seller",
    "dashboard",
    "marketplace",
    "reel",
    "reels",
    "revenue",
    "sales",
    "sales_by_day",
    "top_products",
]

VERSION = 6
# ORDERS comes first: the others fold what it emits.
TABLES = (ORDERS, SELLERS, DAYS, SALES_DAYS, PRODUCTS, SALES, METHODS, REELS)


async def dashboard(counts: Counts, seller: str) -> Found | None:
    """A seller's totals; None for one who has neither been appointed nor sold anything."""
    return await counts.row(SELLERS.name, seller)


async def revenue(
    db: Reader, seller: str, first: date, last: date, number: int, limit: int
) -> Page:
    """A seller's days from ``first`` to ``last``, both included, oldest first."""
    where, params = "seller = %s AND day BETWEEN %s AND %s", (seller, first, last)
    return await page(db, DAYS.name, where, params, "day, id", number, limit)


async def top_products(db: Reader, seller: str, number: int, limit: int) -> Page:
    """A seller's products that were sold, by revenue."""
    where = "seller = %s AND units_sold > 0"
    order = "revenue DESC, units_sold DESC, id"
    return await page(db, PRODUCTS.name, where, (seller,), order, number, limit)


async def reels(db: Reader, seller: str, number: int, limit: int) -> Page:
    """A seller's reels that were ever shown, by what they sold and how often they were watched."""
    order = "orders DESC, views DESC, id"
    return await page(db, REELS.name, "seller = %s", (seller,), order, number, limit)


async def reel(db: Reader, id: str, seller: str | None = None) -> Found | None:
    """``seller``: only if it is theirs."""
    return await one(db, REELS.name, id, "coalesce(seller = %s, true)", (seller,))


async def sales(counts: Counts) -> Found | None:
    """The tenant's totals; None while nothing was ever ordered."""
    return await counts.row(SALES.name, SALES_ID)
