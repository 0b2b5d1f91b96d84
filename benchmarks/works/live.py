"""From the acknowledged append to the row that readers see, while events come in steadily."""

import asyncio
import time
from collections.abc import Callable
from uuid import uuid4

from eventsourcing.projection import ProjectionRunner

from application.carts import Carts
from benchmarks import stock, stock_members
from benchmarks.figures import Figure
from benchmarks.loops import now, paced
from benchmarks.market import BUYER, keyed, on_loop, opened
from benchmarks.roles import running, settings
from benchmarks.watching import Watch
from benchmarks.work import Figures, Site, Work

WARM = 1.0  # seconds of events before the counted ones
SEEN = "SELECT position FROM read.projections WHERE name = 'carts'"
STOCK_SEEN = "SELECT max(notification_id) FROM members_tracking"
PEER = "eventsourcing at 100/s"


def live(rate: int) -> Callable[[Site], Figures]:
    """Carts opened at that rate; `souk projector` runs whole, in its own process."""
    return lambda site: on_loop(_live(site, rate))


async def _live(site: Site, rate: int) -> Figures:
    appended: dict[int, float] = {}
    with running(settings(site), "projector"), Watch(site.postgres, SEEN).looking() as watch:
        async with opened(site) as (_, commands):
            carts = Carts(commands)

            async def open() -> None:
                receipt = await carts.open(keyed("POST /api/v1/carts"), str(uuid4()), BUYER)
                appended[receipt.position] = now()

            await open()
            await asyncio.to_thread(watch.reached, 1, 30)
            await paced(site.some(rate), WARM, open)
            appended.clear()
            await paced(site.some(rate), site.seconds, open)
            await asyncio.to_thread(watch.reached, max(appended), 30)
    return watch.delays(appended)


def stock_live(site: Site) -> Figures:
    """One runner, as the library has it: in the process of the application."""
    appended: dict[int, float] = {}
    with ProjectionRunner(
        application_class=stock_members.Shop,
        projection_class=stock_members.Projected,
        view_class=stock_members.View,
        env=stock.env(site, connections=4),
    ):
        with stock.application(site, stock_members.Shop) as shop:
            with Watch(site.postgres, STOCK_SEEN).looking() as watch:
                for seconds in (WARM, site.seconds):
                    appended.clear()
                    _stock_paced(shop, 100, seconds, appended)
                watch.reached(max(appended), 30)
    return watch.delays(appended)


def _stock_paced(
    shop: stock_members.Shop, rate: float, seconds: float, appended: dict[int, float]
) -> None:
    began = now()
    for number in range(int(rate * seconds)):
        if (early := began + number / rate - now()) > 0:
            time.sleep(early)
        (recording,) = shop.save(stock_members.Member("buyer"))
        appended[recording.notification.id] = now()


def _work(name: str, rate: int, reach: float) -> Work:
    figures = {
        key: Figure(f"append to row visible at {rate:,}/s, {key}", "ms", reach, less=True)
        for key in ("p50", "p99")
    }
    return Work(name, figures, live(rate), stock_live, PEER)


WORKS = (_work("live-100", 100, 1.0), _work("live-2000", 2_000, 2.0))
