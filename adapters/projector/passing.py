"""Positions that only pass over events which their projections do not fold, moved together."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack

from adapters.postgres import packed
from adapters.postgres.pools import Connection
from adapters.projector.engine import Engine
from adapters.projector.leader import connected, persist, sleep

MOMENT = 0.02  # seconds between two moves, which is how long such a position may lag behind
# Whoever leads: nothing is folded, so nothing but the place must be as it was left. A row that
# somebody holds, such as a long retry, is passed by: the others would wait with it.
_MOVE = (
    "UPDATE read.projections p SET position = m.target, moved_at = now()"
    " FROM unnest(%s, %s, %s, %s, %s, %s) AS m"
    " (name, version, shape, generation, origin, target) JOIN (SELECT name FROM read.projections"
    " WHERE name = ANY(%s) FOR UPDATE SKIP LOCKED) AS free USING (name) WHERE p.name = m.name"
    " AND p.version = m.version AND p.shape = m.shape AND p.generation = m.generation"
    " AND p.position = m.origin RETURNING p.name"
)


async def keep_passing(url: str, engines: Iterable[Engine], stop: asyncio.Event) -> None:
    """Until stopped, in one transaction for all of them; it need not wait for the disk."""
    every = list(engines)

    async def attempt() -> None:
        async with connected(url, "souk-passing") as db:
            await db.execute("SET synchronous_commit = off")
            while not stop.is_set():
                await settle(db, every)
                await sleep(stop, MOMENT)
            await settle(db, every)

    await persist("passing", stop, attempt)


async def settle(db: Connection, engines: Iterable[Engine]) -> None:
    """Those that are in the middle of a batch are moved by it."""
    behind = [e for e in engines if e.passed > e.position and not e.turn.locked()]
    if not behind:
        return
    async with AsyncExitStack() as turns:
        for engine in behind:
            await turns.enter_async_context(engine.turn)
        places = [engine.place for engine in behind]
        names, versions, shapes, generations, origins, targets = zip(*places, strict=True)
        cursor = await db.execute(
            _MOVE,
            (
                packed.texts(names),
                packed.integers(versions),
                packed.texts(shapes),
                packed.integers(generations),
                packed.integers(origins),
                packed.integers(targets),
                packed.texts(names),
            ),
        )
        moved = {name for (name,) in await cursor.fetchall()}
        for engine, place in zip(behind, places, strict=True):
            if engine.name in moved:
                engine.position = place[-1]
