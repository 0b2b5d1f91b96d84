"""Catalog: the products, their prices, and the lists they are found in."""

from collections.abc import Sequence
from typing import Any

import msgspec

from projections.catalog.prices import PRICES, PriceStep, prices
from projections.catalog.rows import PRODUCTS, Product
from projections.catalog.shelves import SHELVES, on_shelf
from projections.kernel import Document, Found, Page, Reader, ids_of, narrowed, one, page

__all__ = [
    "COLUMNS",
    "PRICES",
    "PRODUCTS",
    "SHELVES",
    "TABLES",
    "VERSION",
    "Filter",
    "PriceStep",
    "Product",
    "is_retired",
    "prices",
    "product",
    "products",
    "selected",
    "seller_of",
]

VERSION = 6
TABLES = (PRODUCTS, PRICES, SHELVES)
COLUMNS = "seller", "seller_category", "featured", "in_stock"


class Filter(Document):
    """What a list of products is narrowed to; None: no such filter. ``category``: a text, or the id
    or slug of a category with all below it. ``fields``: by name; true is the text "true"."""

    seller: str | None = None
    seller_category: str | None = None
    category: str | None = None
    search: str | None = None
    featured: bool | None = None
    in_stock: bool | None = None
    retired: bool = False
    fields: dict[str, str] = {}


async def product(db: Reader, id: str) -> Found | None:
    return await one(db, PRODUCTS.name, id)


async def products(db: Reader, wanted: Filter, number: int, limit: int) -> Page:
    """Newest first."""
    found = condition(db, wanted)
    return await page(db, PRODUCTS.name, *found, "created_at DESC, id", number, limit)


def condition(db: Reader, wanted: Filter) -> tuple[str, tuple[Any, ...]]:
    """Of the products that a filter leaves, with its parameters."""
    where, params = narrowed(wanted, COLUMNS)
    if wanted.category is not None:
        on, which = on_shelf(db.tenant, wanted.category)
        where, params = f"{where} AND {on}", (*params, *which)
    if wanted.fields:
        fields = msgspec.json.encode(wanted.fields).decode()
        where, params = f"{where} AND fields @> %s::jsonb", (*params, fields)
    return where, params


async def selected(db: Reader, wanted: Filter, ids: Sequence[str] | None, most: int) -> list[str]:
    """The ids of those of the list that are among ``ids``, if these are given."""
    return await ids_of(db, PRODUCTS.name, *condition(db, wanted), ids, most)


def is_retired(found: Found) -> bool:
    return _WHOSE.decode(found.body).retired


def seller_of(found: Found) -> str:
    return _WHOSE.decode(found.body).seller


class _Whose(Document):
    seller: str
    retired: bool


_WHOSE = msgspec.json.Decoder(_Whose)
