"""One-event commands on new streams: real use cases and deciders, with idempotency keys."""

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

from application.carts import Carts
from application.catalog import Catalog
from benchmarks import stock
from benchmarks.figures import Figure
from benchmarks.loops import closed
from benchmarks.market import BUYER, do, keyed, listing, on_loop, opened
from benchmarks.work import Figures, Site, Work
from domain import identity
from domain.identity import AddMember, AppointSeller

SELLER = "karim"


def seller(site: Site) -> None:
    """One shop."""
    on_loop(_seller(site))


async def _seller(site: Site) -> None:
    async with opened(site) as (_, commands):
        await do(commands, identity, SELLER, AddMember("seller"), AppointSeller("Karim's"))


def creating(in_flight: int) -> Callable[[Site], Figures]:
    """catalog.create: a product, its slug claimed, its seller asserted."""

    async def measure(site: Site) -> Figures:
        async with opened(site) as (_, commands):
            catalog = Catalog(commands)

            async def create() -> None:
                call = keyed("POST /api/v1/catalog/products", SELLER)
                id = str(call.command_id)
                await catalog.create(call, id, listing(SELLER, id))

            return await closed(in_flight, site.seconds, lambda _: create)

    return _sync(measure)


def opening(in_flight: int) -> Callable[[Site], Figures]:
    """carts.open: the least that a command can be."""

    async def measure(site: Site) -> Figures:
        async with opened(site) as (_, commands):
            carts = Carts(commands)

            async def open() -> None:
                await carts.open(keyed("POST /api/v1/carts"), str(uuid4()), BUYER)

            return await closed(in_flight, site.seconds, lambda _: open)

    return _sync(measure)


def _sync(measure: Callable[[Site], Coroutine[Any, Any, Figures]]) -> Callable[[Site], Figures]:
    return lambda site: on_loop(measure(site))


def create_stock(site: Site) -> Figures:
    return stock.load(site, lambda market, _: market.create)


def _work(name: str, what: str, side: Callable[[Site], Figures], reach: float) -> Work:
    figures = {"rate": Figure(what, "commands/s", reach)}
    return Work(name, figures, side, create_stock, stock.NAME, souk_before=seller)


WORKS = (
    _work("create-32", "a product created, 32 in flight", creating(32), 20),
    _work("create-256", "a product created, 256 in flight", creating(256), 35),
    _work("open-32", "a cart opened, 32 in flight", opening(32), 20),
    _work("open-256", "a cart opened, 256 in flight", opening(256), 35),
)
