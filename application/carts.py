"""Carts: gather what the catalogue says of a product, then decide and append."""

from application.ports import Answer, Call, Missing, Receipt
from application.work import Attempt, Commands, Work, stream_of
from domain import carts, catalog
from domain.carts import Cart
from domain.catalog import Product
from domain.kernel import Rejected
from domain.money import Money


class Carts:
    """A cart is its owner's alone: to anyone but them, and staff (``owner`` None), it is Missing."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def open(self, call: Call, id: str, owner: str) -> Receipt:
        async def attempt(work: Work) -> Answer:
            await work.decide(carts, id, carts.OpenCart(owner))
            return work.receipt(carts, id)

        return await self._commands.run(call, Receipt, attempt)

    async def add_item(
        self, call: Call, id: str, owner: str | None, product: str, quantity: int
    ) -> Receipt:
        async def attempt(work: Work) -> Answer:
            await cart_of(work, id, owner)
            await work.decide(carts, id, await _item(work, product, quantity))
            return work.receipt(carts, id)

        return await self._run(call, id, attempt)

    async def accept_price(
        self, call: Call, id: str, owner: str | None, product: str, seen: Money | None = None
    ) -> Receipt:
        """Accept the live price; ``seen``, if given, is the one the buyer means, and must be it."""

        async def attempt(work: Work) -> Answer:
            await cart_of(work, id, owner)
            live = (await sold(work, product)).price
            if seen not in (None, live):
                raise Rejected("carts.price_moved", "it has changed again: look at it anew")
            await work.decide(carts, id, carts.AcceptPrice(product, live))
            return work.receipt(carts, id)

        return await self._run(call, id, attempt)

    async def change_quantity(
        self, call: Call, id: str, owner: str | None, product: str, quantity: int
    ) -> Receipt:
        return await self._change(call, id, owner, carts.ChangeQuantity(product, quantity))

    async def remove(self, call: Call, id: str, owner: str | None, product: str) -> Receipt:
        return await self._change(call, id, owner, carts.RemoveItem(product))

    async def clear(self, call: Call, id: str, owner: str | None) -> Receipt:
        return await self._change(call, id, owner, carts.ClearCart())

    async def _change(
        self, call: Call, id: str, owner: str | None, command: carts.COMMANDS
    ) -> Receipt:
        async def attempt(work: Work) -> Answer:
            await cart_of(work, id, owner)
            await work.decide(carts, id, command)
            return work.receipt(carts, id)

        return await self._run(call, id, attempt)

    async def _run(self, call: Call, id: str, attempt: Attempt) -> Receipt:
        return await self._commands.run(
            call, Receipt, attempt, queues=[stream_of(call.tenant, carts, id)]
        )


async def cart_of(work: Work, id: str, owner: str | None) -> Cart:
    """The cart, or Missing when there is none or it is another's."""
    cart: Cart = await work.load(carts, id)
    if not cart.exists or owner not in (None, cart.owner):
        raise Missing("carts.unknown_cart")
    return cart


async def sold(work: Work, product: str) -> Product:
    found: Product = await work.load(catalog, product)
    if not found.exists:
        raise Rejected("carts.unknown_product")
    if found.retired:
        raise Rejected("carts.product_retired", f"{product} is no longer sold")
    return found


async def _item(work: Work, product: str, quantity: int) -> carts.AddItem:
    found = await sold(work, product)
    return carts.AddItem(
        product,
        found.seller,
        found.sku,
        found.name,
        found.price,
        quantity,
        found.min_order_quantity,
    )
