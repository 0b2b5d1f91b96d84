"""Loading: whoever asks is answered, also just as the readings before have come to an end."""

import asyncio

from adapters.log import loading
from tests.log.notes import TENANT, append, note, opened, stream


async def test_who_asks_as_the_last_reading_ends_is_answered(database, monkeypatch):
    monkeypatch.setattr(loading, "READINGS", 1)
    async with opened(database) as log, asyncio.timeout(20):
        await log.append(append(note(1, "a")))
        for _ in range(3):
            past = await log.load(TENANT, [stream(1)])
            assert past[stream(1)].version == 1
