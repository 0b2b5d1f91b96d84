"""/catalog/products/bulk"""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, delete, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from application.bulking.products import Change
from application.bulks import MOST, Batch, Ran
from application.bulks.items import Op
from domain import catalog as rules
from domain.bulks import Bulk
from domain.money import Price
from domain.money import parse as money_of
from entrypoints.http.bulking import Bulking, Confirm, Previewed, TheBulk, bulking, bulks
from entrypoints.http.names import Line, Name, Short, Text, money, text
from entrypoints.http.operations import each, given, items, texts
from entrypoints.http.products import NewProduct, Quantity
from entrypoints.http.views import View
from projections import catalog

TEXTS = ("name", "slug", "category", "product_type", "brand", "description")
Named = Annotated[str, Meta(min_length=1, max_length=200)]


class ProductUpdates(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is not sent stays as it is; ``null`` takes it away. ``reason``: of another price."""

    name: Named | UnsetType = UNSET
    slug: Named | UnsetType = UNSET
    category: Short | UnsetType = UNSET
    category_id: UUID | UnsetType | None = UNSET
    product_type: Short | UnsetType = UNSET
    brand: Short | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    original_price: Price | UnsetType | None = UNSET
    reason: Short = ""
    min_order_quantity: Quantity | UnsetType = UNSET
    sku: Line | UnsetType | None = UNSET

    def change(self) -> Change:
        """Rejects money.malformed, money.unknown_currency."""
        original = self.original_price
        describing = given(self, TEXTS)
        if self.category_id is not UNSET:
            describing["category_id"] = text(self.category_id)
        return Change(
            describing,
            None if self.price is UNSET else money_of(self.price),
            money_of(original) if isinstance(original, Price) else original,
            self.reason,
            None if self.min_order_quantity is UNSET else self.min_order_quantity,
            self.sku,
        )


class ProductFilter(Struct, forbid_unknown_fields=True, kw_only=True):
    """Those that are not retired and meet all of it. ``q``: a part of the name, the brand or the
    SKU; ``seller``: whose they are; only staff name somebody else."""

    category: Short | None = None
    in_stock: bool | None = None
    featured: bool | None = None
    q: Annotated[str, Meta(min_length=2, max_length=100)] | None = None
    seller: Name | None = None
    ids: list[UUID] | None = None


class CreateProduct(
    NewProduct, forbid_unknown_fields=True, kw_only=True, tag_field="op", tag="create"
):
    """A product that is new, as one of many operations."""


class UpdateProduct(
    ProductUpdates, forbid_unknown_fields=True, kw_only=True, tag_field="op", tag="update"
):
    """What one product is given, as one of many operations; what is left out stays."""

    id: UUID


class DeleteProduct(Struct, forbid_unknown_fields=True, tag_field="op", tag="delete"):
    """The same as retire."""

    id: UUID


class ProductOperations(Struct, forbid_unknown_fields=True):
    """Each done in its turn. ``confirm``: what the preview of the same answered with; without
    it, a preview."""

    operations: list[CreateProduct | UpdateProduct | DeleteProduct]
    confirm: Confirm | None = None


class ProductsUpdated(Struct, forbid_unknown_fields=True):
    """``confirm``: what the preview of the same answered with; without it, a preview."""

    filter: ProductFilter
    updates: ProductUpdates
    confirm: Confirm | None = None


class ProductsDeleted(Struct, forbid_unknown_fields=True):
    """``confirm``: what the preview of the same answered with; without it, a preview."""

    filter: ProductFilter
    confirm: Confirm | None = None


class ProductsBulkController(Controller):
    path = "/catalog/products/bulk"
    tags = ["catalog"]
    opt = {"projection": "catalog"}
    dependencies = {"bulk": Provide(bulking)}

    @post("/", **bulks("products:update"))
    async def operate(self, data: JSONBody[ProductOperations], bulk: TheBulk) -> Previewed | Ran:
        """Create, update and retire up to 10,000 products at once: without ``confirm`` a
        preview."""
        caller, owner = bulk.caller, bulk.caller.as_owner("products")
        if any(isinstance(operation, NewProduct) for operation in data.operations):
            caller.need("products:create")
        if any(isinstance(operation, DeleteProduct) for operation in data.operations):
            caller.need("products:soft_delete")

        def what(operation: Any) -> Any:
            if isinstance(operation, NewProduct):
                seller = caller.acts_for("products", operation.seller) or caller.user
                return _new(operation, seller)
            if isinstance(operation, DeleteProduct):
                return Change(retire=True)
            return operation.change()

        async def source(id: str, begun: Bulk | None) -> Batch:
            return Batch("products", owner, items(id, data.operations, what))

        return await bulk.answer(data, source)

    @put("/", **bulks("products:update", "money.malformed", "money.unknown_currency"))
    async def update(
        self, data: JSONBody[ProductsUpdated], bulk: TheBulk, view: NamedDependency[View]
    ) -> Previewed | Ran:
        """Update all that a filter finds: the caller's own, for staff anyone's."""
        return await _changed(data, data.updates.change(), bulk, view)

    @delete("/", **bulks("products:soft_delete"))
    async def retire(
        self, data: JSONBody[ProductsDeleted], bulk: TheBulk, view: NamedDependency[View]
    ) -> Previewed | Ran:
        """Retire all that a filter finds: the caller's own, for staff anyone's."""
        return await _changed(data, Change(retire=True), bulk, view)


def _new(product: NewProduct, seller: str) -> rules.CreateProduct:
    price, original = money_of(product.price), money(product.original_price)
    least = product.min_order_quantity
    return rules.CreateProduct(seller, product.value(), price, original, least, product.sku)


async def _changed(
    data: ProductsUpdated | ProductsDeleted, change: Change, bulk: Bulking, view: View
) -> Previewed | Ran:
    owner, asked = bulk.caller.as_owner("products"), data.filter
    seller = bulk.caller.acts_for("products", asked.seller)

    async def source(id: str, begun: Bulk | None) -> Batch:
        if begun is None:
            wanted = catalog.Filter(
                seller=seller,
                category=asked.category,
                search=asked.q,
                featured=asked.featured,
                in_stock=asked.in_stock,
            )
            ids = await catalog.selected(view.db, wanted, texts(asked.ids), MOST + 1)
        else:
            ids = list(begun.ids)
        op: Op = "delete" if change.retire else "update"
        return Batch("products", owner, each(ids, op, change), ids=tuple(ids))

    return await bulk.answer(data, source)
