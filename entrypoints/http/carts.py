"""/carts"""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from application.carts import Carts
from application.checkouts import CheckoutReceipt, Contact, Paying, Terms
from application.ports import Receipt
from domain.carts import MAX_QUANTITY
from domain.money import Price
from entrypoints.http.caller import Caller
from entrypoints.http.commands import On, Sent, SentToCreate
from entrypoints.http.names import Code, Line, Short, money, text
from entrypoints.http.routes import changes, creates, lists, reads
from entrypoints.http.views import Paging, View
from entrypoints.wiring import Souk
from projections import carts

UNKNOWN = "carts.unknown_cart"
CLOSED = "carts.closed"
QUANTITY = ("carts.quantity_out_of_range", "carts.below_minimum")
PRODUCT = ("carts.unknown_product", "carts.product_retired", "carts.currency_mixed")
Quantity = Annotated[int, Meta(ge=1, le=MAX_QUANTITY, examples=[2])]
Note = Annotated[str, Meta(min_length=1, max_length=2000)]


class NewItem(Struct, forbid_unknown_fields=True):
    """``reel``: that the buyer found it by; what they buy counts for it."""

    product: Annotated[UUID, Meta(examples=["018f2f0e-6f3c-7c1e-9a51-0e7a4b6f1a2d"])]
    quantity: Quantity = 1
    reel: UUID | None = None


class NewQuantity(Struct, forbid_unknown_fields=True):
    """How many pieces the cart has of it from now on."""

    quantity: Quantity


class Seen(Struct, forbid_unknown_fields=True):
    """``price``: the one the buyer saw; null: whatever it is now."""

    price: Price | None = None


class PaymentChoice(Struct, forbid_unknown_fields=True):
    """``amount`` null: the whole total. A tip comes on top of it."""

    method: Annotated[Code, Meta(examples=["card"])]
    amount: Price | None = None
    purpose: Literal["order", "deposit", "tip"] = "order"

    def value(self) -> Paying:
        return Paying(self.method, money(self.amount), self.purpose)


class Customer(Struct, forbid_unknown_fields=True):
    """Whom to deliver to. All but the region is kept sealed."""

    name: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    address: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    region: Short = ""

    def value(self) -> Contact:
        return Contact(self.name, self.phone, self.email, self.address, self.region)


class CheckOut(Struct, forbid_unknown_fields=True):
    """``payments`` null: cash on delivery."""

    channel: Annotated[Code, Meta(examples=["web"])] = "web"
    payments: Annotated[list[PaymentChoice], Meta(min_length=1, max_length=10)] | None = None
    customer: Customer | None = None
    note: Note | None = None

    def value(self) -> Terms:
        contact = self.customer.value() if self.customer else None
        terms = Terms(channel=self.channel, contact=contact, note=self.note)
        if self.payments is None:
            return terms
        paying = tuple(payment.value() for payment in self.payments)
        return Terms(channel=self.channel, payments=paying, contact=contact, note=self.note)


TheCart: TypeAlias = NamedDependency[On[Carts]]


async def cart(
    id: FromPath[UUID],
    call: Sent,
    caller: NamedDependency[Caller],
    souk: NamedDependency[Souk],
) -> On[Carts]:
    return On(souk.carts, call, str(id), caller.as_owner("carts"))


class CartsController(Controller):
    path = "/carts"
    tags = ["carts"]
    opt = {"projection": "carts"}
    dependencies = {"cart": Provide(cart)}

    @post("/", **creates("carts:create", "carts.cart_exists"))
    async def open(
        self,
        creating: SentToCreate,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Open an empty cart of one's own."""
        return await souk.carts.open(creating, creating.id, caller.user)

    @post(
        "/{id:uuid}/items",
        **changes(
            "carts:update",
            CLOSED,
            *QUANTITY,
            *PRODUCT,
            "carts.seller_gone",
            "carts.too_many_lines",
            "carts.reel_unknown",
            missing=UNKNOWN,
        ),
    )
    async def add_item(self, data: JSONBody[NewItem], cart: TheCart) -> Receipt:
        """Put a product in at its live price; a second time raises its quantity."""
        return await cart(Carts.add_item, str(data.product), data.quantity, text(data.reel))

    @post(
        "/{id:uuid}/items/{product:uuid}/quantity",
        **changes("carts:update", CLOSED, *QUANTITY, "carts.not_in_cart", missing=UNKNOWN),
    )
    async def change_quantity(
        self, product: FromPath[UUID], data: JSONBody[NewQuantity], cart: TheCart
    ) -> Receipt:
        """Want more of it, or less."""
        return await cart(Carts.change_quantity, str(product), data.quantity)

    @post(
        "/{id:uuid}/items/{product:uuid}/accept-price",
        **changes(
            "carts:update",
            CLOSED,
            *PRODUCT,
            "carts.not_in_cart",
            "carts.price_moved",
            "money.malformed",
            "money.unknown_currency",
            missing=UNKNOWN,
        ),
    )
    async def accept_price(
        self, product: FromPath[UUID], data: JSONBody[Seen], cart: TheCart
    ) -> Receipt:
        """Agree to what the product costs now."""
        return await cart(Carts.accept_price, str(product), money(data.price))

    @delete("/{id:uuid}/items/{product:uuid}", **changes("carts:update", CLOSED, missing=UNKNOWN))
    async def remove(self, product: FromPath[UUID], cart: TheCart) -> Receipt:
        """Take a product out."""
        return await cart(Carts.remove, str(product))

    @post("/{id:uuid}/clear", **changes("carts:update", CLOSED, missing=UNKNOWN))
    async def clear(self, cart: TheCart) -> Receipt:
        """Take everything out."""
        return await cart(Carts.clear)

    @post(
        "/{id:uuid}/check-out",
        **creates(
            "checkouts:create",
            CLOSED,
            *QUANTITY,
            "carts.empty",
            "carts.price_rose",
            "carts.product_retired",
            "carts.seller_gone",
            "carts.currency_mixed",
            "checkouts.payments_do_not_add_up",
            "checkouts.total_too_large",
            "inventory.insufficient",
            "money.currency_mixed",
            "money.malformed",
            "money.unknown_currency",
            "orders.unknown_channel",
            "payments.amount_negative",
            "payments.method_malformed",
            missing=UNKNOWN,
        ),
    )
    async def check_out(
        self,
        id: FromPath[UUID],
        data: JSONBody[CheckOut],
        creating: SentToCreate,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> CheckoutReceipt:
        """Buy what is in it: one order per seller, its stock reserved; or nothing happens."""
        owner = caller.as_owner("carts")
        return await souk.checkouts.check_out(creating, str(id), owner, data.value())

    @get("/", **lists("carts:read", carts.Cart))
    async def mine(
        self, view: NamedDependency[View], paging: NamedDependency[Paging]
    ) -> ASGIResponse:
        """The caller's carts, newest first."""
        found = await carts.carts(view.db, view.caller.user, paging.page, paging.limit)
        return view.page(found, paging)

    @get("/current", **reads("carts:read", carts.Cart, UNKNOWN))
    async def current(self, view: NamedDependency[View]) -> ASGIResponse:
        """The caller's newest open cart."""
        return view.one(await carts.current(view.db, view.caller.user), UNKNOWN)

    @get("/{id:uuid}", **reads("carts:read", carts.Cart, UNKNOWN))
    async def cart(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """One cart, with what each line costs now beside the price held for the buyer."""
        owner = None if view.caller.sees_all("carts") else view.caller.user
        return view.one(await carts.cart(view.db, str(id), owner), UNKNOWN)
