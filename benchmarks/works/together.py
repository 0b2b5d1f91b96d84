"""Two processes append at once, while a reader follows the log and must miss nothing."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import msgspec
import psycopg

from application.carts import Carts
from benchmarks.figures import Figure
from benchmarks.loops import closed
from benchmarks.market import BUYER, keyed, on_loop, opened
from benchmarks.work import Figures, Site, Work

PAUSE = 0.005  # seconds between the reader's looks, as often as a projector looks
IN_FLIGHT = 64  # in all, however many processes share them


def appending(processes: int) -> Callable[[Site], Figures]:
    """The rates of all of them, added up."""

    async def measure(site: Site) -> Figures:
        with following(site):
            rates = await asyncio.gather(
                *(_process(site, IN_FLIGHT // processes) for _ in range(processes))
            )
        return {"rate": sum(rates)}

    return lambda site: asyncio.run(measure(site))


async def _process(site: Site, in_flight: int) -> float:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, str(in_flight)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await child.communicate(msgspec.json.encode(site))
    return float(said)


@contextmanager
def following(site: Site) -> Iterator[None]:
    """Raises when a position is seen out of turn, or never."""
    stop, failures = threading.Event(), list[str]()
    thread = threading.Thread(target=follow, args=(site.postgres, stop, failures))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if failures:
        raise RuntimeError(failures[0])


def follow(url: str, stop: threading.Event, failures: list[str]) -> None:
    last = 0
    with psycopg.connect(url, autocommit=True) as db:
        while True:
            ending = stop.is_set()
            query = "SELECT position FROM log.events WHERE position > %s ORDER BY 1 LIMIT 1000"
            seen = [position for (position,) in db.execute(query, (last,)).fetchall()]
            if seen != list(range(last + 1, last + 1 + len(seen))):
                failures.append(f"after position {last} the reader saw {seen[:5]}…")
                return
            last += len(seen)
            if ending and not seen:
                return
            time.sleep(PAUSE)


async def opening(site: Site, in_flight: int) -> Figures:
    async with opened(site) as (_, commands):
        carts = Carts(commands)

        async def open() -> None:
            await carts.open(keyed("POST /api/v1/carts"), str(uuid4()), BUYER)

        return await closed(in_flight, site.seconds, lambda _: open)


WORKS = (
    Work(
        "together",
        {"rate": Figure("carts opened by 2 processes, 64 in flight", "commands/s", 1.0)},
        appending(2),
        appending(1),
        "Souk, 1 process",
        peer_is_souk=True,
    ),
)

if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=Site)
    print(on_loop(opening(given, int(sys.argv[1])))["rate"])
