"""Whoever watches a reel that many like at once is told a few times a second, and exactly."""

import asyncio
from types import SimpleNamespace

import pytest

from adapters.projector import projector
from tests.engagement.ground import counters_in, published
from tests.policies.market import call, until
from tests.projector.toys import connected


async def changes_of(database, reel):
    """What was told to whoever watches it, in order."""
    async with connected(database) as db:
        rows = await db.execute(
            "SELECT document FROM read.changes WHERE projection = 'engagement'"
            " AND topic LIKE %s ORDER BY seq",
            (f"engagement.{reel}.%",),
        )
        return [counters_in(document) for (document,) in await rows.fetchall()]


@pytest.fixture
def pauses(monkeypatch):
    """The projection's pauses end when told to, not by the clock; ``asked``: for how long."""
    held = SimpleNamespace(over=asyncio.Event(), asked=[])

    async def pause(stop, seconds):
        held.asked.append(seconds)
        await held.over.wait()
        await asyncio.sleep(0.05)  # for what was committed and is still on its way

    monkeypatch.setattr(projector, "sleep", pause)
    yield held
    held.over.set()


@pytest.mark.parametrize("at_once", [1, 5, 50])
async def test_what_comes_within_a_pause_is_a_handful_of_pushes_and_the_last_is_exact(
    pauses, api, at_once
):
    await api.market("ada")
    product = await api.product("ada", "tea")
    reel = await published(api.souk, "bazaar", "ada", product)
    database = api.souk.settings.postgres_url
    await until(lambda: told(database, reel, 0))
    for first in range(0, 500, at_once):
        fans = [call(actor=f"v{n}") for n in range(first, first + at_once)]
        await asyncio.gather(*[api.souk.likes.like(fan, reel) for fan in fans])
    pauses.over.set()
    await until(lambda: told(database, reel, 500))
    likes = [change["likes"] for change in await changes_of(database, reel)]
    assert likes == sorted(set(likes))
    assert (likes[0], likes[-1]) == (0, 500)
    assert len(likes) <= 5  # the last ones may not have been read yet when the pause ended
    assert set(pauses.asked) == {0.2}


async def told(database, reel, likes):
    last = (await changes_of(database, reel))[-1:]
    return last == [{"likes": likes, "comments": 0, "views": 0}]
