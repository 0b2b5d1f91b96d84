"""Changes reach JetStream, whatever dies in between."""

import asyncio
import json
import shutil
import tempfile
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import nats
import pytest

from adapters.nats.flushing import flushed
from tests.projector.toys import (
    LAMPS,
    TOYS,
    Removed,
    Switched,
    caught_up,
    eventually,
    fetch,
    happen,
    lamp,
    lamps,
    prepare,
    running,
)
from tests.support.patience import PATIENCE
from tests.support.rows import toy
from tests.support.stack import free_ports, start_nats

SENT = (
    "SELECT (SELECT max(seq) FROM read.changes) = (SELECT seq FROM read.relays)"
    " AND (SELECT position FROM read.projections) = (SELECT position FROM log.head)"
)

ALL_SENT = (
    "SELECT count(*)::int FROM read.relays r WHERE seq ="
    " (SELECT max(c.seq) FROM read.changes c WHERE c.projection = r.projection)"
)


class Nats:
    """A server of this test's own, to be killed."""

    def __init__(self):
        self.home, (self.port,) = Path(tempfile.mkdtemp()), free_ports(1)
        self.url, self._running = f"nats://127.0.0.1:{self.port}", ExitStack()

    def start(self):
        start_nats(self._running, self.home, self.port)

    def kill(self):
        self._running.close()

    def lose_disk(self):
        shutil.rmtree(self.home / "nats")


@pytest.fixture
def own_nats():
    server = Nats()
    server.start()
    yield server
    server.kill()
    shutil.rmtree(server.home, ignore_errors=True)


@asynccontextmanager
async def watching(url, subject):
    """What arrives on a subject, as (subject, payload) pairs."""
    client = await nats.connect(url)
    seen = []

    async def note(message):
        seen.append((message.subject, json.loads(message.data)))

    await client.subscribe(subject, cb=note)
    await flushed(client)
    try:
        yield seen
    finally:
        await client.close()


async def count(seen):
    return len(seen)


async def test_every_change_is_pushed_in_order(database, stack):
    await prepare(database)
    tenant = "pushed"
    async with watching(stack.nats_url, f"souk.{tenant}.>") as seen:
        async with running(database, stack.nats_url):
            for event in (Switched("hall"), Switched(), Removed()):
                await happen(database, (lamp("1", tenant), event))
                await eventually(lambda: fetch(database, SENT), [(True,)])

            await eventually(lambda: count(seen), 3)
    document = {"id": "1", "times": 1, "room": "hall"}
    topic, subject = "toys.1", "souk.pushed.toys.1"
    assert seen == [
        (subject, {"topic": topic, "position": 1, "document": document}),
        (subject, {"topic": topic, "position": 2, "document": {**document, "times": 2}}),
        (subject, {"topic": topic, "position": 3, "document": None}),
    ]


async def test_a_crash_between_commit_and_push_loses_nothing(database, stack):
    await prepare(database)
    await happen(database, (lamp("1", "crashed"), Switched()))
    await caught_up(database)  # committed by a process that never came to publish
    async with watching(stack.nats_url, "souk.crashed.>") as seen:
        async with running(database, stack.nats_url):
            await eventually(lambda: fetch(database, SENT), [(True,)])
        await eventually(lambda: count(seen), 1)
        assert [payload["position"] for _, payload in seen] == [1]


async def test_what_several_projections_have_to_tell_is_all_pushed(database, stack):
    others = replace(LAMPS, name="toys_others", topic=lambda id, lamp: f"others.{id}")
    both = {**TOYS, "others": toy(others)}
    await prepare(database, both)
    await happen(database, *((lamp(str(n), "several"), Switched()) for n in range(100)))
    await caught_up(database, both)
    async with watching(stack.nats_url, "souk.several.>") as seen:
        async with running(database, stack.nats_url, projections=both):
            await eventually(lambda: fetch(database, ALL_SENT), [(2,)])
        await eventually(lambda: count(seen), 200)
    for topic in ("toys", "others"):
        told = [(subject, each["position"]) for subject, each in seen if f".{topic}." in subject]
        assert told == [(f"souk.several.{topic}.{n}", n + 1) for n in range(100)]


async def test_a_push_that_is_repeated_is_kept_once(database, stack):
    await prepare(database)
    await happen(database, (lamp("1", "repeated"), Switched()))
    async with running(database, stack.nats_url):
        await eventually(lambda: fetch(database, SENT), [(True,)])
    await fetch(database, "UPDATE read.relays SET seq = 0 RETURNING 1")
    async with running(database, stack.nats_url):
        await eventually(lambda: fetch(database, SENT), [(True,)])
    client = await nats.connect(stack.nats_url)
    stream = client.jetstream(timeout=PATIENCE)
    info = await stream.stream_info("SOUK", subjects_filter="souk.repeated.>")
    await client.close()
    assert info.state.subjects == {"souk.repeated.toys.1": 1}


async def test_nats_may_be_away_and_come_back_with_an_empty_disk(database, own_nats):
    await prepare(database)
    async with running(database, own_nats.url) as process:
        await happen(database, (lamp("1"), Switched()))
        await eventually(lambda: fetch(database, SENT), [(True,)])
        own_nats.kill()
        own_nats.lose_disk()
        await happen(database, (lamp("1"), Switched()))
        await eventually(lambda: lamps(database), {"A/1": 2})
        own_nats.start()
        async with watching(own_nats.url, "souk.>") as seen:
            await happen(database, (lamp("2"), Switched()))

            async def latest():
                return [payload["position"] for _, payload in seen][-1:]

            await eventually(latest, [3])
        await eventually(lambda: fetch(database, SENT), [(True,)])
        assert not process.done()
    client = await nats.connect(own_nats.url)
    stream = client.jetstream(timeout=PATIENCE)
    assert (await stream.stream_info("SOUK")).state.messages == 2
    await client.close()


async def test_a_stream_deleted_under_the_relay_is_made_again(database, own_nats):
    await prepare(database)
    async with running(database, own_nats.url):
        await happen(database, (lamp("1"), Switched()))
        await eventually(lambda: fetch(database, SENT), [(True,)])
        client = await nats.connect(own_nats.url)
        stream = client.jetstream(timeout=PATIENCE)
        await stream.delete_stream("SOUK")
        await happen(database, (lamp("1"), Switched()))
        await eventually(lambda: fetch(database, SENT), [(True,)])
        assert (await stream.stream_info("SOUK")).state.messages == 1
        await client.close()


@pytest.mark.parametrize("short", [0, 60, 120, 300, 2_000])
async def test_a_document_too_large_to_push_holds_up_nothing(database, own_nats, short):
    """Just below NATS's limit the headers, which count too, make the difference."""
    await prepare(database)
    async with running(database, own_nats.url), watching(own_nats.url, "souk.>") as seen:
        await happen(database, (lamp("1"), Switched("x" * (1024 * 1024 - short))))
        await happen(database, (lamp("2"), Switched()))
        await eventually(lambda: fetch(database, SENT), [(True,)])

        async def latest():
            return [payload["position"] for _, payload in seen][-1:]

        await eventually(latest, [2])


async def test_the_projector_does_not_need_nats_to_start(database):
    await prepare(database)
    (port,) = free_ports(1)
    async with running(database, f"nats://127.0.0.1:{port}"):
        await happen(database, (lamp("1"), Switched()))
        await eventually(lambda: lamps(database), {"A/1": 1})
        await asyncio.sleep(0)
