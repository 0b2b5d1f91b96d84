"""Whoever waits for news of the log hears of every commit at once."""

import asyncio

from adapters.projector import hints
from adapters.projector.leader import Bell
from tests.projector.toys import prepare


async def test_hearing_ends_before_its_connection_does(database, monkeypatch):
    """Who closes a connection that is waited for may abort the process."""
    hear, ended, hearing = hints._hear, [], asyncio.Event()

    async def noted(db, tell):
        hearing.set()
        try:
            await hear(db, tell)
        finally:
            ended.append(db.closed)

    monkeypatch.setattr(hints, "_hear", noted)
    await prepare(database)
    listening = asyncio.create_task(hints.listen(database, hints.ringing(Bell()), asyncio.Event()))
    await hearing.wait()
    await asyncio.sleep(0)
    listening.cancel()
    await asyncio.wait([listening])
    assert ended == [False]
