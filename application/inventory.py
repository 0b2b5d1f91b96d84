"""Inventory: what a seller has of their products. Orders reserve and take it by themselves."""

from application.commands import Commands
from application.ports import Answer, Call, Forbidden, Missing, Receipt
from application.work import Work, stream_of
from domain import catalog, inventory
from domain.catalog import Product
from domain.inventory import AdjustStock, ReceiveStock, SetThreshold


class Inventory:
    """A seller counts only their own products: ``owner`` is their id, None for staff."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def receive(
        self, call: Call, product: str, owner: str | None, quantity: int, reason: str = ""
    ) -> Receipt:
        return await self._change(call, product, owner, ReceiveStock(quantity, reason))

    async def adjust(
        self, call: Call, product: str, owner: str | None, delta: int, reason: str = ""
    ) -> Receipt:
        """``delta``: pieces more, or fewer."""
        return await self._change(call, product, owner, AdjustStock(delta, reason))

    async def set_threshold(
        self, call: Call, product: str, owner: str | None, threshold: int | None
    ) -> Receipt:
        """Stock under ``threshold`` is low; None: never."""
        return await self._change(call, product, owner, SetThreshold(threshold))

    async def _change(
        self, call: Call, id: str, owner: str | None, command: inventory.COMMANDS
    ) -> Receipt:
        async def attempt(work: Work) -> Answer:
            await work.gather([(catalog, id), (inventory, id)])
            product: Product = await work.load(catalog, id)
            if not product.exists:
                raise Missing("inventory.unknown_product")
            if owner not in (None, product.seller):
                raise Forbidden("inventory.not_yours")
            await work.decide(inventory, id, command)
            return work.receipt(inventory, id)

        return await self._commands.run(
            call, Receipt, attempt, queues=[stream_of(call.tenant, inventory, id)]
        )
