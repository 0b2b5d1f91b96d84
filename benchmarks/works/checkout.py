"""A cart of three lines of two sellers becomes orders, payments and reserved stock, at once."""

from collections.abc import Callable
from itertools import count

from application.checkouts import Checkouts, Paying, Terms
from application.commands import Commands
from benchmarks import stock, stock_checkout
from benchmarks.figures import Figure
from benchmarks.loops import Exhausted, closed
from benchmarks.market import do, each, id_of, keyed, listing, on_loop, opened
from benchmarks.stock_checkout import PRODUCTS, SELLERS, chosen
from benchmarks.work import Figures, Site, Work
from domain import carts, catalog, identity, inventory
from domain.carts import AddItem, OpenCart
from domain.identity import AddMember, AppointSeller
from domain.inventory import ReceiveStock
from domain.money import Money

CARTS = 6_000
PRICE = Money(459_900, "DZD")  # as listed
TERMS = Terms(payments=(Paying("card"),))


def shop(site: Site) -> None:
    on_loop(_shop(site))


async def _shop(site: Site) -> None:
    async with opened(site) as (_, commands):
        await fill(site, commands, CARTS, buyer)


async def fill(site: Site, commands: Commands, carts: int, owner: Callable[[int], str]) -> None:
    """50 sellers, 1,000 products in stock, and so many filled carts."""
    products = site.some(PRODUCTS)
    await each(range(SELLERS), lambda n: _seller(commands, n))
    await each(range(products), lambda n: _product(commands, n))
    await each(range(site.some(carts)), lambda n: _cart(commands, n, products, owner(n)))


async def check_out(checkouts: Checkouts, number: int, owner: str) -> None:
    call = keyed("POST /api/v1/carts/{id}/check-out", owner)
    await checkouts.check_out(call, id_of("cart", number), owner, TERMS)


async def _seller(commands: Commands, number: int) -> None:
    appointed = AddMember("seller"), AppointSeller(f"Shop {number}")
    await do(commands, identity, seller(number), *appointed)


async def _product(commands: Commands, number: int) -> None:
    id = id_of("product", number)
    await do(commands, catalog, id, listing(seller(number), id))
    await do(commands, inventory, id, ReceiveStock(1_000_000))


async def _cart(commands: Commands, number: int, products: int, owner: str) -> None:
    items = [
        AddItem(id_of("product", n), seller(n), None, f"Ceramic set {n}", PRICE, 1, 1)
        for n in chosen(number, products)
    ]
    await do(commands, carts, id_of("cart", number), OpenCart(owner), *items)


def seller(product: int) -> str:
    return f"seller-{product % SELLERS}"


def buyer(cart: int) -> str:
    return f"buyer-{cart % 500}"


def checking_out(site: Site) -> Figures:
    return on_loop(_checking_out(site))


async def _checking_out(site: Site) -> Figures:
    async with opened(site) as (_, commands):
        checkouts, numbers = Checkouts(commands), count()

        async def one() -> None:
            number = next(numbers)
            if number >= site.some(CARTS):
                raise Exhausted
            await check_out(checkouts, number, buyer(number))

        return await closed(32, site.seconds, lambda _: one)


WORKS = (
    Work(
        "checkout",
        {"rate": Figure("checkout of 3 lines of 2 sellers, 32 in flight", "checkouts/s", 10)},
        checking_out,
        stock_checkout.measure,
        stock.NAME,
        shop,
        stock_checkout.fill,
    ),
)
