"""Positions pass over what nothing folds, each whatever becomes of the others."""

import asyncio
from dataclasses import replace

from adapters.projector.engine import Engine
from adapters.projector.passing import settle
from tests.projector.toys import (
    LAMPS,
    TOYS,
    Ignored,
    connected,
    fetch,
    happen,
    lamp,
    prepare,
    projecting,
)
from tests.support.patience import PATIENCE
from tests.support.rows import toy

BOTH = TOYS | {"others": toy(replace(LAMPS, name="toys_others"))}
POSITIONS = "SELECT name, position FROM read.projections ORDER BY name"


async def test_whoever_holds_the_row_of_one_projection_keeps_no_other_from_moving(database):
    await prepare(database, BOTH)
    engines = [Engine(name, projection) for name, projection in BOTH.items()]
    async with connected(database) as owner, projecting(database) as db:
        for engine in engines:
            await engine.load(db)
        await happen(database, (lamp("1"), Ignored()))
        for engine in engines:
            await engine.step(db)
        async with owner.transaction():
            await owner.execute("SELECT FROM read.projections WHERE name = 'toys' FOR UPDATE")
            async with asyncio.timeout(PATIENCE):
                await settle(db, engines)
            assert await fetch(database, POSITIONS) == [("others", 1), ("toys", 0)]
        await settle(db, engines)
    assert await fetch(database, POSITIONS) == [("others", 1), ("toys", 1)]
