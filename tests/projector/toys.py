"""A toy context: lamps that are switched, and how often."""

import asyncio
import contextlib
from contextlib import asynccontextmanager

from psycopg import AsyncConnection

from adapters.postgres.pools import PROJECT, conninfo_of
from adapters.projector.engine import Engine
from adapters.projector.projector import Projector
from adapters.projector.tables import create_tables
from domain.kernel import Event, but
from projections.kernel import Column, Document, Table, own
from tests.support.patience import PATIENCE
from tests.support.rows import record, recorded, toy


class Switched(Event, tag="toys.switched"):
    room: str = ""


class Removed(Event, tag="toys.removed"):
    pass


class Renamed(Event, tag="toys.renamed"):
    name: str


class Ignored(Event, tag="toys.ignored"):
    pass


class Lamp(Document):
    id: str
    times: int
    room: str


broken = set()  # ids of lamps that cannot be folded just now


def evolve(lamp, recorded, id):
    if id in broken:
        raise ValueError(f"the bulb of {id} burst")
    match recorded.event:
        case Removed():
            return None
        case Renamed(name=name):
            return lamp and but(lamp, room=name)
        case Switched(room=room):
            lamp = lamp or Lamp(id, 0, room)
            return but(lamp, times=lamp.times + 1, room=room or lamp.room)
    return lamp


LAMPS = Table(
    name="toys_lamps",
    document=Lamp,
    on={Switched: own, Removed: own},
    evolve=evolve,
    columns={"room": Column("text", lambda lamp: lamp.room)},
    indexes=("room",),
    related={Renamed: lambda r: ("room = %s", (r.id,))},
    topic=lambda id, lamp: f"toys.{id}",
    counters=True,
)
TOYS = {"toys": toy(LAMPS)}


def lamp(id, tenant="A"):
    return f"{tenant}/toys/{id}"


@asynccontextmanager
async def connected(url):
    """The owner's connection."""
    async with await AsyncConnection.connect(url, autocommit=True) as db:
        yield db


@asynccontextmanager
async def projecting(url):
    """A connection as the projector's role."""
    conninfo = conninfo_of(url, PROJECT, "test", PATIENCE)
    async with await AsyncConnection.connect(conninfo, autocommit=True) as db:
        yield db


async def prepare(url, projections=TOYS):
    async with connected(url) as owner:
        return await create_tables(owner, projections)


async def happen(url, *events):
    """Append (stream, event) pairs to the log."""
    async with connected(url) as owner:
        (head,) = await (await owner.execute("SELECT position FROM log.head")).fetchone()
        await record(owner, recorded(events, after=head))
        await owner.execute("NOTIFY souk_log")


async def caught_up(url, projections=TOYS):
    """Project everything there is, once."""
    async with projecting(url) as db:
        for name, projection in projections.items():
            engine = Engine(name, projection)
            await engine.load(db)
            while await engine.step(db):
                pass


async def fetch(url, sql, *params):
    async with connected(url) as owner:
        return await (await owner.execute(sql, params)).fetchall()


async def lamps(url):
    """How often each lamp was switched, by tenant and id."""
    rows = await fetch(
        url, "SELECT tenant, id, convert_from(body, 'UTF8')::json FROM read.toys_lamps"
    )
    return {f"{tenant}/{id}": body["times"] for tenant, id, body in rows}


@asynccontextmanager
async def running(url, nats=None, valkey=None, projections=TOYS):
    """A projector process, as a task."""
    stop = asyncio.Event()
    task = asyncio.create_task(Projector(url, nats, valkey, projections).run(stop))
    try:
        yield task
    finally:
        stop.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, PATIENCE)


async def eventually(question, answer):
    """Ask until the answer is as expected, for at most a minute."""
    last = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while (last := await question()) != answer:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert last == answer
