"""Products: one row each, as the product page and every list show it."""

from datetime import datetime

from domain.catalog import (
    CustomFieldSet,
    Field,
    MinimumSet,
    PriceChanged,
    ProductCreated,
    ProductDescribed,
    ProductFeatured,
    ProductPurged,
    ProductRestored,
    ProductRetired,
    SkuAssigned,
    with_field,
)
from domain.categories import CategoryRestored, CategoryRetired
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
from projections.catalog.prices import struck_out
from projections.kernel import (
    Column,
    Document,
    Table,
    own,
)

STOCK = (StockReceived, StockAdjusted, StockReserved, StockReleased, StockRestocked)


class Product(Document):
    """``version`` is that of the product's own stream; stock has one of its own. ``category`` is
    any text, ``category_id`` one of the tenant's tree, which may have been retired since.
    ``fields``: its seller's own, by name."""

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
    category_id: str | None = None
    category_retired: bool = False
    fields: dict[str, Field] = {}


def evolve(product: Product | None, recorded: Recorded, id: str) -> Product | None:
    if isinstance(recorded.event, ProductCreated):
        return _created(recorded.event, recorded)
    if product is None or isinstance(recorded.event, ProductPurged):
        return None
    if isinstance(recorded.event, SellerAppointed):
        return but(product, seller_category=recorded.event.tier)
    if isinstance(recorded.event, CategoryRetired | CategoryRestored):
        return but(product, category_retired=isinstance(recorded.event, CategoryRetired))
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
        category_id=text.category_id,
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
                category_id=text.category_id,
                category_retired=product.category_retired
                and text.category_id == product.category_id,
            )
        case PriceChanged(new=price, original_price=original):
            return but(product, price=Price.of(price), original_price=struck_out(original))
        case MinimumSet(quantity=quantity):
            return but(product, min_order_quantity=quantity)
        case SkuAssigned(sku=sku):
            return but(product, sku=sku)
        case ProductFeatured(featured=featured):
            return but(product, featured=featured)
        case CustomFieldSet(name=name, value=value):
            return but(product, fields=with_field(product.fields, name, value))
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
            ProductPurged,
            CustomFieldSet,
            *STOCK,
        ),
        own,
    ),
    related={
        SellerAppointed: lambda r: ("seller = %s", (r.id,)),
        CategoryRetired: lambda r: ("category_id = %s", (r.event.category,)),
        CategoryRestored: lambda r: ("category_id = %s", (r.event.category,)),
    },
    evolve=evolve,
    columns={
        "seller": Column("text", lambda p: p.seller),
        "seller_category": Column("text", lambda p: p.seller_category),
        "category": Column("text", lambda p: p.category),
        "category_id": Column("text", lambda p: p.category_id),
        "fields": Column("jsonb", lambda p: {name: _text(v) for name, v in p.fields.items()}),
        "slug": Column("text", lambda p: p.slug),
        "found_by": Column("text", lambda p: f"{p.name} {p.brand} {p.sku or ''}".lower()),
        "featured": Column("boolean", lambda p: p.featured),
        "retired": Column("boolean", lambda p: p.retired),
        "in_stock": Column("boolean", lambda p: p.in_stock),
        "created_at": Column("timestamptz", lambda p: p.created_at),
    },
    indexes=(
        "seller, retired, created_at",
        "category",
        "category_id",
        "retired, created_at",
        "featured, retired, created_at",
    ),
    topic=lambda id, product: f"catalog.{id}.{product.seller}",
)


def _text(value: Field) -> str:
    return value if isinstance(value, str) else str(value).lower()
