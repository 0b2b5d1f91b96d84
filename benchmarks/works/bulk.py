"""10,000 materials get another brand: by one bulk, and by as many commands."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from uuid import uuid4

import psycopg

from adapters.log.log import PostgresLog
from application.bulking import KINDS
from application.bulking.materials import Change
from application.bulks import Batch, Bulks, Item
from application.commands import Commands
from application.materials import Materials
from application.ports import Append, New
from application.work import stream_of
from benchmarks.figures import Figure
from benchmarks.loops import now
from benchmarks.market import TENANT, call, do, each, id_of, keyed, on_loop, opened
from benchmarks.work import Figures, Site, Work
from domain import materials, tenants
from domain.bulks import MOST
from domain.materials import DescribeMaterial, Describing, MaterialAdded, Measuring
from domain.tenants import CreateTenant

SELLER = "amina"
ROUTE = "POST /api/v1/materials/{id}/describe"
IN_FLIGHT = 32
AT_ONCE = 500  # materials in one append while a database is filled
COUNTED = "SELECT count(*) FROM log.events WHERE tag = 'materials.material_described'"


def _text(brand: str) -> Describing:
    return Describing("Merino", "yarn", brand, "indigo", {"weight": "DK", "washed": "by hand"})


def filled(site: Site) -> None:
    on_loop(_fill(site))


async def _fill(site: Site) -> None:
    async with opened(site) as (log, commands):
        await do(commands, tenants, TENANT, CreateTenant("Bench", "DZD"))
        added = MaterialAdded(SELLER, _text(""), "g", "DZD", Measuring(), None, "average")
        ids = iter(_ids(site))
        while some := list(islice(ids, AT_ONCE)):
            new = tuple(New(stream_of(TENANT, materials, id), 0, (added,)) for id in some)
            await log.append(Append(call(SELLER), new))


def _ids(site: Site) -> Iterator[str]:
    return (id_of("material", number) for number in range(site.some(MOST)))


def bulk(site: Site) -> Figures:
    return on_loop(_bulk(site))


async def _bulk(site: Site) -> Figures:
    async with known(site) as (log, commands):
        bulks, ids = Bulks(commands, log, KINDS), list(_ids(site))
        before, rounds, took = _counted(site), 0, 0.0
        while took < site.seconds:
            rounds += 1
            change = Change({"brand": f"Atlas {rounds}"})
            began = now()
            items = tuple(Item(id, "update", change) for id in ids)
            await bulks.run(call(SELLER), str(uuid4()), Batch("materials", SELLER, items))
            took += now() - began
        return _figures(site, before, rounds * len(ids), took)


def single(site: Site) -> Figures:
    return on_loop(_single(site))


async def _single(site: Site) -> Figures:
    """The same changes as commands, each a task's of so many."""
    async with known(site) as (_, commands):
        cases, ids = Materials(commands), list(_ids(site))
        before, rounds, took = _counted(site), 0, 0.0
        while took < site.seconds:
            rounds += 1
            command = DescribeMaterial(_text(f"Atlas {rounds}"))

            async def change(id: str, command: DescribeMaterial = command) -> None:
                await cases.change(keyed(ROUTE, SELLER), id, SELLER, command)

            began = now()
            await each(ids, change, IN_FLIGHT)
            took += now() - began
        return _figures(site, before, rounds * len(ids), took)


@asynccontextmanager
async def known(site: Site) -> AsyncIterator[tuple[PostgresLog, Commands]]:
    """A process that goes on: it knows the states of all materials, whichever way it goes."""
    async with opened(site) as (log, commands):
        for id in _ids(site):
            await commands.peek(call(SELLER), materials, id)
        yield log, commands


def _figures(site: Site, before: int, wanted: int, took: float) -> Figures:
    """Raises RuntimeError when a change was left out."""
    changed = _counted(site) - before
    if changed != wanted:
        raise RuntimeError(f"{changed} of {wanted} materials were changed")
    return {"rate": changed / took}


def _counted(site: Site) -> int:
    with psycopg.connect(site.postgres) as owner:
        row = owner.execute(COUNTED).fetchone()
    assert row
    return int(row[0])


WORKS = (
    Work(
        "bulk",
        {"rate": Figure("10,000 materials changed by one bulk", "events/s", 5)},
        bulk,
        single,
        "Souk: a command for each, 32 in flight",
        filled,
        filled,
        peer_is_souk=True,
    ),
)
