"""Products of the catalogue, as bulks change them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from application.bulks.items import Item, Kind, Name
from application.catalog import check_category, names_of
from application.ports import Call, Forbidden, Missing
from application.work import Work
from domain import catalog, categories, identity
from domain.catalog import (
    AssignSku,
    ChangePrice,
    CreateProduct,
    DescribeProduct,
    Product,
    RestoreProduct,
    RetireProduct,
    SetMinimum,
)
from domain.identity import Member
from domain.kernel import Decider, Value, but
from domain.money import Money, Price


class Change(Value):
    """``describing``: the parts of it to change, by name."""

    describing: dict[str, str | None] = {}
    price: Money | None = None
    original_price: Money | UnsetType | None = UNSET
    reason: str = ""
    minimum: int | None = None
    sku: str | UnsetType | None = UNSET
    retire: bool = False

    def commands(self, now: Product) -> Iterator[catalog.COMMANDS]:
        if self.describing:
            yield DescribeProduct(but(now.describing, **self.describing))
        if self.price is not None or self.original_price is not UNSET:
            struck = now.original_price if self.original_price is UNSET else self.original_price
            yield ChangePrice(self.price or now.price, struck, self.reason)
        if self.minimum is not None:
            yield SetMinimum(self.minimum)
        if self.sku is not UNSET:
            yield AssignSku(self.sku)
        if self.retire:
            yield RetireProduct(self.reason)


class Products:
    """An item's ``what`` is a CreateProduct or a Change."""

    decider: Decider = catalog

    def needs(self, call: Call, items: Iterable[Item]) -> Iterable[tuple[Decider, str]]:
        sellers = {i.what.seller for i in items if isinstance(i.what, CreateProduct)}
        placed = any(_category(item.what) for item in items)
        tree: list[tuple[Decider, str]] = [(categories, call.tenant)] if placed else []
        return [*((identity, seller) for seller in sorted(sellers)), *tree]

    def owned(self, product: Product, owner: str | None) -> None:
        if not product.exists:
            raise Missing("catalog.unknown_product")
        if owner not in (None, product.seller):
            raise Forbidden("catalog.not_yours")

    async def commands(
        self, work: Work, item: Item, product: Product
    ) -> Sequence[catalog.COMMANDS]:
        if isinstance(item.what, CreateProduct):
            seller: Member = await work.load(identity, item.what.seller)
            if not seller.sells:
                raise Forbidden("catalog.not_a_seller")
            await check_category(work, None, _category(item.what))
            return [but(item.what, seller_category=seller.tier)]
        change: Change = item.what
        if wanted := _category(change):
            await check_category(work, product.describing.category_id, wanted)
        return list(change.commands(product))

    def names(self, product: Product) -> frozenset[Name]:
        return names_of(product)

    def gone(self, product: Product) -> bool:
        return not product.exists or product.retired

    async def back(self, work: Work, before: Product, now: Product) -> Sequence[catalog.COMMANDS]:
        if not before.exists:
            return [RetireProduct()]
        await check_category(work, now.describing.category_id, before.describing.category_id)
        found: list[catalog.COMMANDS] = [RestoreProduct()]
        found.append(DescribeProduct(before.describing))
        found.append(ChangePrice(before.price, before.original_price))
        found += [SetMinimum(before.min_order_quantity), AssignSku(before.sku)]
        if _same(before, now):
            found = [] if before.retired else [RestoreProduct()]
        return [*found, RetireProduct()] if before.retired else found

    def shown(self, product: Product) -> dict[str, Any]:
        text = product.describing
        return {
            "name": text.name,
            "slug": text.slug,
            "category": text.category,
            "category_id": text.category_id,
            "product_type": text.product_type,
            "brand": text.brand,
            "description": text.description,
            "price": _price(product.price),
            "original_price": product.original_price and _price(product.original_price),
            "min_order_quantity": product.min_order_quantity,
            "sku": product.sku,
            "retired": product.retired,
        }


def _category(what: CreateProduct | Change | None) -> str | None:
    """Of the tenant's tree, that it is to come into."""
    if isinstance(what, CreateProduct):
        return what.describing.category_id
    return what.describing.get("category_id") if isinstance(what, Change) else None


def _same(before: Product, now: Product) -> bool:
    """But for being retired."""
    return before == but(now, retired=before.retired)


def _price(money: Money) -> dict[str, str]:
    price = Price.of(money)
    return {"amount": price.amount, "currency": price.currency}


PRODUCTS: Kind = Products()
