"""Catalog: gather what the rule needs, then decide and append."""

from collections.abc import Awaitable, Callable

from application.commands import Commands
from application.ports import Answer, Call, Forbidden, Missing, Receipt
from application.work import Work, stream_of
from domain import catalog, categories, identity
from domain.catalog import Product
from domain.categories import Tree
from domain.identity import Member
from domain.kernel import Rejected, but

SLUG, SKU = "catalog.slug", "catalog.sku"


class Catalog:
    """Products. A seller changes only their own: ``owner`` is their id, None for staff."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def create(self, call: Call, id: str, new: catalog.CreateProduct) -> Receipt:
        async def attempt(work: Work) -> Answer:
            work.begin((catalog, id))
            seller: Member = await work.load(identity, new.seller)
            if not seller.sells:
                raise Forbidden("catalog.not_a_seller")
            await check_category(work, None, new.describing.category_id)
            await work.decide(catalog, id, but(new, seller_category=seller.tier))
            work.claim(SLUG, new.describing.slug, id)
            if new.sku:
                work.claim(SKU, f"{new.seller}/{new.sku}", id)
            return work.receipt(catalog, id)

        return await self._commands.run(call, Receipt, attempt)

    async def describe(
        self, call: Call, id: str, owner: str | None, command: catalog.DescribeProduct
    ) -> Receipt:
        async def names(work: Work, product: Product) -> None:
            known, new = product.describing, command.describing
            await check_category(work, known.category_id, new.category_id)
            _move(work, SLUG, known.slug, new.slug, id)

        return await self.change(call, id, owner, command, names)

    async def assign_sku(
        self, call: Call, id: str, owner: str | None, command: catalog.AssignSku
    ) -> Receipt:
        async def names(work: Work, product: Product) -> None:
            old, new = (s and f"{product.seller}/{s}" for s in (product.sku, command.sku))
            _move(work, SKU, old, new, id)

        return await self.change(call, id, owner, command, names)

    async def change(
        self,
        call: Call,
        id: str,
        owner: str | None,
        command: catalog.COMMANDS,
        names: Callable[[Work, Product], Awaitable[None]] | None = None,
    ) -> Receipt:
        """Any command on an existing product that belongs to ``owner``."""

        async def attempt(work: Work) -> Answer:
            product = await work.load(catalog, id)
            if not product.exists:
                raise Missing("catalog.unknown_product")
            if owner is not None and product.seller != owner:
                raise Forbidden("catalog.not_yours")
            if names:
                await names(work, product)
            await work.decide(catalog, id, command)
            return work.receipt(catalog, id)

        return await self._commands.run(
            call, Receipt, attempt, queues=[stream_of(call.tenant, catalog, id)]
        )


async def check_category(work: Work, old: str | None, new: str | None) -> None:
    """A product may stay in a category that was retired; none comes into it."""
    if new is None or new == old:
        return
    tree: Tree = await work.load(categories, work.call.tenant)
    found = tree.get(new)
    if found is None:
        raise Rejected("catalog.unknown_category", new)
    if found.retired:
        raise Rejected("catalog.category_retired", found.name)


def _move(work: Work, kind: str, old: str | None, new: str | None, owner: str) -> None:
    """Free one name and take another."""
    if old != new:
        if old:
            work.release(kind, old, owner)
        if new:
            work.claim(kind, new, owner)
