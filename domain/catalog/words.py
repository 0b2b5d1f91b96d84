"""The commands and events of products."""

from typing import TypeAlias

from domain.kernel import Command, Event, Value
from domain.money import Money

Field: TypeAlias = str | bool  # a number is a text


class Describing(Value):
    """What a product page says; every text may be empty but the name. ``category`` is any text,
    ``category_id`` one of the tenant's tree."""

    name: str
    slug: str  # unique in the tenant
    category: str = ""
    product_type: str = ""
    brand: str = ""
    description: str = ""
    category_id: str | None = None


class CreateProduct(Command):
    seller: str
    describing: Describing
    price: Money
    original_price: Money | None = None  # the struck-out one
    min_order_quantity: int = 1
    sku: str | None = None  # unique for the seller
    seller_category: str | None = None  # the seller's tier


class DescribeProduct(Command):
    describing: Describing


class ChangePrice(Command):
    price: Money
    original_price: Money | None = None
    reason: str = ""


class SetMinimum(Command):
    quantity: int


class AssignSku(Command):
    sku: str | None


class FeatureProduct(Command):
    featured: bool


class LinkCosting(Command):
    """The costed product that says what it costs its seller, or None."""

    costing: str | None


class SetFields(Command):
    """Fields of the seller's own, by name; None takes one away, what is not named stays."""

    fields: dict[str, Field | None]


class RetireProduct(Command):
    reason: str = ""


class RestoreProduct(Command):
    pass


class PurgeProduct(Command):
    """For good: what was retired does not come back."""


class ProductCreated(Event, tag="catalog.product_created"):
    seller: str
    describing: Describing
    price: Money
    original_price: Money | None
    min_order_quantity: int
    sku: str | None
    seller_category: str | None = None


class ProductDescribed(Event, tag="catalog.product_described"):
    describing: Describing


class PriceChanged(Event, tag="catalog.price_changed"):
    old: Money
    new: Money
    original_price: Money | None
    reason: str


class MinimumSet(Event, tag="catalog.minimum_set"):
    quantity: int


class SkuAssigned(Event, tag="catalog.sku_assigned"):
    sku: str | None


class ProductFeatured(Event, tag="catalog.product_featured"):
    featured: bool


class CostingLinked(Event, tag="catalog.costing_linked"):
    costing: str | None


class CustomFieldSet(Event, tag="catalog.custom_field_set"):
    """``value`` None: it is gone."""

    name: str
    value: Field | None


class ProductRetired(Event, tag="catalog.product_retired"):
    reason: str


class ProductRestored(Event, tag="catalog.product_restored"):
    pass


class ProductPurged(Event, tag="catalog.product_purged"):
    pass


COMMANDS = (
    CreateProduct
    | DescribeProduct
    | ChangePrice
    | SetMinimum
    | AssignSku
    | FeatureProduct
    | LinkCosting
    | SetFields
    | RetireProduct
    | RestoreProduct
    | PurgeProduct
)
EVENTS = (
    ProductCreated
    | ProductDescribed
    | PriceChanged
    | MinimumSet
    | SkuAssigned
    | ProductFeatured
    | CostingLinked
    | CustomFieldSet
    | ProductRetired
    | ProductRestored
    | ProductPurged
)
