"""Who waits for whom: one at a time on a stream, in turn, and nothing is left of who gave up."""

import asyncio

import pytest

from application.ports import Key, Unavailable
from application.turns import Turns
from entrypoints.http import problems
from tests.support.patience import PATIENCE


async def take(turns, streams, inside, name):
    async with turns.on(streams):
        inside.append(f"{name} in")
        await asyncio.sleep(0)
        inside.append(f"{name} out")


async def test_a_stream_is_one_commands_at_a_time_in_the_order_they_came():
    turns, inside = Turns(), []
    await asyncio.gather(*(take(turns, ["s"], inside, n) for n in "abcd"))
    assert inside == [f"{n} {step}" for n in "abcd" for step in ("in", "out")]
    assert not turns.queues
    assert not turns.waiting


async def test_those_who_want_several_do_not_wait_for_each_other_for_ever():
    turns, inside = Turns(), []
    wanted = ["xy", "yx", "zy", "xz", "zyx"]
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(take(turns, w, inside, w) for w in wanted))
    assert sorted(inside) == sorted(f"{w} {step}" for w in wanted for step in ("in", "out"))
    assert not turns.queues


async def test_who_gives_up_or_is_cancelled_while_waiting_is_forgotten_and_the_next_comes():
    turns, inside = Turns(patience=0.05), []
    async with turns.on(["y"]):
        late = asyncio.create_task(take(turns, ["x", "y"], inside, "late"))
        gone = asyncio.create_task(take(turns, ["x", "y"], inside, "gone"))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(Unavailable):
            await late
        await asyncio.wait({gone})
        await take(turns, ["x"], inside, "free")  # what they held already is let go
    await take(turns, ["x", "y"], inside, "next")
    assert inside == ["free in", "free out", "next in", "next out"]
    assert not turns.queues


async def test_what_fails_inside_gives_its_turn_back():
    turns, inside = Turns(), []
    with pytest.raises(RuntimeError):
        async with turns.on(["s"]), turns.alone("t", Key("p", "r", "k", b"1")):
            raise RuntimeError
    async with asyncio.timeout(PATIENCE), turns.alone("t", Key("p", "r", "k", b"2")):
        await take(turns, ["s"], inside, "next")
    assert inside == ["next in", "next out"]


async def test_a_key_is_one_requests_at_a_time_whatever_its_body():
    turns, inside = Turns(), []

    async def request(body):
        async with turns.alone("t", Key("p", "r", "k", body)):
            inside.append(body)
            await asyncio.sleep(0.01)
            inside.append(body)

    await asyncio.gather(request(b"1"), request(b"2"), request(b"1"))
    assert inside[0::2] == inside[1::2]
    assert not turns.running


def test_who_waited_in_a_crowd_is_not_told_that_a_server_is_away():
    assert problems.of(Unavailable("log")).detail == "log is away or busy"
