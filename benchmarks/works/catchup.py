"""A projection catches up with a log that is full."""

import asyncio
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any
from uuid import uuid4

import uvloop
from psycopg import AsyncConnection

from adapters.projector.projector import Projector
from benchmarks import stock_members, stock_orders
from benchmarks.figures import Figure
from benchmarks.market import do, each, id_of, on_loop, opened
from benchmarks.stock_views import catch_up
from benchmarks.work import Figures, Side, Site, Work
from domain import identity, orders
from domain.identity import AddMember, AppointSeller, DismissSeller
from domain.kernel import Personal
from domain.money import Money
from domain.orders import Customer, Line, PlaceOrder
from projections import PROJECTIONS

MEMBERS, ORDERS = 12_000, 12_000  # of ten and of six events
LOOK = 0.005  # seconds


def members(site: Site) -> None:
    """Sellers who come and go: ten events each."""
    coming = [x for n in range(5) for x in (AppointSeller(f"Shop {n}"), DismissSeller("season"))]
    on_loop(fill(site, identity, MEMBERS, lambda n: [AddMember("buyer"), *coming[:9]]))


def placed(site: Site) -> None:
    """Orders of three lines, from placing to completion: six events each."""
    steps = [
        orders.ConfirmOrder(),
        orders.StartProcessing(),
        orders.ShipOrder("RA123456785DZ"),
        orders.DeliverOrder(),
        orders.CompleteOrder(),
    ]
    on_loop(fill(site, orders, ORDERS, lambda n: [order(n), *steps]))


async def fill(
    site: Site, decider: Any, number: int, history: Callable[[int], Iterable[Any]]
) -> None:
    async with opened(site) as (_, commands):

        async def make(number: int) -> None:
            await do(commands, decider, id_of("filled", number), *history(number))

        await each(range(site.some(number)), make)


def order(number: int) -> PlaceOrder:
    """By one of 500 buyers, from one of 50 sellers."""
    buyer = f"buyer-{number % 500}"
    lines = [
        Line.of(str(uuid4()), f"SKU-{n}", f"Ceramic set {n}", Money(1_999 + n, "DZD"), 1 + n)
        for n in range(3)
    ]
    name, phone, email, home = (
        Personal(buyer, text) for text in ("Amina K", "0550123456", "a@b.dz", "1 rue Didouche")
    )
    return PlaceOrder(
        checkout=str(uuid4()),
        buyer=buyer,
        seller=f"seller-{number % 50}",
        channel="web",
        lines=tuple(lines),
        shipping=Money(500, "DZD"),
        cash=True,
        customer=Customer(name, phone, email, home, region="16"),
        seller_name="Atelier",
    )


def projecting(name: str) -> Side:
    """The projector as its process runs it, with one projection, pushing nothing."""
    return lambda site: uvloop.run(catching_up(site, [name]))


async def catching_up(site: Site, names: Iterable[str]) -> Figures:
    """Events a second from the first batch seen to the last."""
    stop = asyncio.Event()
    projector = Projector(site.postgres, None, None, {name: PROJECTIONS[name] for name in names})
    running = asyncio.create_task(projector.run(stop))
    try:
        return await _watch(site, list(names), running)
    finally:
        stop.set()
        await running


async def _watch(site: Site, names: list[str], running: asyncio.Task[None]) -> Figures:
    async with await AsyncConnection.connect(site.postgres, autocommit=True) as db:
        cursor = await db.execute("SELECT position FROM log.head")
        ((head,),) = await cursor.fetchall()
        began, first = perf_counter(), None
        while not running.done():
            cursor = await db.execute(
                "SELECT min(position) FROM read.projections WHERE name = any(%s)", (names,)
            )
            ((position,),) = await cursor.fetchall()
            if position and first is None:
                first = perf_counter(), position
            if first and position == first[1] == head:  # in one batch
                return {"rate": head / (perf_counter() - began)}
            if first and position > first[1]:
                spent = perf_counter() - first[0]
                if position == head or spent > site.seconds:
                    return {"rate": (position - first[1]) / spent}
            await asyncio.sleep(LOOK)
        raise RuntimeError("the projector ended")


def stock_side(stock: Any) -> Side:
    return lambda site: catch_up(site, stock.Shop, stock.Projected, stock.View)


def _work(name: str, what: str, reach: float, filled: Any, projection: str, stock: Any) -> Work:
    return Work(
        name,
        {"rate": Figure(what, "events/s", reach)},
        projecting(projection),
        stock_side(stock),
        "eventsourcing ProjectionRunner",
        filled,
        stock.fill,
    )


WORKS = (
    _work("catch-up-members", "catch-up of members", 150, members, "identity", stock_members),
    _work("catch-up-orders", "catch-up of orders", 40, placed, "orders", stock_orders),
)
