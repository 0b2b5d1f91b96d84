"""Catalog: one row per product, as the product page and every list show it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from domain.catalog import (
    MinimumSet,
    PriceChanged,
    ProductCreated,
    ProductDescribed,
    ProductFeatured,
    ProductRestored,
    ProductRetired,
    SkuAssigned,
)
from domain.identity import SellerAppointed
from domain.inventory import (
    StockAdjusted,
    StockReceived,
    StockReleased,
    StockReserved,
    StockRestocked,
)
from domain.kernel import Recorded, but
from domain.money import Price
from projections.catalog.prices import PRICES, PriceStep, prices, struck_out
from projections.kernel import (
    Column,
    Document,
    Found,
    Page,
    Reader,
    Table,
    ids_of,
    narrowed,
    one,
    own,
    page,
)

__all__ = [
    "COLUMNS",
    "PRICES",
    "PRODUCTS",
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

VERSION = 4

STOCK = (StockReceived, StockAdjusted, StockReserved, StockReleased, StockRestocked)


class Product(Document):
    """``version`` is that of the product's own stream; stock has one of its own."""

    id: str
    version: int
    seller: str
    seller_category: str | None  # the tier that the seller has now
    name: str
    slug: str
    category: str
    product_type: str
    brand: str
    description: str
    price: Price
    original_price: Price | None
    min_order_quantity: int
    sku: str | None
    featured: bool
    retired: bool
    created_at: datetime
    available: int = 0  # pieces that can be ordered now
    in_stock: bool = False


def evolve(product: Product | None, recorded: Recorded, id: str) -> Product | None:
    if isinstance(recorded.event, ProductCreated):
        return _created(recorded.event, recorded)
    if product is None:
        return None
    if isinstance(recorded.event, SellerAppointed):
        return but(product, seller_category=recorded.event.tier)
    if isinstance(recorded.event, STOCK):
        return _stocked(product, product.available + _freed(recorded.event))
    return _changed(but(product, version=recorded.version), recorded.event)


def _stocked(product: Product, available: int) -> Product:
    return but(product, available=available, in_stock=available > 0)


def _freed(event: object) -> int:
    """How many pieces more can be ordered, or fewer; taking what was reserved changes nothing."""
    match event:
        case StockReceived(quantity=q) | StockReleased(quantity=q) | StockRestocked(quantity=q):
            return q
        case StockReserved(quantity=q):
            return -q
        case StockAdjusted(delta=delta):
            return delta
    return 0


def _created(event: ProductCreated, recorded: Recorded) -> Product:
    text = event.describing
    return Product(
        id=recorded.id,
        version=recorded.version,
        seller=event.seller,
        seller_category=event.seller_category,
        name=text.name,
        slug=text.slug,
        category=text.category,
        product_type=text.product_type,
        brand=text.brand,
        description=text.description,
        price=Price.of(event.price),
        original_price=struck_out(event.original_price),
        min_order_quantity=event.min_order_quantity,
        sku=event.sku,
        featured=False,
        retired=False,
        created_at=recorded.occurred_at,
    )


def _changed(product: Product, event: object) -> Product:
    match event:
        case ProductDescribed(describing=text):
            return but(
                product,
                name=text.name,
                slug=text.slug,
                category=text.category,
                product_type=text.product_type,
                brand=text.brand,
                description=text.description,
            )
        case PriceChanged(new=price, original_price=original):
            return but(product, price=Price.of(price), original_price=struck_out(original))
        case MinimumSet(quantity=quantity):
            return but(product, min_order_quantity=quantity)
        case SkuAssigned(sku=sku):
            return but(product, sku=sku)
        case ProductFeatured(featured=featured):
            return but(product, featured=featured)
        case ProductRetired():
            return but(product, retired=True)
        case ProductRestored():
            return but(product, retired=False)
    return product


PRODUCTS = Table(
    name="catalog_products",
    document=Product,
    on=dict.fromkeys(
        (
            ProductCreated,
            ProductDescribed,
            PriceChanged,
            MinimumSet,
            SkuAssigned,
            ProductFeatured,
            ProductRetired,
            ProductRestored,
            *STOCK,
        ),
        own,
    ),
    related={SellerAppointed: lambda r: ("seller = %s", (r.id,))},
    evolve=evolve,
    columns={
        "seller": Column("text", lambda p: p.seller),
        "seller_category": Column("text", lambda p: p.seller_category),
        "category": Column("text", lambda p: p.category),
        "slug": Column("text", lambda p: p.slug),
        "found_by": Column("text", lambda p: f"{p.name} {p.brand} {p.sku or ''}".lower()),
        "featured": Column("boolean", lambda p: p.featured),
        "retired": Column("boolean", lambda p: p.retired),
        "in_stock": Column("boolean", lambda p: p.in_stock),
        "created_at": Column("timestamptz", lambda p: p.created_at),
    },
    indexes=("seller", "category", "created_at"),
    topic=lambda id, product: f"catalog.{id}.{product.seller}",
)
TABLES = (PRODUCTS, PRICES)
COLUMNS = "seller", "seller_category", "category", "featured", "in_stock"


class Filter(Document):
    """What a list of products is narrowed to; None: no such filter."""

    seller: str | None = None
    seller_category: str | None = None
    category: str | None = None
    search: str | None = None
    featured: bool | None = None
    in_stock: bool | None = None
    retired: bool = False


async def product(db: Reader, id: str) -> Found | None:
    return await one(db, PRODUCTS.name, id)


async def products(db: Reader, wanted: Filter, number: int, limit: int) -> Page:
    """Newest first."""
    found = narrowed(wanted, COLUMNS)
    return await page(db, PRODUCTS.name, *found, "created_at DESC, id", number, limit)


async def selected(db: Reader, wanted: Filter, ids: Sequence[str] | None, most: int) -> list[str]:
    return await ids_of(db, PRODUCTS.name, *narrowed(wanted, COLUMNS), ids, most)


def is_retired(found: Found) -> bool:
    return _WHOSE.decode(found.body).retired


def seller_of(found: Found) -> str:
    return _WHOSE.decode(found.body).seller


class _Whose(Document):
    seller: str
    retired: bool


_WHOSE = msgspec.json.Decoder(_Whose)
