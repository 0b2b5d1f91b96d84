"""/catalog"""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response.base import ASGIResponse

from application.catalog import Catalog
from application.ports import Missing, Receipt
from domain import catalog as rules
from entrypoints.http.caller import Caller
from entrypoints.http.commands import On, Sent, SentToCreate
from entrypoints.http.finding import PREFIX, Category, Fields, having
from entrypoints.http.names import Name, money
from entrypoints.http.products import (
    CustomFields,
    Describing,
    Featured,
    Minimum,
    NewPrice,
    NewProduct,
    Sku,
)
from entrypoints.http.routes import changes, creates, lists, reads
from entrypoints.http.views import Paging, View
from entrypoints.wiring import Souk
from projections import catalog
from projections.kernel import Found

UNKNOWN = "catalog.unknown_product"
ON_OWN = {"missing": UNKNOWN, "denied": "catalog.not_yours", "purged": "catalog.purged"}
TEXT = (
    "catalog.name_missing",
    "catalog.slug_malformed",
    "catalog.unknown_category",
    "catalog.category_retired",
)
PRICE = (
    "money.malformed",
    "money.unknown_currency",
    "catalog.price_negative",
    "catalog.currency_changed",
    "catalog.original_price_too_low",
)
MINIMUM = ("catalog.minimum_below_one", "catalog.minimum_too_high")
RETIRED = "catalog.retired"
TAKEN = "catalog.slug_taken catalog.sku_taken"
Tier = Literal["fournisseur", "grossiste", "importateur"]
Search = Annotated[str | None, QueryParameter(min_length=2, max_length=100)]


TheProduct: TypeAlias = NamedDependency[On[Catalog]]


async def product(
    id: FromPath[UUID],
    call: Sent,
    caller: NamedDependency[Caller],
    souk: NamedDependency[Souk],
) -> On[Catalog]:
    return On(souk.catalog, call, str(id), caller.as_owner("products"))


class CatalogController(Controller):
    path = "/catalog/products"
    tags = ["catalog"]
    opt = {"projection": "catalog"}
    dependencies = {"product": Provide(product), "having": Provide(having, sync_to_thread=False)}

    @post(
        "/",
        **creates(
            "products:create",
            *TEXT,
            *PRICE,
            *MINIMUM,
            "catalog.product_exists",
            denied="catalog.not_a_seller",
            taken=TAKEN,
        ),
    )
    async def create(
        self,
        data: JSONBody[NewProduct],
        creating: SentToCreate,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Offer a product. Its stock starts at nothing: receive some."""
        seller = caller.acts_for("products", data.seller) or caller.user
        price, original = money(data.price), money(data.original_price)
        assert price is not None
        new = rules.CreateProduct(
            seller, data.value(), price, original, data.min_order_quantity, data.sku
        )
        return await souk.catalog.create(creating, creating.id, new)

    @post(
        "/{id:uuid}/describe",
        **changes("products:update", *TEXT, RETIRED, taken="catalog.slug_taken", **ON_OWN),
    )
    async def describe(self, data: JSONBody[Describing], product: TheProduct) -> Receipt:
        """Say something else about it; all texts are replaced."""
        command = rules.DescribeProduct(data.value())
        return await product(Catalog.describe, command)

    @post("/{id:uuid}/price", **changes("products:update", *PRICE, RETIRED, **ON_OWN))
    async def price(self, data: JSONBody[NewPrice], product: TheProduct) -> Receipt:
        """Change the price; carts that hold it are told."""
        price, original = money(data.price), money(data.original_price)
        assert price is not None
        command = rules.ChangePrice(price, original, data.reason)
        return await product(Catalog.change, command)

    @post(
        "/{id:uuid}/minimum",
        **changes("products:update", *MINIMUM, RETIRED, **ON_OWN),
    )
    async def minimum(self, data: JSONBody[Minimum], product: TheProduct) -> Receipt:
        """Set how many pieces an order takes at the least."""
        command = rules.SetMinimum(data.quantity)
        return await product(Catalog.change, command)

    @post(
        "/{id:uuid}/sku",
        **changes("products:update", RETIRED, taken="catalog.sku_taken", **ON_OWN),
    )
    async def sku(self, data: JSONBody[Sku], product: TheProduct) -> Receipt:
        """Give it the seller's own number, or none."""
        command = rules.AssignSku(data.sku)
        return await product(Catalog.change, command)

    @post(
        "/{id:uuid}/fields",
        **changes(
            "products:update",
            "catalog.field_malformed",
            "catalog.too_many_fields",
            RETIRED,
            **ON_OWN,
        ),
    )
    async def fields(self, data: JSONBody[CustomFields], product: TheProduct) -> Receipt:
        """Say what the catalogue has no word for; lists find it by ``?field.<name>=``."""
        return await product(Catalog.change, rules.SetFields(data.fields))

    @post("/{id:uuid}/feature", **changes("products:manage", RETIRED, **ON_OWN))
    async def feature(
        self, id: FromPath[UUID], data: JSONBody[Featured], call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """Show it among the featured products, or no longer."""
        command = rules.FeatureProduct(data.featured)
        return await souk.catalog.change(call, str(id), None, command)

    @post("/{id:uuid}/retire", **changes("products:soft_delete", **ON_OWN))
    async def retire(self, product: TheProduct) -> Receipt:
        """Take it off every list; nothing is lost."""
        return await product(Catalog.change, rules.RetireProduct())

    @delete("/{id:uuid}", **changes("products:soft_delete", **ON_OWN))
    async def retire_by_delete(self, product: TheProduct) -> Receipt:
        """The same as retire."""
        return await product(Catalog.change, rules.RetireProduct())

    @post("/{id:uuid}/restore", **changes("products:restore", taken=TAKEN, **ON_OWN))
    async def restore(self, product: TheProduct) -> Receipt:
        """Put a retired product back on the lists, unless another has its names by now."""
        return await product(Catalog.change, rules.RestoreProduct())

    @get("/", **lists("products:read", catalog.Product, shared=True, family=PREFIX))
    async def products(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        having: NamedDependency[Fields],
        seller: FromQuery[Name | None] = None,
        category: Category = None,
        search: Search = None,
        in_stock: FromQuery[bool | None] = None,
        seller_category: FromQuery[Tier | None] = None,
    ) -> ASGIResponse:
        """What is on sale, newest first; ``?field.<name>=<value>``: only what has that field."""
        wanted = catalog.Filter(
            seller=seller,
            seller_category=seller_category,
            category=category,
            search=search,
            in_stock=in_stock,
            fields=having,
        )
        found = await catalog.products(view.db, wanted, paging.page, paging.limit)
        return view.page(found, paging)

    @get("/featured", **lists("products:read", catalog.Product, shared=True))
    async def featured(
        self, view: NamedDependency[View], paging: NamedDependency[Paging]
    ) -> ASGIResponse:
        """What the marketplace puts forward."""
        wanted = catalog.Filter(featured=True)
        return view.page(await catalog.products(view.db, wanted, paging.page, paging.limit), paging)

    @get("/search", **lists("products:read", catalog.Product, shared=True))
    async def search(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        q: Annotated[str, QueryParameter(min_length=2, max_length=100)],
    ) -> ASGIResponse:
        """By a part of the name, the brand or the SKU."""
        wanted = catalog.Filter(search=q)
        return view.page(await catalog.products(view.db, wanted, paging.page, paging.limit), paging)

    @get("/bin", **lists("products:restore", catalog.Product))
    async def bin(
        self, view: NamedDependency[View], paging: NamedDependency[Paging]
    ) -> ASGIResponse:
        """What is retired: the caller's own, or everyone's for staff."""
        seller = view.caller.as_owner("products")
        wanted = catalog.Filter(seller=seller, retired=True)
        return view.page(await catalog.products(view.db, wanted, paging.page, paging.limit), paging)

    @get("/{id:uuid}/prices", **lists("products:read", catalog.PriceStep, missing=UNKNOWN))
    async def prices(
        self, id: FromPath[UUID], view: NamedDependency[View], paging: NamedDependency[Paging]
    ) -> ASGIResponse:
        """Every change of its price, newest first, for whoever is shown the product."""
        if await _shown(view, id) is None:
            raise Missing(UNKNOWN)
        return view.page(await catalog.prices(view.db, str(id), paging.page, paging.limit), paging)

    @get("/{id:uuid}", **reads("products:read", catalog.Product, UNKNOWN))
    async def product(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """One product; a retired one is shown to its seller and to staff only."""
        return view.one(await _shown(view, id), UNKNOWN)


async def _shown(view: View, id: UUID) -> Found | None:
    found = await catalog.product(view.db, str(id))
    hidden = found and catalog.is_retired(found) and not _may_see(view.caller, found)
    return None if hidden else found


def _may_see(caller: Caller, found: Found) -> bool:
    return caller.manages("products") or catalog.seller_of(found) == caller.user
