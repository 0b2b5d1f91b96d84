"""The published history of a real marketplace: imported, then projected anew from the log."""

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
from psycopg import AsyncConnection

from adapters.projector.projector import Projector
from benchmarks.figures import Figure
from benchmarks.roles import settings
from benchmarks.work import Absent, Figures, Site, Work
from entrypoints.olist import import_olist
from projections import PROJECTIONS

VARIABLE = "SOUK_OLIST_DIR"
LOOK = 0.1  # seconds between two looks at the memory
THIRDS = ("start", "middle", "end")


class Memory:
    """The most that this process had resident in each third of its work, in MB."""

    def __init__(self) -> None:
        self._seen: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        process = psutil.Process()
        while not self._stop.wait(LOOK):
            self._seen.append(process.memory_info().rss / 1e6)

    def thirds(self) -> Figures:
        third = max(1, len(self._seen) // 3)
        parts = self._seen[:third], self._seen[third : 2 * third], self._seen[2 * third :]
        peaks = [max(part, default=0.0) for part in parts]
        return dict(zip(THIRDS, peaks, strict=True))


def imported(site: Site) -> Figures:
    """`souk import olist`, with nothing else running."""

    async def whole() -> None:
        await import_olist(settings(site), directory(), "olist")

    return asyncio.run(_measured(site, whole))


def rebuilt(site: Site) -> Figures:
    """Every projection, from the first event to the last."""

    async def whole() -> None:
        stop = asyncio.Event()
        projector = Projector(site.postgres, None, None, PROJECTIONS)
        running = asyncio.create_task(projector.run(stop))
        async with await AsyncConnection.connect(site.postgres, autocommit=True) as db:
            while await _behind(db):  # noqa: ASYNC110 - there is nothing that tells
                await asyncio.sleep(LOOK)
        stop.set()
        await running

    return asyncio.run(_measured(site, whole))


def history(site: Site) -> None:
    asyncio.run(import_olist(settings(site), directory(), "olist"))


async def _measured(site: Site, whole: Callable[[], Awaitable[None]]) -> Figures:
    began = time.perf_counter()
    with Memory() as memory:
        await whole()
    spent = time.perf_counter() - began
    async with await AsyncConnection.connect(site.postgres, autocommit=True) as db:
        return {"rate": await _head(db) / spent, **memory.thirds()}


async def _behind(db: AsyncConnection) -> bool:
    cursor = await db.execute("SELECT min(position) FROM read.projections")
    ((position,),) = await cursor.fetchall()
    return bool(position < await _head(db))


async def _head(db: AsyncConnection) -> int:
    ((head,),) = await (await db.execute("SELECT position FROM log.head")).fetchall()
    return int(head)


def directory() -> Path:
    """Raises Absent."""
    named = os.environ.get(VARIABLE)
    if not named:
        raise Absent(f"{VARIABLE} names no directory of Olist CSVs")
    return Path(named)


def _work(name: str, what: str, side: Callable[[Site], Figures], **more: Any) -> Work:
    figures = {"rate": Figure(what, "events/s")} | {
        third: Figure(f"{what}, memory at the {third}", "MB") for third in THIRDS
    }
    return Work(name, figures, side, **more)


WORKS = (
    _work("olist-import", "whole Olist import", imported, ready=directory),
    _work("olist-rebuild", "whole rebuild", rebuilt, souk_before=history, ready=directory),
)
