"""Costed products: what each is made of, what it costs, how that came about, what it earned."""

from projections.costing.products import PRODUCTS, CostedProduct, Filter, product, products
from projections.costing.sales import SALES, Sale, sales, since
from projections.costing.timeline import TIMELINE, Moment, timeline, timeline_from

__all__ = [
    "PRODUCTS",
    "SALES",
    "TABLES",
    "TIMELINE",
    "VERSION",
    "CostedProduct",
    "Filter",
    "Moment",
    "Sale",
    "product",
    "products",
    "sales",
    "since",
    "timeline",
    "timeline_from",
]

VERSION = 5
TABLES = (PRODUCTS, TIMELINE, SALES)
