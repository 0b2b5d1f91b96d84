"""Counters in Valkey: absolute, never older than they were, and exact after any loss."""

import asyncio
import json
import shutil
import tempfile
import uuid
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from adapters.postgres.pools import READ, open_pool
from adapters.projector import feed
from adapters.projector.counters import Counters
from adapters.projector.feed import Feed
from adapters.projector.leader import connected
from adapters.projector.reader import PostgresReader
from adapters.projector.valkey import PUT, client, epoch_key, row_key
from tests.projector.toys import (
    TOYS,
    Removed,
    Switched,
    caught_up,
    eventually,
    fetch,
    happen,
    lamp,
    prepare,
    running,
)
from tests.support.patience import PATIENCE
from tests.support.stack import free_ports, start_valkey


class Valkey:
    """A server of this test's own, to be killed."""

    def __init__(self):
        self.home, (self.port,) = Path(tempfile.mkdtemp()), free_ports(1)
        self.url, self._running = f"redis://127.0.0.1:{self.port}/0", ExitStack()

    def start(self):
        shutil.rmtree(self.home / "valkey", ignore_errors=True)
        start_valkey(self._running, self.home, self.port)

    def kill(self):
        self._running.close()


@pytest.fixture
def valkey():
    server = Valkey()
    server.start()
    yield server
    server.kill()
    shutil.rmtree(server.home, ignore_errors=True)


@asynccontextmanager
async def counting(database, url):
    pool = await open_pool(database, READ, size=2, name="test", timeout=PATIENCE)
    try:
        async with Counters(url, PostgresReader(pool), TOYS, timeout=PATIENCE) as counters:
            yield counters
    finally:
        await pool.close()


async def held(url, tenant="A"):
    """What Valkey itself answers with, by id, in its present epoch."""
    async with Redis.from_url(url) as valkey:
        epoch = await valkey.hget(epoch_key("toys"), "id")
        times = {}
        async for key in valkey.scan_iter(row_key(tenant, "toys_lamps", "*")):
            row = await valkey.hgetall(key)
            if epoch is not None and row[b"epoch"] == epoch and row[b"document"]:
                times[key.decode().rsplit(":", 1)[1]] = json.loads(row[b"document"])["times"]
        return times


async def test_counters_follow_their_table(database, valkey):
    await prepare(database)
    async with running(database, valkey=valkey.url), counting(database, valkey.url) as counters:
        await happen(database, (lamp("1"), Switched()), (lamp("2"), Switched()))
        await eventually(lambda: held(valkey.url), {"1": 1, "2": 1})
        await happen(database, (lamp("1"), Switched()), (lamp("2"), Removed()))
        await eventually(lambda: held(valkey.url), {"1": 2})
        found = await counters.get("A", "toys_lamps", ["1", "2", "3"])
        assert {id: (row.position, json.loads(row.body)["times"]) for id, row in found.items()} == {
            "1": (3, 2)
        }
        assert await counters.get("B", "toys_lamps", ["1"]) == {}


async def test_a_flushed_valkey_gets_its_counters_back_exact(database, valkey):
    await prepare(database)
    await happen(database, *[(lamp(id), Switched()) for id in "112"])
    async with running(database, valkey=valkey.url):
        await eventually(lambda: held(valkey.url), {"1": 2, "2": 1})
        async with Redis.from_url(valkey.url) as client:
            await client.flushall()
        await happen(database, (lamp("2"), Switched()))
        await eventually(lambda: held(valkey.url), {"1": 2, "2": 2})


async def test_what_has_not_changed_is_told_once_in_a_while(database, valkey, monkeypatch):
    told, mark = [], Feed._mark

    async def marked(self, projection, **fields):
        told.append(fields["position"])
        await mark(self, projection, **fields)

    monkeypatch.setattr(Feed, "_mark", marked)
    monkeypatch.setattr(feed, "client", lambda url, timeout: client(url, PATIENCE))
    await prepare(database)
    follower = Feed(valkey.url, TOYS)
    async with connected(database, "test") as db:

        async def step():
            for name, place in (await follower._places(db)).items():
                await follower.step(db, name, place)

        await happen(database, (lamp("1"), Switched()))
        await caught_up(database)
        await step()  # a new epoch
        assert told == []
        await step()
        await happen(database, (lamp("1"), Switched()))
        await caught_up(database)
        await step()
        await step()
        assert told == [2]
        monkeypatch.setattr(feed, "TOLD", 0.0)
        await step()
        assert told == [2, 2]
    await follower.close()


async def test_what_is_lost_while_counters_are_rebuilt_comes_back_exact(
    database, valkey, monkeypatch
):
    fill, lost = Feed._fill, []

    async def filled_and_lost(*filling):
        await fill(*filling)
        if not lost:
            async with Redis.from_url(valkey.url) as client:
                lost.append(await client.flushall())

    monkeypatch.setattr(Feed, "_fill", filled_and_lost)
    await prepare(database)
    await happen(database, *[(lamp(id), Switched()) for id in "112"])
    await caught_up(database)
    async with running(database, valkey=valkey.url):
        await eventually(lambda: held(valkey.url), {"1": 2, "2": 1})
    assert lost


async def test_a_valkey_that_lost_its_disk_gets_its_counters_back_exact(database, valkey):
    await prepare(database)
    await happen(database, *[(lamp(id), Switched()) for id in "112"])
    async with running(database, valkey=valkey.url) as process:
        await eventually(lambda: held(valkey.url), {"1": 2, "2": 1})
        valkey.kill()
        await happen(database, (lamp("1"), Switched()))
        async with counting(database, valkey.url) as counters:

            async def times():
                found = await counters.get("A", "toys_lamps", ["1", "2"])
                return {id: json.loads(row.body)["times"] for id, row in found.items()}

            await eventually(times, {"1": 3, "2": 1})
        valkey.start()
        await eventually(lambda: held(valkey.url), {"1": 3, "2": 1})
        assert not process.done()


async def test_a_valkey_that_is_back_fails_nobody(valkey):
    reader = client(valkey.url, timeout=PATIENCE)
    await asyncio.gather(*(reader.get("key") for _ in range(15)))
    valkey.kill()
    valkey.start()
    await asyncio.sleep(0.1)  # until this process has heard that the connections ended
    assert await asyncio.gather(*(reader.get("key") for _ in range(15))) == [None] * 15
    await reader.aclose()


async def test_what_is_behind_the_reader_is_read_from_the_table(database, valkey):
    await prepare(database)
    await happen(database, (lamp("1"), Switched()))
    async with running(database, valkey=valkey.url):
        await eventually(lambda: held(valkey.url), {"1": 1})
    await happen(database, (lamp("1"), Switched()))
    await caught_up(database)
    async with counting(database, valkey.url) as counters:
        stale = await counters.get("A", "toys_lamps", ["1"])
        fresh = await counters.get("A", "toys_lamps", ["1"], after=2)
    assert [json.loads(found["1"].body)["times"] for found in (stale, fresh)] == [1, 2]


async def test_an_older_document_never_replaces_a_newer_one(valkey):
    async with Redis.from_url(valkey.url) as client:
        key = f"souk:A:toys_lamps:{uuid.uuid4()}"
        for position, document in ((5, "five"), (4, "four"), (6, ""), (5, "five")):
            await client.eval(PUT, 1, key, "epoch", position, key, document)
        assert await client.hmget(key, "position", "document") == [b"6", b""]
        await client.eval(PUT, 1, key, "another", 1, key, "one")
        assert await client.hmget(key, "position", "document") == [b"1", b"one"]


async def test_a_value_of_another_tenant_is_not_believed(database, valkey):
    await prepare(database)
    await happen(database, (lamp("1"), Switched()))
    async with running(database, valkey=valkey.url):
        await eventually(lambda: held(valkey.url), {"1": 1})
    async with Redis.from_url(valkey.url) as client:
        row = await client.hgetall(row_key("A", "toys_lamps", "1"))
        await client.hset(row_key("B", "toys_lamps", "1"), mapping=row)
    async with counting(database, valkey.url) as counters:
        assert await counters.get("B", "toys_lamps", ["1"]) == {}
    assert await fetch(database, "SELECT tenant FROM read.toys_lamps") == [("A",)]
