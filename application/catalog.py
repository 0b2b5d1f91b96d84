"""Catalog: gather what the rule needs, then decide and append."""

from collections.abc import Awaitable, Callable

from application.commands import Commands
from application.ports import Answer, Call, Forbidden, Missing, Receipt
from application.work import Names, Work, stream_of
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
            work.rename(frozenset(), names_of(await work.load(catalog, id)), id)
            return work.receipt(catalog, id)

        return await self._commands.run(call, Receipt, attempt)

    async def describe(
        self, call: Call, id: str, owner: str | None, command: catalog.DescribeProduct
    ) -> Receipt:
        async def check(work: Work, product: Product) -> None:
            known, new = product.describing, command.describing
            await check_category(work, known.category_id, new.category_id)

        return await self.change(call, id, owner, command, check)

    async def change(
        self,
        call: Call,
        id: str,
        owner: str | None,
        command: catalog.COMMANDS,
        check: Callable[[Work, Product], Awaitable[None]] | None = None,
    ) -> Receipt:
        """Any command on an existing product that belongs to ``owner``. Its names follow: one that
        is retired leaves them to others, and takes them again when it comes back. Raises Taken."""

        async def attempt(work: Work) -> Answer:
            product: Product = await work.load(catalog, id)
            if not product.exists:
                raise Missing("catalog.unknown_product")
            if owner is not None and product.seller != owner:
                raise Forbidden("catalog.not_yours")
            if check:
                await check(work, product)
            await work.decide(catalog, id, command)
            work.rename(names_of(product), names_of(await work.load(catalog, id)), id)
            return work.receipt(catalog, id)

        return await self._commands.run(
            call, Receipt, attempt, queues=[stream_of(call.tenant, catalog, id)]
        )


def names_of(product: Product) -> Names:
    """What a product in that state holds and no other may: slug and SKU, unless it is retired."""
    if not product.exists or product.retired:
        return frozenset()
    slug = (SLUG, product.describing.slug)
    sku = [(SKU, f"{product.seller}/{product.sku}")] if product.sku else []
    return frozenset([slug, *sku])


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
