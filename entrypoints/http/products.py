"""What the catalogue's commands are sent."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from domain import catalog as rules
from domain.money import Price
from entrypoints.http.names import END, Line, Name, Short, Text, text

Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]


class Describing(Struct, forbid_unknown_fields=True):
    """``category``: any text; ``category_id``: one of the tenant's tree."""

    name: Annotated[str, Meta(min_length=1, max_length=200, examples=["Mint tea"])]
    slug: Annotated[str, Meta(min_length=1, max_length=200, examples=["mint-tea"])]
    category: Short = ""
    product_type: Short = ""
    brand: Short = ""
    description: Text = ""
    category_id: UUID | None = None

    def value(self) -> rules.Describing:
        return rules.Describing(
            self.name,
            self.slug,
            self.category,
            self.product_type,
            self.brand,
            self.description,
            text(self.category_id),
        )


class NewProduct(Describing, forbid_unknown_fields=True, kw_only=True):
    """``seller``: whose product it is, the caller's unless told; only staff name somebody else."""

    price: Price
    original_price: Price | None = None
    min_order_quantity: Quantity = 1
    sku: Line | None = None
    seller: Name | None = None


class NewPrice(Struct, forbid_unknown_fields=True):
    """What one piece costs from now on. ``original_price``: what it is shown to be reduced
    from."""

    price: Price
    original_price: Price | None = None
    reason: Short = ""


class Minimum(Struct, forbid_unknown_fields=True):
    """The fewest pieces that an order may have of the product."""

    quantity: Quantity


class Sku(Struct, forbid_unknown_fields=True):
    """A stock-keeping unit, which no other product of the seller has; null takes it away."""

    sku: Line | None


FieldName = Annotated[str, Meta(pattern=rf"^[a-z][a-z0-9_]{{0,39}}{END}", examples=["colour"])]
FieldText = Annotated[str, Meta(min_length=1, max_length=500, examples=["red"])]


class CustomFields(Struct, forbid_unknown_fields=True):
    """Texts (a number is sent as one) and truths by name; null takes one away, what is not named
    stays."""

    fields: Annotated[dict[FieldName, FieldText | bool | None], Meta(max_length=100)]


class Featured(Struct, forbid_unknown_fields=True):
    """Whether a product stands among the featured ones."""

    featured: bool = True
