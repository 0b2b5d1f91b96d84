"""What the catalogue's commands are sent."""

from typing import Annotated

from msgspec import Meta, Struct

from domain import catalog as rules
from domain.money import Price
from entrypoints.http.names import Line, Name, Short, Text

Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]


class Describing(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=200, examples=["Mint tea"])]
    slug: Annotated[str, Meta(min_length=1, max_length=200, examples=["mint-tea"])]
    category: Short = ""
    product_type: Short = ""
    brand: Short = ""
    description: Text = ""

    def value(self) -> rules.Describing:
        return rules.Describing(
            self.name, self.slug, self.category, self.product_type, self.brand, self.description
        )


class NewProduct(Describing, forbid_unknown_fields=True, kw_only=True):
    """``seller``: for staff, whose product it is; otherwise it is the caller's."""

    price: Price
    original_price: Price | None = None
    min_order_quantity: Quantity = 1
    sku: Line | None = None
    seller: Name | None = None


class NewPrice(Struct, forbid_unknown_fields=True):
    price: Price
    original_price: Price | None = None
    reason: Short = ""


class Minimum(Struct, forbid_unknown_fields=True):
    quantity: Quantity


class Sku(Struct, forbid_unknown_fields=True):
    sku: Line | None


class Featured(Struct, forbid_unknown_fields=True):
    featured: bool = True
