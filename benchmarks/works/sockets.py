"""Changes at thousands of WebSockets: `souk live` whole, beside socket.io in a NestJS shop.

Beside socket.io, whose changes are requests that emit their body to a room, Souk's are messages
as the relay publishes them. In the works without a peer they are commands, from end to end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks import nest
from benchmarks.figures import Figure
from benchmarks.loops import now, paced, quantile
from benchmarks.market import on_loop
from benchmarks.rooms import rooms
from benchmarks.shop import Shop, live
from benchmarks.watchers import CHANGE, Heard, Socket, Watchers, delays, watching
from benchmarks.work import Figures, Side, Site, Work

FEW, MANY = 1_000, 10_000  # sockets
IN_FLIGHT = 4  # changes, so that no server waits for whoever makes them
WARM = 1.5  # seconds
PACE, COMMANDS, STORM = 10, 200, 100  # changes a second
PRODUCTS = 100  # that are watched, where not all watch one
SETTLE = 2.0  # seconds in which the last messages come, and memory comes to rest
PEER = "socket.io in NestJS"
Publish = Callable[[], Awaitable[int]]
Told = dict[int, list[Heard]]
BESIDE: dict[str, Any] = {"peer_before": nest.fill, "install": nest.install}


def fanned_out(number: int) -> Side:
    """Of one topic, as many changes as they can be told."""

    async def measure(site: Site) -> Figures:
        many = site.some(number)
        async with live(site, 1) as shop, shop.relaying() as publish:
            asked = [shop.watching(0)] * many
            async with watching(site, shop.port, "souk", asked, many) as watchers:
                return await _closed(site, watchers, publish, shop.busy)

    return lambda site: on_loop(measure(site))


def emitted(number: int) -> Side:
    async def measure(site: Site) -> Figures:
        many = site.some(number)
        async with rooms(site) as found:
            asked = found.sockets(many)
            async with watching(site, found.port, "sio", asked, many) as watchers:
                return await _closed(site, watchers, found.emit, found.busy)

    return lambda site: on_loop(measure(site))


async def _closed(
    site: Site, watchers: Watchers, publish: Publish, busy: Callable[[], float]
) -> Figures:
    began = now() + min(WARM, site.seconds)
    end, before = began + site.seconds, busy()

    async def publisher() -> None:
        await watchers.reached(await publish())
        while now() < end:
            await watchers.reached(await publish())

    await asyncio.gather(*(publisher() for _ in range(IN_FLIGHT)))
    spent = busy() - before
    _, told = await watchers.end()
    came = [each.at for each in _changes(told)]
    counted = sum(began <= at < end for at in came)
    return {"rate": counted / site.seconds, "cpu": spent * 1e6 / len(came)}


def at_a_pace(site: Site) -> Figures:
    return on_loop(_at_a_pace(site))


async def _at_a_pace(site: Site) -> Figures:
    async with live(site, 1) as shop, shop.relaying() as publish:
        asked = [shop.watching(0)] * site.some(FEW)
        async with watching(site, shop.port, "souk", asked) as watchers:
            return await _paced(site, watchers, publish)


def emitted_at_a_pace(site: Site) -> Figures:
    return on_loop(_emitted_at_a_pace(site))


async def _emitted_at_a_pace(site: Site) -> Figures:
    async with rooms(site) as found:
        asked = found.sockets(site.some(FEW))
        async with watching(site, found.port, "sio", asked) as watchers:
            return await _paced(site, watchers, found.emit)


async def _paced(site: Site, watchers: Watchers, publish: Publish) -> Figures:
    sent: list[tuple[int, float]] = []

    async def one() -> None:
        at = now()
        sent.append((await publish(), at))

    await paced(PACE, min(WARM, site.seconds), one)
    sent.clear()
    await paced(PACE, site.seconds, one)
    await asyncio.sleep(min(SETTLE, site.seconds))
    _, told = await watchers.end()
    waits = [wait for each in told.values() for wait in delays(each, sent)]
    return {"p50": quantile(waits, 0.5), "p99": quantile(waits, 0.99)}


def idle(site: Site) -> Figures:
    """Each signed in as somebody else, each watching orders of their own."""
    return on_loop(_idle(site))


async def _idle(site: Site) -> Figures:
    async with live(site, 1) as shop:
        asked = [shop.buyer(number) for number in range(site.some(MANY))]
        return await _held(site, shop.port, "souk", asked, shop.resident)


def idle_in_rooms(site: Site) -> Figures:
    return on_loop(_idle_in_rooms(site))


async def _idle_in_rooms(site: Site) -> Figures:
    async with rooms(site) as found:
        asked = found.sockets(site.some(MANY), apart=True)
        return await _held(site, found.port, "sio", asked, found.resident)


async def _held(
    site: Site, port: int, kind: str, asked: list[Socket], memory: Callable[[], float]
) -> Figures:
    settle = min(SETTLE, site.seconds)
    await asyncio.sleep(settle)
    before = memory()
    async with watching(site, port, kind, asked) as watchers:
        await asyncio.sleep(settle)
        more = memory() - before
        end, _ = await watchers.end()
    if end.ready < len(asked):
        raise RuntimeError(f"{end.ready} of {len(asked)} sockets are there")
    return {"each": more * 1e6 / 1024 / len(asked)}


def cut(site: Site) -> Figures:
    """Whoever was told something twice, late, or not at all fails the row."""
    return on_loop(_cut(site))


async def _cut(site: Site) -> Figures:
    async with live(site, PRODUCTS) as shop:
        asked = [shop.watching(number % PRODUCTS) for number in range(site.some(MANY))]
        async with watching(site, shop.port, "souk", asked, _sharing(asked)) as watchers:
            await shop.change_any()
            storm = asyncio.create_task(_storm(shop, site.some(STORM)))
            await asyncio.sleep(min(WARM, site.seconds))
            at = now()
            await watchers.cut()
            there = now()
            await asyncio.sleep(min(WARM, site.seconds))
            storm.cancel()
            await asyncio.gather(storm, return_exceptions=True)
            await _all_told(shop, watchers, asked)
            _, told = await watchers.end()
        await shop.verify({number: told[number] for number in range(len(asked))})
    missed = [position for position, when in shop.changed if when <= there]
    last = max(each.at for each in _changes(told) if each.position <= missed[-1])
    return {"seconds": max(last, there) - at}


def _sharing(asked: list[Socket]) -> int:
    """How many of them watch one product."""
    return max(1, len(asked) // PRODUCTS)


async def _all_told(shop: Shop, watchers: Watchers, asked: list[Socket]) -> None:
    """Until each has had what is meant for it: of one product, changes come in order."""
    for product in range(min(PRODUCTS, len(asked))):
        await watchers.reached(await shop.change(product))


async def _storm(shop: Shop, rate: float) -> None:
    while True:
        await paced(rate, 1.0, shop.change_any)


def acknowledged(site: Site) -> Figures:
    return on_loop(_acknowledged(site))


async def _acknowledged(site: Site) -> Figures:
    rate = site.some(COMMANDS)
    async with live(site, PRODUCTS) as shop:
        asked = [shop.watching(number % PRODUCTS) for number in range(site.some(FEW))]
        async with watching(site, shop.port, "souk", asked, _sharing(asked)) as watchers:
            await paced(rate, min(WARM, site.seconds), shop.change_any)
            shop.forget()
            await paced(rate, site.seconds, shop.change_any)
            sent = [list(shop.acknowledged(product)) for product in range(PRODUCTS)]
            await _all_told(shop, watchers, asked)
            _, told = await watchers.end()
    waits = [
        max(0.0, wait)
        for number in range(len(asked))
        for wait in delays(told[number], sent[number % PRODUCTS])
    ]
    return {"p50": quantile(waits, 0.5), "p99": quantile(waits, 0.99)}


def _changes(told: Told) -> list[Heard]:
    return [each for found in told.values() for each in found if each.kind == CHANGE]


WAIT = f"change published to message, {FEW * PACE:,} deliveries/s"
ACK = f"command acknowledged to message at {COMMANDS}/s, {FEW:,} sockets"


def _fan(number: int) -> Work:
    told = f"1 change to {number:,} sockets"
    figures = {
        "rate": Figure(f"deliveries, {told}", "deliveries/s", 2),
        "cpu": Figure(f"CPU of the server, {told}", "µs/delivery", less=True),
    }
    side, peer = fanned_out(number), emitted(number)
    return Work(f"sockets-{number}", figures, side, peer, PEER, **BESIDE)


WORKS = (
    _fan(FEW),
    _fan(MANY),
    Work(
        "sockets-paced",
        {
            "p50": Figure(f"{WAIT}, p50", "ms", less=True),
            "p99": Figure(f"{WAIT}, p99", "ms", 1.0, less=True),
        },
        at_a_pace,
        emitted_at_a_pace,
        PEER,
        **BESIDE,
    ),
    Work(
        "sockets-idle",
        {"each": Figure(f"{MANY:,} idle sockets, signed in, subscribed", "KiB each", 1.0, True)},
        idle,
        idle_in_rooms,
        PEER,
        **BESIDE,
    ),
    Work(
        "sockets-cut",
        {"seconds": Figure(f"{MANY:,} sockets cut at {STORM} changes/s, all caught up", "s")},
        cut,
    ),
    Work(
        "sockets-commands",
        {key: Figure(f"{ACK}, {key}", "ms") for key in ("p50", "p99")},
        acknowledged,
    ),
)
