"""Imports: history from elsewhere, decided by the same rules, one append for each fact."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from application.catalog import SKU, SLUG
from application.checkouts import CheckoutReceipt, Checkouts, Item, Terms, payment_id
from application.commands import Commands
from application.ports import Answer, Call, Receipt
from application.work import Work
from domain import catalog, identity, inventory, orders, payments, tenants
from domain.catalog import ChangePrice, CreateProduct
from domain.identity import AddMember, AppointSeller
from domain.inventory import ReceiveStock
from domain.money import Money
from domain.orders import ConfirmOrder, StartProcessing
from domain.payments import Capture
from domain.tenants import CreateTenant

REASON = "import"


class Sold(Item, frozen=True):
    """An item at the price it went for."""

    price: Money


class Offers(Struct, frozen=True):
    """Sellers by id with the names of their shops, and products by id."""

    shops: Mapping[str, str]
    products: Mapping[str, CreateProduct]


class Imports:
    """What came in as one fact is appended as one, over however many streams."""

    def __init__(self, commands: Commands) -> None:
        self._commands, self._checkouts = commands, Checkouts(commands)

    async def found(self, call: Call, currency: str) -> Receipt:
        """The tenant, unless it is there already."""

        async def attempt(work: Work) -> Answer:
            if not (await work.load(tenants, call.tenant)).exists:
                await work.decide(tenants, call.tenant, CreateTenant(call.tenant, currency))
            return work.receipt(tenants, call.tenant)

        return await self._commands.run(call, Receipt, attempt)

    async def sell(
        self,
        call: Call,
        cart: str,
        buyer: str,
        items: Sequence[Sold],
        terms: Terms,
        offers: Offers,
    ) -> CheckoutReceipt:
        """A checkout; its products get the price they went for and the stock that was sold.

        Who and what is offered for the first time is taken in before, unless it is there.
        """

        async def prepare(work: Work) -> None:
            products = [item.product for item in items]
            contexts = ((identity, offers.shops), (catalog, products), (inventory, products))
            await work.gather([(context, id) for context, ids in contexts for id in ids])
            for seller, shop in offers.shops.items():
                await _admit(work, seller, shop)
            for id, new in offers.products.items():
                await _list(work, id, new)
            for item in items:
                await _supply(work, item)

        return await self._checkouts.buy(call, cart, buyer, items, terms, prepare)

    async def settle(
        self,
        call: Call,
        checkout: str,
        parts: Sequence[str],
        payments_made: int,
        steps: Sequence[ConfirmOrder | StartProcessing],
    ) -> Receipt:
        """All payments of a checkout come in, and its orders take these steps."""

        async def attempt(work: Work) -> Answer:
            await work.gather([(payments, checkout), *((orders, order) for order in parts)])
            for number in range(1, payments_made + 1):
                await work.decide(payments, checkout, Capture(payment_id(checkout, number)))
            await _walk(work, parts, steps)
            return work.receipt(payments, checkout)

        return await self._commands.run(call, Receipt, attempt)

    async def walk(self, call: Call, parts: Sequence[str], step: orders.COMMANDS) -> Receipt:
        """All orders of a checkout take one step."""

        async def attempt(work: Work) -> Answer:
            await _walk(work, parts, [step])
            return work.receipt(orders, parts[0])

        return await self._commands.run(call, Receipt, attempt)


async def _admit(work: Work, seller: str, shop: str) -> None:
    member = await work.load(identity, seller)
    if not member.exists:
        await work.decide(identity, seller, AddMember("seller"))
    if not member.sells:
        await work.decide(identity, seller, AppointSeller(shop))


async def _list(work: Work, id: str, new: CreateProduct) -> None:
    if not (await work.load(catalog, id)).exists:
        await work.decide(catalog, id, new)
        work.claim(SLUG, new.describing.slug, id)
        work.claim(SKU, f"{new.seller}/{new.sku}", id)


async def _supply(work: Work, item: Sold) -> None:
    product = await work.load(catalog, item.product)
    if product.exists and product.price != item.price:
        await work.decide(catalog, item.product, ChangePrice(item.price, None, REASON))
    available = (await work.load(inventory, item.product)).available
    if available < item.quantity:
        await work.decide(inventory, item.product, ReceiveStock(item.quantity - available, REASON))


async def _walk(work: Work, parts: Sequence[str], steps: Sequence[orders.COMMANDS]) -> None:
    await work.gather((orders, order) for order in parts)
    for order in parts:
        for step in steps:
            await work.decide(orders, order, step)
