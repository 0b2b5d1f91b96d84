"""The projector's process: every projection, the relay and the counters, each under one leader."""

import asyncio
import contextlib
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog

from adapters.log.notices import Notices
from adapters.postgres.pools import Connection
from adapters.projector.beside import state
from adapters.projector.engine import BATCH, Engine
from adapters.projector.feed import Feed
from adapters.projector.hints import listen
from adapters.projector.kinds import logged_types
from adapters.projector.leader import Bell, Superseded, connected, lead, sleep
from adapters.projector.passing import keep_passing
from adapters.projector.rebuild import rebuild
from adapters.projector.relay import Relay
from adapters.projector.scout import Scout
from adapters.projector.tables import shape_of
from adapters.projector.window import Window
from projections.kernel import Projection, pause_of

LOOK = 0.5  # seconds between looks at the log when no hint comes: polling is the truth
logger = structlog.get_logger(__name__)


class Projector:
    """Runs projections until stopped, through any failure of the servers it needs.

    ``nats_url`` or ``valkey_url`` None: nothing is pushed, or counted, by this process.
    ``master``: the master key; None: it looks at the log for all that commits could tell it.
    """

    def __init__(
        self,
        postgres_url: str,
        nats_url: str | None,
        valkey_url: str | None,
        projections: Mapping[str, Projection],
        batch: int = BATCH,
        master: bytes | None = None,
    ) -> None:
        self._postgres_url, self._projections, self._batch = postgres_url, projections, batch
        self._notices = Notices(master) if master else None
        self._relay = Relay(nats_url, tuple(projections)) if nats_url else None
        self._feed = Feed(valkey_url, projections) if valkey_url else None
        self._told: set[str] = set()  # the projections that are of a newer version

    async def run(self, stop: asyncio.Event) -> None:
        """Returns once ``stop`` is set and the batches at hand are committed."""
        changed = [Bell(), Bell()]  # of the relay and of the counters
        window = Window(kind for p in self._projections.values() for kind in logged_types(p))
        engines = {
            name: Engine(name, projection, self._batch, window)
            for name, projection in self._projections.items()
        }
        scout = Scout(window, engines, self._batch, self._notices)
        with few_collections():
            async with asyncio.TaskGroup() as group:
                group.create_task(_ring_at(stop, [*scout.bells, *changed]))
                group.create_task(listen(self._postgres_url, scout.hear, stop))
                group.create_task(scout.run(self._postgres_url, stop))
                for engine in engines.values():
                    group.create_task(self._project(engine, scout, changed, stop))
                group.create_task(keep_passing(self._postgres_url, engines.values(), stop))
                for job, bell in zip((self._relay, self._feed), changed, strict=True):
                    if job:
                        group.create_task(self._follow(job, bell, stop))

    async def _project(
        self, engine: Engine, scout: Scout, changed: list[Bell], stop: asyncio.Event
    ) -> None:
        name, (relay, counters) = engine.name, changed
        counted = any(table.counters for table in self._projections[name].TABLES)
        followers = [relay, counters] if counted else [relay]

        async def job(db: Connection) -> None:
            await self._bring_up(name, db, stop)
            if stop.is_set():
                return
            await engine.load(db)
            scout.hint.ring()
            try:
                pause = pause_of(self._projections[name])
                await _follow_log(engine, db, scout.bell(engine), followers, stop, pause)
            finally:
                engine.leave()

        await lead(self._postgres_url, f"souk-projector-{name}", stop, job)

    async def _bring_up(self, name: str, db: Connection, stop: asyncio.Event) -> None:
        """Tables of an older version are served until this one's are built beside them. Raises
        Superseded where they are of a newer one: in a rolling restart we are the one that goes."""
        projection, present = self._projections[name], await state(db, name)
        if present is None or present[:2] == (projection.VERSION, shape_of(projection)):
            return
        if present.version > projection.VERSION:
            self._tell(name, present.version)
            raise Superseded(f"the tables of {name} are of a newer version than this code")
        building = asyncio.create_task(rebuild(self._postgres_url, name, projection))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([building, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            building.cancel()  # what it has built so far is there when it is run again
        with contextlib.suppress(asyncio.CancelledError):
            await building

    def _tell(self, name: str, version: int) -> None:
        if name not in self._told:
            mine = self._projections[name].VERSION
            logger.error(
                "tables of a newer version are left alone",
                projection=name,
                version=version,
                of=mine,
            )
            self._told.add(name)

    async def _follow(self, job: "Relay | Feed", bell: Bell, stop: asyncio.Event) -> None:
        try:
            await lead(self._postgres_url, job.NAME, stop, lambda db: job.run(db, bell, stop))
        finally:
            await job.close()


async def _follow_log(
    engine: Engine,
    db: Connection,
    bell: Bell,
    followers: list[Bell],
    stop: asyncio.Event,
    pause: float,
) -> None:
    """``pause``: seconds after a batch that changed something, while it keeps up."""
    hinted = True
    while not stop.is_set():
        await engine.step(db, hinted=hinted)
        for follower in followers if engine.told else ():
            follower.ring()
        if pause and engine.told and not engine.full:
            await sleep(stop, pause)
        if engine.at_end or engine.passed >= bell.heard:
            engine.resting = not bell.rung
            hinted = await bell.wait(LOOK)
            engine.resting = False


@contextmanager
def few_collections() -> Iterator[None]:
    """Batches are many objects and no cycles: looking for those took a third of the time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def _ring_at(stop: asyncio.Event, bells: list[Bell]) -> None:
    await stop.wait()
    for bell in bells:
        bell.ring()


async def retry_dead_letters(
    postgres_url: str, name: str, projection: Projection, tenant: str | None = None
) -> int:
    """Fold a projection's parked events in order, of one tenant or of all; how many are folded
    now. Safe beside a leader, which then starts over from the position it finds."""
    async with connected(postgres_url, "souk-retry") as db:
        return await Engine(name, projection).retry(db, tenant)


__all__ = ["Projector", "Superseded", "few_collections", "retry_dead_letters"]
