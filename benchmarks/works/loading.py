"""Load a stream of ten events and append one."""

from collections.abc import Callable, Iterator
from itertools import count, cycle
from typing import TypeVar
from uuid import UUID

from application.catalog import Catalog
from benchmarks import stock
from benchmarks.figures import Figure
from benchmarks.loops import Exhausted, closed
from benchmarks.market import do, each, id_of, keyed, listing, on_loop, opened
from benchmarks.work import Figures, Site, Work
from domain import catalog as rules
from domain.catalog import ChangePrice
from domain.money import Money

T = TypeVar("T")
SELLER, LENGTH = "karim", 10
HOT, COLD = 2_000, 20_000  # streams
STOCK_COLD = 8_000  # streams, of which it reaches fewer than half in its seconds
ROUTE = "POST /api/v1/catalog/products/{id}/price"


def streams(number: int) -> Callable[[Site], None]:
    """So many products, each of ten events."""

    async def fill(site: Site) -> None:
        async with opened(site) as (_, commands):
            prices = [
                ChangePrice(Money(100 + n, "DZD"), reason="season") for n in range(LENGTH - 1)
            ]

            async def make(number: int) -> None:
                id = id_of("product", number)
                await do(commands, rules, id, listing(SELLER, id), *prices)

            await each(range(site.some(number)), make)

    return lambda site: on_loop(fill(site))


def repricing(streams: int, again: bool) -> Callable[[Site], Figures]:
    """``again``: round and round, each once before the clock; else no stream is seen twice."""

    async def measure(site: Site) -> Figures:
        async with opened(site) as (_, commands):
            catalog, prices = Catalog(commands), count(1000)

            async def change(id: str) -> None:
                price = ChangePrice(Money(next(prices), "DZD"), reason="season")
                await catalog.change(keyed(ROUTE, SELLER), id, SELLER, price)

            ids = [id_of("product", number) for number in range(site.some(streams))]
            if again:
                await each(ids, change)
            left = cycle(ids) if again else iter(ids)

            async def one() -> None:
                await change(_next(left))

            return await closed(32, site.seconds, lambda _: one)

    return lambda site: on_loop(measure(site))


def stock_streams(number: int) -> Callable[[Site], None]:
    def fill(site: Site) -> None:
        each_save = stock.AT_ONCE // LENGTH
        with stock.application(site, stock.Market) as market:
            for _ in range(0, site.some(number), each_save):
                market.save(*(_aged() for _ in range(each_save)))

    return fill


def _aged() -> stock.Listing:
    listing = stock.new_listing()
    for number in range(LENGTH - 1):
        listing.change_price(listing.price, 100 + number, "season")
    return listing


def stock_repricing(again: bool) -> Callable[[Site], Figures]:
    def measure(site: Site) -> Figures:
        with stock.application(site, stock.Market) as market:
            ids = _ids(market)
            left = cycle(ids) if again else iter(ids)

            def make(market: stock.Market, _: int) -> Callable[[], None]:
                return lambda: market.reprice(_next(left))

            return stock.load(site, make)

    return measure


def _ids(market: stock.Market) -> list[UUID]:
    found, start = list[UUID](), 1
    while page := market.recorder.select_notifications(start, 5_000):
        found += [UUID(str(n.originator_id)) for n in page if n.originator_version == 1]
        start = page[-1].id + 1
    return found


def _next(left: Iterator[T]) -> T:
    thing = next(left, None)
    if thing is None:
        raise Exhausted
    return thing


fill_hot, fill_cold = streams(HOT), streams(COLD)
fill_stock_hot, fill_stock_cold = stock_streams(HOT), stock_streams(STOCK_COLD)
WORKS = (
    Work(
        "hot",
        {"rate": Figure("load 10 events and append 1, hot, 32 in flight", "commands/s", 20)},
        repricing(HOT, again=True),
        stock_repricing(again=True),
        stock.NAME,
        fill_hot,
        fill_stock_hot,
    ),
    Work(
        "cold",
        {"rate": Figure("load 10 events and append 1, cold, 32 in flight", "commands/s", 8)},
        repricing(COLD, again=False),
        stock_repricing(again=False),
        stock.NAME,
        fill_cold,
        fill_stock_cold,
    ),
)
