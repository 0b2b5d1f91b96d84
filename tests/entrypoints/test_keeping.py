"""What dies is started again, in an empty directory if need be, and later and later."""

import asyncio
import shutil
import sys
from types import SimpleNamespace

import nats
import psycopg
import pytest
import redis.asyncio as redis

from adapters.embedded import keeper, server
from adapters.embedded.child import Child
from adapters.embedded.home import Home
from adapters.embedded.keeper import keep
from adapters.embedded.nats import Nats
from adapters.embedded.postgres import Postgres
from adapters.embedded.server import Starting
from adapters.embedded.stack import Stack
from adapters.embedded.urls import Urls
from tests.support.patience import PATIENCE

GIVEN = Urls(postgres="given", nats="given", s3="given")


async def _until(true):
    async with asyncio.timeout(PATIENCE):
        while True:
            if await true():
                return
            await asyncio.sleep(0.05)


def lose(folder):
    """At once, since its server may be writing into it; and no other is given its inode."""
    folder.rename(folder.with_name("lost"))


async def test_a_server_that_lost_its_directory_starts_again_without_it(tmp_path):
    heard = []
    stack = Stack(tmp_path / "souk", GIVEN, tell=heard.append)
    async with stack as urls, redis.Redis.from_url(urls.valkey) as valkey:
        await valkey.set("kept", 1)
        (child,) = stack.children
        lose(tmp_path / "souk" / "valkey")
        child.process.kill()

        async def empty():
            try:
                return await valkey.get("kept") is None
            except redis.RedisError:
                return False

        await _until(empty)
    assert heard == ["the valkey died and is started again"]


async def test_what_cannot_be_started_is_tried_until_it_can(tmp_path):
    """As on a full disk, which will not stay full."""
    heard, tries = [], iter([False, True, True, False])

    def prepare():
        if next(tries):
            raise OSError("No space left on device")

    home = Home(tmp_path / "home")
    home.path.mkdir()
    child = Child(home, "sleeper", ["/bin/sleep", "600"], prepare=prepare)
    child.start()
    child.process.kill()
    keeping = asyncio.create_task(keep(child, heard.append))

    async def mended():
        return len(heard) == 5 and child.alive

    await _until(mended)
    keeping.cancel()
    await child.stop()
    died = "the sleeper died and is started again"
    failed = "the sleeper cannot be started: No space left on device"
    assert heard == [died, failed, died, failed, died]


async def test_what_cannot_be_recorded_does_not_run(tmp_path, monkeypatch):
    """As on a full disk: who comes after us would not find it."""

    def full(path, content):
        raise OSError("No space left on device")

    home = Home(tmp_path / "home")
    home.path.mkdir()
    child = Child(home, "sleeper", ["/bin/sleep", "600"])
    with monkeypatch.context() as disk:
        disk.setattr("adapters.embedded.child.write_private", full)
        with pytest.raises(OSError, match="No space left"):
            child.start()
    assert not child.alive
    child.start()
    assert child.alive
    await child.stop()


async def test_a_stream_whose_directory_was_removed_under_it_has_its_server_started_again(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(keeper, "SICK", sys.maxsize)  # not before it was seen to be ill
    heard = []
    given = Urls(postgres="given", valkey="given", s3="given")
    stack = Stack(tmp_path / "souk", given, tell=heard.append)
    async with stack as url:
        (child,) = stack.children
        before = child.process.pid

        async def asked():  # and answered: silence, on a slow machine, tells nothing
            return await child.well() and child.well.__self__._store

        async def ill():
            return not await child.well()

        await _until(asked)
        lose(tmp_path / "souk" / "nats")
        await _until(ill)
        (tmp_path / "souk" / "nats" / "jetstream").mkdir(parents=True)  # as for a new consumer
        await _until(ill)
        monkeypatch.undo()

        async def mended():
            return child.process.pid != before and await child.well()

        await _until(mended)
        client = await nats.connect(url.nats)
        await client.jetstream().add_stream(name="new", subjects=["new"])
        await client.close()
    assert heard == ["the nats is not well and is started again"]


async def test_who_says_that_they_are_starting_are_waited_for_however_long(tmp_path, monkeypatch):
    """Started again, a Postgres would replay its log from the same place."""
    monkeypatch.setattr(server, "PATIENCE", 0.5)
    home, looks = Home(tmp_path / "home"), iter(range(40))
    home.path.mkdir()

    async def ready():
        if next(looks, None) is None:
            return True
        raise Starting

    made = []

    def make():
        made.append(Child(home, "sleeper", ["/bin/sleep", "600"]))
        return made[-1]

    child = await server.start(make, ready)
    assert made == [child]
    await child.stop()


async def test_of_a_server_that_dies_without_a_word_its_log_is_named_or_that_the_disk_is_full(
    tmp_path, monkeypatch
):
    home = Home(tmp_path)
    home.hold()
    child = Child(home, "mute", ["/bin/false"])
    child.start()
    await child.over()
    assert child.last_words() == f"nothing is in {tmp_path}/logs/mute.log"
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    assert child.last_words() == f"the disk of {tmp_path} is full"
    await child.stop()
    home.free()


async def test_a_postgres_that_replays_its_log_says_that_it_is_starting(tmp_path, monkeypatch):
    said = 'connection to server at "127.0.0.1" failed: FATAL:  the database system is starting up'

    async def connect(*_, **more):
        raise psycopg.OperationalError(said)

    monkeypatch.setattr(psycopg.AsyncConnection, "connect", connect)
    home = Home(tmp_path)
    home.hold()
    with pytest.raises(Starting):
        await Postgres(home)._ready()
    home.free()


async def test_a_directory_that_took_the_place_of_another_is_not_taken_for_it(tmp_path):
    """Nor if it was given the number that the other had."""
    store = tmp_path / "nats" / "jetstream"
    store.mkdir(parents=True)
    nats = Nats(Home(tmp_path))
    assert nats._keeps()
    store.rmdir()
    assert not nats._keeps()
    store.mkdir()
    assert not nats._keeps()


async def test_what_says_that_it_is_not_well_is_started_again(tmp_path, monkeypatch):
    monkeypatch.setattr(keeper, "ASK", 0.02)
    heard, sick = [], [True] * keeper.SICK

    async def well():
        return not (sick and sick.pop())

    home = Home(tmp_path / "home")
    home.path.mkdir()
    child = Child(home, "sleeper", ["/bin/sleep", "600"], well=well)
    child.start()
    before = child.process.pid
    keeping = asyncio.create_task(keep(child, heard.append))

    async def mended():
        return child.alive and child.process.pid != before

    await _until(mended)
    keeping.cancel()
    await child.stop()
    assert heard == ["the sleeper is not well and is started again"]
