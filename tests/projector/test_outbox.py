"""A window of messages is in JetStream when it is said to be, and not before."""

import asyncio
from contextlib import asynccontextmanager

import nats
import pytest
from nats.errors import ConnectionClosedError
from nats.js.errors import APIError, NoStreamResponseError

from adapters.nats.flushing import flushed
from adapters.projector import outbox
from adapters.projector.outbox import Message, Outbox
from adapters.projector.relay import ensure
from tests.projector.test_relay import Nats
from tests.support.patience import PATIENCE


@pytest.fixture
def server():
    server = Nats()
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def opened(url):
    """An outbox, and another client of the same server."""
    boxes = []

    async def lost():
        for box in boxes:
            box.lost()

    once = {"allow_reconnect": False, "connect_timeout": PATIENCE}
    client = await nats.connect(url, closed_cb=lost, **once)
    boxes.append(await Outbox(client).open())
    other = await nats.connect(url, **once)
    try:
        yield boxes[0], other
    finally:
        await client.close()
        await other.close()


def window(*names, subject="souk.t.things", size=1):
    return [Message(f"{subject}.{n}", b"x" * size, {"Nats-Msg-Id": n}) for n in names]


async def test_a_window_is_kept_in_its_order_and_once(server):
    names = [f"m{n}" for n in range(200)]
    async with opened(server.url) as (box, other):
        stream = other.jetstream(timeout=PATIENCE)
        await ensure(stream)
        await box.send(window(*names))
        await box.send(window(*names[-3:], "last"))
        await box.send([])
        kept = [await stream.get_msg("SOUK", seq) for seq in range(1, 202)]
        assert [each.subject.rpartition(".")[2] for each in kept] == [*names, "last"]
        assert (await stream.stream_info("SOUK")).state.messages == 201


async def test_without_a_stream_it_fails_at_once_and_works_when_there_is_one(server):
    async with opened(server.url) as (box, other):
        with pytest.raises(NoStreamResponseError):
            await box.send(window("a", "b"))
        stream = other.jetstream(timeout=PATIENCE)
        await ensure(stream)
        await box.send(window("a", "b"))
        assert (await stream.stream_info("SOUK")).state.messages == 2


async def test_what_the_stream_refuses_is_no_success(server):
    async with opened(server.url) as (box, other):
        stream = other.jetstream(timeout=PATIENCE)
        await stream.add_stream(name="SMALL", subjects=["souk.>"], max_msg_size=100)
        with pytest.raises(APIError):
            await box.send([*window("a"), *window("b", size=500), *window("c")])


async def test_whoever_waits_hears_that_the_server_is_gone(server):
    async with opened(server.url) as (box, other):
        await other.subscribe("souk.>")  # takes everything, and never answers
        await flushed(other)
        sending = asyncio.create_task(box.send(window("a")))
        await asyncio.sleep(0.1)
        assert not sending.done()
        server.kill()
        with pytest.raises(ConnectionClosedError):
            await sending


async def test_each_answer_gives_the_next_as_much_time(server):
    """A window is as large as there is to tell: who takes long for all of it still takes it."""
    async with opened(server.url) as (box, other):
        taken = await other.subscribe("souk.>")
        await flushed(other)
        sending = asyncio.create_task(box.send(window("a", "b")))
        replies = [(await taken.next_msg(PATIENCE)).reply for _ in "ab"]
        before = box._limit.when()
        await asyncio.sleep(0.01)
        await other.publish(replies[0], b'{"stream":"SOUK","seq":1}')
        async with asyncio.timeout(PATIENCE):
            while box._waiting > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert box._limit.when() > before
        await other.publish(replies[1], b'{"stream":"SOUK","seq":2}')
        await sending


async def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_ones(server, monkeypatch):
    monkeypatch.setattr(outbox, "ACK", 0.3)
    async with opened(server.url) as (box, other):
        taken = await other.subscribe("souk.>")
        await flushed(other)
        with pytest.raises(TimeoutError):
            await box.send(window("a"))
        late = (await taken.next_msg(PATIENCE)).reply

        monkeypatch.setattr(outbox, "ACK", PATIENCE)
        sending = asyncio.create_task(box.send(window("b", "c")))
        replies = [(await taken.next_msg(PATIENCE)).reply for _ in "bc"]
        for reply in (late, late, late, replies[0]):
            await other.publish(reply, b'{"stream":"SOUK","seq":1}')
        await other.flush(PATIENCE)
        await asyncio.sleep(0.1)
        assert not sending.done()
        await other.publish(replies[1], b'{"stream":"SOUK","seq":2}')
        await sending
