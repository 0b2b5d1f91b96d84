"""Catalog: what a seller offers, and at what price."""

import re
from typing import assert_never

from domain.catalog.fields import FIELD, MOST_FIELDS, changed_fields, with_field
from domain.catalog.words import (
    COMMANDS,
    EVENTS,
    AssignSku,
    ChangePrice,
    CostingLinked,
    CreateProduct,
    CustomFieldSet,
    DescribeProduct,
    Describing,
    FeatureProduct,
    Field,
    LinkCosting,
    MinimumSet,
    PriceChanged,
    ProductCreated,
    ProductDescribed,
    ProductFeatured,
    ProductPurged,
    ProductRestored,
    ProductRetired,
    PurgeProduct,
    RestoreProduct,
    RetireProduct,
    SetFields,
    SetMinimum,
    SkuAssigned,
)
from domain.kernel import Rejected, Value, but
from domain.money import Money

__all__ = [
    "COMMANDS",
    "EMPTY",
    "EVENTS",
    "FIELD",
    "MAX_MINIMUM",
    "MOST_FIELDS",
    "SLUG",
    "AssignSku",
    "ChangePrice",
    "CostingLinked",
    "CreateProduct",
    "CustomFieldSet",
    "DescribeProduct",
    "Describing",
    "FeatureProduct",
    "Field",
    "LinkCosting",
    "MinimumSet",
    "PriceChanged",
    "Product",
    "ProductCreated",
    "ProductDescribed",
    "ProductFeatured",
    "ProductPurged",
    "ProductRestored",
    "ProductRetired",
    "PurgeProduct",
    "RestoreProduct",
    "RetireProduct",
    "SetFields",
    "SetMinimum",
    "SkuAssigned",
    "decide",
    "evolve",
    "with_field",
]

MAX_MINIMUM = 9999  # what one line of a cart holds: more could be put in none
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
IN_BIN = RetireProduct | RestoreProduct | PurgeProduct | LinkCosting


class Product(Value):
    """``seller`` is empty while there is no such product. ``costing``: the costed product that says
    what it costs; nobody but its seller is to know. ``fields``: its seller's own."""

    seller: str = ""
    describing: Describing = Describing("", "")
    price: Money = Money(0, "XXX")
    original_price: Money | None = None
    min_order_quantity: int = 1
    sku: str | None = None
    featured: bool = False
    retired: bool = False
    purged: bool = False
    costing: str | None = None
    fields: dict[str, Field] = {}

    @property
    def exists(self) -> bool:
        return self.seller != ""

    @property
    def name(self) -> str:
        return self.describing.name


EMPTY = Product()


def decide(product: Product, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, CreateProduct):
        return _create(product, command)
    if not product.exists:
        raise Rejected("catalog.unknown_product")
    _check_there(product, command)
    match command:
        case DescribeProduct(describing=describing):
            return _describe(product, describing)
        case ChangePrice():
            return _change_price(product, command)
        case SetMinimum(quantity=quantity):
            return _set_minimum(product, quantity)
        case AssignSku(sku=sku):
            return [SkuAssigned(sku)] if sku != product.sku else []
        case FeatureProduct(featured=featured):
            return [ProductFeatured(featured)] if featured != product.featured else []
        case LinkCosting(costing=costing):
            return [CostingLinked(costing)] if costing != product.costing else []
        case SetFields(fields=fields):
            return [*changed_fields(product.fields, fields)]
        case RetireProduct(reason=reason):
            return [] if product.retired else [ProductRetired(reason)]
        case RestoreProduct():
            return [ProductRestored()] if product.retired else []
        case PurgeProduct():
            return _purge(product)
        case _:
            assert_never(command)


def _check_there(product: Product, command: COMMANDS) -> None:
    """A costed product may let go of what it was sold as, whatever became of that."""
    if product.purged and not isinstance(command, PurgeProduct | LinkCosting):
        raise Rejected("catalog.purged", "it is gone for good")
    if product.retired and not isinstance(command, IN_BIN):
        raise Rejected("catalog.retired", "restore the product first")


def _purge(product: Product) -> list[EVENTS]:
    if not product.retired:
        raise Rejected("catalog.not_retired", "retire the product first")
    return [] if product.purged else [ProductPurged()]


def _create(product: Product, new: CreateProduct) -> list[EVENTS]:
    if product.exists:
        raise Rejected("catalog.product_exists")
    _check_text(new.describing)
    _check_minimum(new.min_order_quantity)
    _check_price(new.price, new.original_price, new.price.currency)
    return [
        ProductCreated(
            new.seller,
            new.describing,
            new.price,
            new.original_price,
            new.min_order_quantity,
            new.sku,
            new.seller_category,
        )
    ]


def _describe(product: Product, describing: Describing) -> list[EVENTS]:
    _check_text(describing)
    return [ProductDescribed(describing)] if describing != product.describing else []


def _change_price(product: Product, change: ChangePrice) -> list[EVENTS]:
    _check_price(change.price, change.original_price, product.price.currency)
    if (change.price, change.original_price) == (product.price, product.original_price):
        return []
    return [PriceChanged(product.price, change.price, change.original_price, change.reason)]


def _check_text(describing: Describing) -> None:
    if not describing.name.strip():
        raise Rejected("catalog.name_missing")
    if not SLUG.fullmatch(describing.slug):
        raise Rejected("catalog.slug_malformed", "lower-case letters, digits and single hyphens")


def _set_minimum(product: Product, quantity: int) -> list[EVENTS]:
    if quantity == product.min_order_quantity:
        return []  # also of one that was set too high before that was refused
    _check_minimum(quantity)
    return [MinimumSet(quantity)]


def _check_minimum(quantity: int) -> None:
    if quantity < 1:
        raise Rejected("catalog.minimum_below_one")
    if quantity > MAX_MINIMUM:
        raise Rejected("catalog.minimum_too_high", f"a cart holds {MAX_MINIMUM} of it at the most")


def _check_price(price: Money, original: Money | None, currency: str) -> None:
    if price.minor < 0:
        raise Rejected("catalog.price_negative")
    if price.currency != currency:
        raise Rejected("catalog.currency_changed", f"this product is priced in {currency}")
    if original and (original.currency != currency or original.minor < price.minor):
        raise Rejected("catalog.original_price_too_low", "the struck-out price is the higher one")


def evolve(product: Product, event: EVENTS) -> Product:
    match event:
        case ProductCreated():
            return _created(event)
        case ProductDescribed(describing=describing):
            return but(product, describing=describing)
        case PriceChanged(new=price, original_price=original):
            return but(product, price=price, original_price=original)
        case MinimumSet(quantity=quantity):
            return but(product, min_order_quantity=quantity)
        case SkuAssigned(sku=sku):
            return but(product, sku=sku)
        case ProductFeatured(featured=featured):
            return but(product, featured=featured)
        case CostingLinked(costing=costing):
            return but(product, costing=costing)
        case CustomFieldSet(name=name, value=value):
            return but(product, fields=with_field(product.fields, name, value))
        case ProductRetired():
            return but(product, retired=True)
        case ProductRestored():
            return but(product, retired=False)
        case ProductPurged():
            return but(product, purged=True)
        case _:
            assert_never(event)


def _created(event: ProductCreated) -> Product:
    return Product(
        event.seller,
        event.describing,
        event.price,
        event.original_price,
        event.min_order_quantity,
        event.sku,
    )
