"""A side in a process that is forked from one which has imported everything: as in its own, but
for the seconds that importing takes."""

import asyncio
import multiprocessing
import traceback
from multiprocessing.connection import Connection

from adapters.log.log import PostgresLog
from benchmarks.sides import Failed
from benchmarks.watching import Watch
from benchmarks.work import Figures, Site, Work
from benchmarks.works import WORKS, auditing, hot_reel, push
from tests.support.patience import PATIENCE

HERE = __name__
forking = multiprocessing.get_context("forkserver")
forking.set_forkserver_preload([HERE])


async def run(work: Work, part: str, site: Site) -> Figures:
    """As benchmarks.sides.run. Raises Failed."""
    return await asyncio.to_thread(_run, work, part, site)


def _run(work: Work, part: str, site: Site) -> Figures:
    here, there = forking.Pipe(duplex=False)
    child = forking.Process(target=_side, args=(there, work.name, part, site))
    child.start()
    there.close()
    try:
        told = here.recv()
    except EOFError:
        told = f"it died: {child.exitcode}"
    child.join()
    if isinstance(told, str):
        raise Failed(f"{work.name}, {part}: {told}")
    return told


def _side(there: Connection, name: str, part: str, site: Site) -> None:
    (work,) = (each for each in WORKS if each.name == name)
    _be_patient()
    try:
        there.send(getattr(work, part)(site) or {})
    except BaseException:
        there.send(traceback.format_exc())


def _be_patient() -> None:
    """Nothing is measured here, and the processes of a side begin in their own time."""
    from benchmarks import shop  # which imports what must come first

    reached, whole = Watch.reached, 3 * PATIENCE
    Watch.reached = lambda self, position, within: reached(self, position, whole)
    PostgresLog.__init__.__kwdefaults__["patience"] = PATIENCE
    for module in (auditing, hot_reel, push, shop):
        module.PATIENCE = whole
