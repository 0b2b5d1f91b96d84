"""One-event commands on new streams: real use cases and deciders, with idempotency keys."""

from collections.abc import Callable, Coroutine
from typing import Any

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
                call = keyed("POST /api/v1/carts")
                await carts.open(call, str(call.command_id), BUYER)

            return await closed(in_flight, site.seconds, lambda _: open)

    return _sync(measure)


def _sync(measure: Callable[[Site], Coroutine[Any, Any, Figures]]) -> Callable[[Site], Figures]:
    return lambda site: on_loop(measure(site))


def stock_opening(site: Site) -> Figures:
    return stock.load(site, lambda market, _: market.open)


def stock_creating(site: Site) -> Figures:
    return stock.load(site, lambda market, _: market.create)


def _open(in_flight: int, reach: float) -> Work:
    figure = Figure(f"a cart opened, {in_flight} in flight", "commands/s", reach)
    name, side = f"open-{in_flight}", opening(in_flight)
    return Work(name, {"rate": figure}, side, stock_opening, stock.NAME)


def _create(in_flight: int, reach: float) -> Work:
    figure = Figure(f"a product created, {in_flight} in flight", "commands/s", reach)
    name, side = f"create-{in_flight}", creating(in_flight)
    return Work(name, {"rate": figure}, side, stock_creating, stock.NAME, seller)


WORKS = (_open(32, 20), _open(256, 35), _create(32, 20), _create(256, 35))
