"""What evidence costs: the hash chain's share of an append, and checking a bundle."""

import asyncio
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from uuid import uuid4

import msgspec

from adapters.bundle.check import check
from adapters.bundle.export import export
from adapters.log import books
from adapters.log.requests import Line
from adapters.projector.projector import Projector
from application.carts import Carts
from benchmarks.figures import Figure
from benchmarks.loops import closed
from benchmarks.market import BUYER, TENANT, keyed, on_loop, opened
from benchmarks.work import Figures, Site, Work
from benchmarks.works.catchup import fill, order
from domain import orders
from projections import PROJECTIONS

IN_FLIGHT = 32
TURN = 0.1  # seconds with the chain, then as long without it
SMALL, LARGE = 3_300, 33_000  # orders, of six events each
TOLD = ("orders", "engagement", "analytics")  # the projections that figures are taken from


@contextmanager
def unchained() -> Iterator[None]:
    """Appends without a hash, and without the last link that is kept apart."""

    def add(entry: books._Entry, stream: str, version: int, line: Line) -> None:
        event, data = entry._numbered(line)
        row = entry._row(stream, version, line, data)
        entry.versions[stream] = row.version
        entry.rows.append(row)
        entry.recorded.append(row.recorded(event))

    chained = books._Entry._add
    books._Entry._add = add  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        books._Entry._add = chained  # type: ignore[method-assign]


def appending(site: Site) -> Figures:
    return on_loop(_appending(site))


def appending_unchained(site: Site) -> Figures:
    with unchained():
        return on_loop(_appending(site))


async def _appending(site: Site) -> Figures:
    """Microseconds for each, of all the time that the process had."""
    async with opened(site) as (_, commands):
        carts = Carts(commands)
        rate = (await closed(IN_FLIGHT, site.seconds, lambda _: partial(_open, carts)))["rate"]
    return {"time": 1e6 / rate}


async def _open(carts: Carts) -> None:
    await carts.open(keyed("POST /api/v1/carts"), str(uuid4()), BUYER)


def taking_turns(site: Site) -> Figures:
    """In one process, so that whatever else the machine does befalls both alike."""
    return on_loop(_taking_turns(site))


async def _taking_turns(site: Site) -> Figures:
    async with opened(site) as (_, commands):
        carts = Carts(commands)
        await _turn(carts)
        shares: list[float] = []
        until = perf_counter() + site.seconds
        while not shares or perf_counter() < until:
            chained = await _turn(carts)
            with unchained():
                bare = await _turn(carts)
            again = await _turn(carts)
            shares.append(1 - bare / ((chained + again) / 2))
    return {"share": 100 * median(shares)}


async def _turn(carts: Carts) -> float:
    """Seconds for each append."""
    began, number = perf_counter(), 0

    async def caller() -> None:
        nonlocal number
        while not number or perf_counter() < began + TURN:
            await _open(carts)
            number += 1

    await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))
    return (perf_counter() - began) / number


def filled(number: int) -> Callable[[Site], None]:
    """So many orders, and their rows."""

    async def make(site: Site) -> None:
        steps = [orders.ConfirmOrder(), orders.StartProcessing(), orders.ShipOrder("RA1")]
        steps += [orders.DeliverOrder(), orders.CompleteOrder()]
        await fill(site, orders, number, lambda n: [order(n), *steps])
        stop = asyncio.Event()
        told = {name: PROJECTIONS[name] for name in TOLD}
        running = asyncio.create_task(Projector(site.postgres, None, None, told).run(stop))
        path = Path(site.folder) / f"{uuid4().hex}.zip"
        await export(site.postgres, TENANT, path, None, Silent())  # once they have caught up
        path.unlink()
        stop.set()
        await running

    return lambda site: on_loop(make(site))


class Silent:
    """Progress that nobody sees."""

    def start(self, total: int) -> None: ...
    def advance(self, done: int) -> None: ...


def checking(site: Site) -> Figures:
    """In a process that does nothing else."""
    path = Path(site.folder) / f"{uuid4().hex}.zip"
    try:
        began = perf_counter()
        said = on_loop(export(site.postgres, TENANT, path, None, Silent()))
        spent = perf_counter() - began
        child = [sys.executable, "-m", __name__, str(path)]
        answer = subprocess.run(child, capture_output=True, check=True)  # noqa: S603
    finally:
        path.unlink(missing_ok=True)
    found: Figures = msgspec.json.decode(answer.stdout, type=dict[str, float])
    return {**found, "export": said.files["events.jsonl"].lines / spent}


def looked_through(path: Path) -> Figures:
    began = perf_counter()
    report = check(path, Silent())
    if not report.whole or not report.figures:
        raise RuntimeError(f"the bundle is not whole: {report.found[:3]}")
    spent = perf_counter() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rate": report.events / spent, "memory": most}


fill_small, fill_large = filled(SMALL), filled(LARGE)
WORKS = (
    Work(
        "chain",
        {"time": Figure("a cart opened, 32 in flight, chained", "µs", 1.1, less=True)},
        appending,
        appending_unchained,
        "Souk without its chain",
        peer_is_souk=True,
    ),
    Work(
        "chain-share",
        {"share": Figure("the chain's share of that, in turns of 0.1 s", "% of the time")},
        taking_turns,
    ),
    Work(
        "bundle",
        {
            "rate": Figure("a bundle of 198,000 events checked", "events/s", 0.9),
            "memory": Figure("a bundle of 198,000 events checked, the most", "MB", 1.2, less=True),
            "export": Figure("a bundle of 198,000 events written", "events/s", 0.9),
        },
        checking,
        checking,
        "Souk, a bundle of 19,800",
        fill_large,
        fill_small,
        peer_is_souk=True,
    ),
)

if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(looked_through(Path(sys.argv[1]))))
