"""Costed products: what each is made of, what it costs, and how that came about."""

from projections.costing.products import PRODUCTS, Filter, Product, product, products
from projections.costing.timeline import TIMELINE, Moment, timeline

__all__ = [
    "PRODUCTS",
    "TABLES",
    "TIMELINE",
    "VERSION",
    "Filter",
    "Moment",
    "Product",
    "product",
    "products",
    "timeline",
]

VERSION = 2
TABLES = (PRODUCTS, TIMELINE)
