"""Carts: gather what is known of a product, then decide and append."""

from application.commands import Attempt, Commands
from application.gathered import adding, cart_of, check_seller, sold
from application.ports import Answer, Call, Receipt
from application.work import Work, stream_of
from domain import carts, catalog
from domain.catalog import Product
from domain.kernel import Rejected
from domain.money import Money


class Carts:
    """A cart is its owner's; to anyone else but staff (``owner`` None) it is Missing."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def open(self, call: Call, id: str, owner: str) -> Receipt:
        async def attempt(work: Work) -> Answer:
            work.begin((carts, id))
            await work.decide(carts, id, carts.OpenCart(owner))
            return work.receipt(carts, id)

        return await self._commands.run(call, Receipt, attempt)

    async def add_item(
        self,
        call: Call,
        id: str,
        owner: str | None,
        product: str,
        quantity: int,
        reel: str | None = None,
    ) -> Receipt:
        """``reel``: that the buyer found it by; sales count for it."""

        async def attempt(work: Work) -> Answer:
            await cart_of(work, id, owner)
            item = await adding(work, product, quantity, reel)
            await check_seller(work, item.seller)
            await work.decide(carts, id, item)
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
        """Also of what is no longer sold, by the minimum that it had last."""

        async def attempt(work: Work) -> Answer:
            await cart_of(work, id, owner)
            live: Product = await work.load(catalog, product)
            wanted = carts.ChangeQuantity(product, quantity, live.min_order_quantity)
            await work.decide(carts, id, wanted)
            return work.receipt(carts, id)

        return await self._run(call, id, attempt)

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
