"""The Python client with as many topics as one may have, and one that comes and goes too often."""

import asyncio
import time

from adapters.live.peer import Limits
from entrypoints.live import pace
from entrypoints.live.backoff import Backoff
from entrypoints.live.client import Refused, Snapshot, connect
from entrypoints.live.conversation import MOST
from tests.live.test_client import TOPIC, following, gate, last, opened, stepped, tea, until

__all__ = ["gate", "tea"]  # fixtures


async def test_a_hundred_topics_are_told_at_once_and_again_after_a_cut(api, gate, tea):
    others = [f"orders?seller=s{n}" for n in range(MOST - 1)]
    async with connect(gate.url, api.token("admin", "root")) as live:
        watched = [await following(live, topic=topic) for topic in (*others, TOPIC)]
        await until(lambda: all(found for found, _ in watched))
        gate.cut()
        position = await stepped(api, tea, 2)
        await until(lambda: last(watched[-1][0]) == position)
        assert gate.topics == MOST
        for _, task in watched:
            assert not task.done()
            task.cancel()


async def test_a_gateway_that_hears_too_much_is_not_asked_again(api, tea):
    async with opened(api, Limits(rate=1, burst=5)) as gate:
        async with connect(gate.url, api.token("admin", "root")) as live:
            watched = [await following(live, topic=f"orders?seller=s{n}") for n in range(MOST)]
            ends = await asyncio.gather(*(task for _, task in watched), return_exceptions=True)
            assert {(type(end), end.status) for end in ends} == {(Refused, 1008)}
            assert "messages a second" in str(ends[0])


async def test_who_comes_and_goes_is_held_to_what_the_gateway_hears(api, tea, monkeypatch):
    monkeypatch.setattr(pace, "AT_ONCE", 5)
    monkeypatch.setattr(pace, "RATE", 8)
    async with opened(api, Limits(rate=10, burst=10)) as gate:
        async with connect(gate.url, api.token("seller", "amina")) as live:
            for _ in range(15):
                messages = live.watch(TOPIC)
                assert isinstance(await anext(messages), Snapshot)
                await messages.aclose()


async def test_who_watches_again_does_not_overtake_the_end_of_the_watch_before(
    api, gate, tea, monkeypatch
):
    monkeypatch.setattr(pace, "AT_ONCE", 1.5)
    monkeypatch.setattr(pace, "RATE", 2)
    async with connect(gate.url, api.token("seller", "amina")) as live:
        messages = live.watch(TOPIC)
        await anext(messages)
        ending = asyncio.create_task(messages.aclose())
        await asyncio.sleep(0)
        time.sleep(1)  # its turn has come, but nobody has told it yet  # noqa: ASYNC251
        found, _ = await following(live)
        await ending
        await until(lambda: found)
        position = await stepped(api, tea, 2)
        await until(lambda: last(found) == position)


async def test_what_ended_while_others_had_their_turn_is_not_asked_for_again(
    api, gate, tea, monkeypatch
):
    """On a connection that is new, one topic is asked for after the other."""
    monkeypatch.setattr(pace, "AT_ONCE", 0)
    monkeypatch.setattr(pace, "RATE", 2)
    async with connect(gate.url, api.token("seller", "amina")) as live:
        kept, _ = await following(live)
        await until(lambda: kept)
        _, ended = await following(live, topic=f"catalog/{tea}")
        await until(lambda: gate.topics == 2)
        gate.cut()
        await until(lambda: gate.topics == 0)
        await until(lambda: live._socket)
        ended.cancel()
        for topic in ("catalog", "analytics/amina"):  # said after what is said of those before
            found, _ = await following(live, topic=topic)
            await until(lambda found=found: found)
        assert gate.topics == 3


async def test_being_let_in_does_not_shorten_the_wait_but_being_told_something_does():
    backoff = Backoff()
    for _ in range(5):
        backoff.advised(0.001, 0.008)
        await backoff.wait()
    assert backoff._bound == 0.008
    backoff.progressed()
    assert backoff._bound == 0.001
