"""Whoever watches a reel that many like at once is told a few times a second, and exactly."""

import asyncio
import time

import pytest

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


@pytest.mark.parametrize("at_once", [1, 5, 50])
async def test_a_burst_of_likes_is_a_handful_of_pushes_and_the_last_is_exact(api, at_once):
    await api.market("ada")
    product = await api.product("ada", "tea")
    reel = await published(api.souk, "bazaar", "ada", product)
    database = api.souk.settings.postgres_url
    await until(lambda: told(database, reel, 0))
    before, began = len(await changes_of(database, reel)), time.monotonic()
    for first in range(0, 500, at_once):
        fans = [call(actor=f"v{n}") for n in range(first, first + at_once)]
        await asyncio.gather(*[api.souk.likes.like(fan, reel) for fan in fans])
    await until(lambda: told(database, reel, 500))
    elapsed = time.monotonic() - began
    pushed = (await changes_of(database, reel))[before:]
    likes = [change["likes"] for change in pushed]
    assert likes == sorted(set(likes))
    assert likes[-1] == 500
    assert len(pushed) <= 5 * elapsed + 3, (len(pushed), elapsed)


async def told(database, reel, likes):
    last = (await changes_of(database, reel))[-1:]
    return last == [{"likes": likes, "comments": 0, "views": 0}]
