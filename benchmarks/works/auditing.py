"""The state of a long stream at any of its versions, beside that of its newest."""

from collections.abc import Callable, Iterator
from itertools import islice, repeat
from random import Random
from statistics import median, quantiles

from adapters.audit.history import opened as reading
from adapters.audit.moments import Moment, Version
from benchmarks.figures import Figure
from benchmarks.loops import now
from benchmarks.market import TENANT, do, id_of, listing, on_loop, opened
from benchmarks.work import Figures, Site, Work
from domain import catalog
from domain.catalog import ChangePrice
from domain.money import Money

LENGTH, AT_ONCE, SELLER = 10_000, 500, "karim"
PRODUCT = id_of("product", 0)
PATIENCE = 5.0


def fill(site: Site) -> None:
    """A product whose price changed so often."""
    on_loop(_fill(site))


async def _fill(site: Site) -> None:
    async with opened(site) as (_, commands):
        await do(commands, catalog, PRODUCT, listing(SELLER, PRODUCT))
        left = iter(range(site.some(LENGTH) - 1))
        while some := list(islice(left, AT_ONCE)):
            prices = [ChangePrice(Money(100 + n, "DZD"), reason="season") for n in some]
            await do(commands, catalog, PRODUCT, *prices)


def asking(moments: Callable[[int], Iterator[Moment | None]]) -> Callable[[Site], Figures]:
    """Once for the milestones, then one after another. Raises RuntimeError at a wrong state."""
    return lambda site: on_loop(_ask(site, moments(site.some(LENGTH))))


async def _ask(site: Site, moments: Iterator[Moment | None]) -> Figures:
    async with (
        opened(site) as (log, _),
        reading(site.postgres, log.keyring, PATIENCE) as history,
    ):
        newest = await history.state(TENANT, "catalog", PRODUCT)
        times, end = list[float](), now() + site.seconds
        while now() < end or len(times) < 2:
            moment, began = next(moments), now()
            found = await history.state(TENANT, "catalog", PRODUCT, moment)
            times.append((now() - began) * 1_000)
            wanted = moment.number if isinstance(moment, Version) else newest.version
            if (found.version, found.state["price"]["minor"]) != (wanted, _price(wanted)):
                raise RuntimeError(f"version {found.version} told as {found.state}")
    return {"median": median(times), "p99": quantiles(times, n=100)[98]}


def _price(version: int) -> int:
    """What the stream's events say."""
    return 98 + version


def anywhere(length: int) -> Iterator[Moment | None]:
    chance = Random(1)  # noqa: S311  the same versions in each run
    while True:
        yield Version(chance.randint(2, length))


def at_its_end(length: int) -> Iterator[Moment | None]:
    return repeat(None)


WORKS = (
    Work(
        "audit-state",
        {
            "median": Figure("state of a 10,000-event stream at any version", "ms", 3, less=True),
            "p99": Figure("state of a 10,000-event stream at any version, p99", "ms", 3, less=True),
        },
        asking(anywhere),
        asking(at_its_end),
        "its newest version",
        fill,
        fill,
        peer_is_souk=True,
    ),
)
