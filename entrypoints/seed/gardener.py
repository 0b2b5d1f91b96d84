"""A small fictional marketplace, made by the same commands as everything else."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from application.catalog import Catalog
from application.checkouts import Checkouts, Contact, Item, Paying, Terms, payment_id
from application.commands import Commands
from application.identity import Identity
from application.inventory import Inventory
from application.orders import Orders
from application.payments import Cashier
from application.ports import Call, Key, Origin
from application.tenants import Tenants
from domain.catalog import CreateProduct, Describing, FeatureProduct
from domain.kernel import Rejected
from domain.money import Money
from domain.payments import CASH
from entrypoints.seed.goods import (
    ADMIN,
    AUDITOR,
    BUYERS,
    CURRENCY,
    GOODS,
    NAME,
    RUNS_LOW,
    SHOPS,
    TENANT,
    Buyer,
    Good,
    Shop,
)
from entrypoints.seed.story import PURCHASES, Purchase
from entrypoints.settings import Settings
from entrypoints.wiring import connect

IDS = UUID("5b0f8f4e-2a52-5c1b-8f0e-0d3c7a9e6b21")
STEPS_APART = timedelta(hours=2)


async def seed(settings: Settings) -> None:
    """Make the marketplace. May be stopped anywhere and run again: nothing is made twice."""
    async with connect(settings) as souk:
        await plant(souk.commands)


async def plant(commands: Commands) -> None:
    """Leaves a tenant alone that has the name already, and was made by someone else."""
    gardener = Gardener(commands, datetime.now(UTC))
    try:
        await gardener.found()
    except Rejected as refusal:
        if refusal.code == "tenants.exists":
            return
        raise
    await gardener.people()
    for good in GOODS:
        await gardener.shelve(good)
    for number, purchase in enumerate(PURCHASES, 1):
        await gardener.buy(f"purchase/{number}", purchase)


def product_id(slug: str) -> str:
    return str(uuid5(IDS, f"product/{slug}"))


class Gardener:
    """Sends the commands; each has an idempotency key made of what it is about."""

    def __init__(self, commands: Commands, now: datetime) -> None:
        self._now = now
        self._tenants, self._identity = Tenants(commands), Identity(commands)
        self._catalog, self._inventory = Catalog(commands), Inventory(commands)
        self._checkouts, self._orders = Checkouts(commands), Orders(commands)
        self._payments = Cashier(commands)

    async def found(self) -> None:
        await self._tenants.create(self._call("tenant"), ADMIN, NAME, CURRENCY)

    async def people(self) -> None:
        await self._identity.add_member(self._call(AUDITOR), AUDITOR, "auditor")
        for shop in SHOPS:
            await self._open(shop)
        for buyer in BUYERS:
            await self._admit(buyer)

    async def shelve(self, good: Good) -> None:
        id, slug = product_id(good.slug), good.slug
        text = Describing(good.name, slug, good.category, good.kind)
        was = _dinars(good.was) if good.was else None
        new = CreateProduct(good.seller, text, _dinars(good.price), was, good.least, _sku(good))
        await self._catalog.create(self._call(f"create/{slug}"), id, new)
        if good.featured:
            featured = FeatureProduct(True)
            await self._catalog.change(self._call(f"feature/{slug}"), id, None, featured)
        if good.stock:
            receive = self._call(f"stock/{slug}")
            await self._inventory.receive(receive, id, None, good.stock, "opening")
        await self._inventory.set_threshold(self._call(f"threshold/{slug}"), id, None, RUNS_LOW)

    async def buy(self, about: str, purchase: Purchase) -> None:
        """The purchase, then its money, then the steps of each of its orders."""
        at = self._now - timedelta(days=purchase.days) if purchase.days else None
        items = [Item(product_id(slug), quantity) for slug, quantity in purchase.basket.items()]
        call, cart = self._call(about, at), str(uuid5(IDS, f"cart/{about}"))
        placed = await self._checkouts.buy(call, cart, purchase.buyer, items, _terms(purchase))
        await self._settle(about, placed.id, purchase, at)
        for part in placed.orders:
            await self._advance(about, part.id, purchase, at)
            if purchase.method == CASH and "deliver" in purchase.steps:
                collect = self._call(f"{about}/{part.id}/cash", at)
                await self._payments.collect(collect, placed.id, part.id, None)

    async def _settle(
        self, about: str, checkout: str, purchase: Purchase, at: datetime | None
    ) -> None:
        payment, call = payment_id(checkout, 1), self._call(f"{about}/money", at)
        if purchase.paid:
            await self._payments.capture(call, checkout, payment)
        elif purchase.paid is None:
            await self._payments.fail(call, checkout, payment, "declined")

    async def _advance(
        self, about: str, order: str, purchase: Purchase, at: datetime | None
    ) -> None:
        for number, step in enumerate(purchase.steps, 1):
            call = self._call(f"{about}/{order}/{step}", at and at + number * STEPS_APART)
            if step in ("cancel", "return_"):
                await getattr(self._orders, step)(call, order, None, "changed_mind")
            else:
                await getattr(self._orders, step)(call, order, None)

    async def _open(self, shop: Shop) -> None:
        add, appoint = self._call(f"member/{shop.id}"), self._call(f"seller/{shop.id}")
        await self._identity.add_member(add, shop.id, "seller", shop.owner)
        await self._identity.appoint_seller(appoint, shop.id, shop.name, shop.tier)

    async def _admit(self, buyer: Buyer) -> None:
        await self._identity.add_member(
            self._call(f"member/{buyer.id}"), buyer.id, "buyer", buyer.name
        )

    def _call(self, about: str, at: datetime | None = None) -> Call:
        id = uuid5(IDS, about)
        key = Key("seed", "seed", about, b"")
        return Call(TENANT, "seed", id, id, None, at, key, Origin("seed"))


def _terms(purchase: Purchase) -> Terms:
    """What lies in the past sets no timer."""
    buyer = next(buyer for buyer in BUYERS if buyer.id == purchase.buyer)
    return Terms(
        channel=purchase.channel,
        payments=(Paying(purchase.method),),
        contact=Contact(buyer.name, buyer.phone, None, buyer.address, buyer.region),
        timed=purchase.days == 0,
    )


def _sku(good: Good) -> str:
    return f"{good.kind[:3].upper()}-{good.price}"


def _dinars(amount: int) -> Money:
    return Money(amount * 100, CURRENCY)
