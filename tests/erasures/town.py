"""A market in which some say much about themselves, what it answers, and all that it keeps."""

import asyncio
import base64
import itertools
import mmap
import os
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args, get_origin, get_type_hints
from uuid import UUID, uuid4

import msgspec
import nats
import psycopg
import redis.asyncio as redis
from msgspec.structs import replace

from adapters.log.codec import Codec, holds_personal
from adapters.log.erased import needle
from adapters.log.tail import read_after
from adapters.postgres.pools import borrow
from application.ports import Append, Call, New
from domain import AGGREGATES
from domain.kernel import Personal
from entrypoints.http.app import http
from projections import PROJECTIONS
from tests.architecture.freeze import event_types, sample
from tests.support.patience import PATIENCE
from tests.support.stack import POSTGRES

TENANT = "bazaar"
CODEC = Codec.of(AGGREGATES)
# What is about the erasure itself, or about files, or not of the tenant's data.
ELSEWHERE = ("audit", "projections", "erasures", "live", "media", "storage")
TODAY = datetime.now(UTC).date()
DAYS = {"from": str(TODAY - timedelta(180)), "to": str(TODAY + timedelta(180))}
ASKED = {
    "/analytics/revenue": DAYS,
    "/analytics/sales/days": DAYS,
    "/catalog/products/search": {"q": "canary"},
    "/orders": {"as": "tenant"},
    "/orders/all": {"as": "tenant"},
    "/reels/liked": {"reel": str(UUID(int=1))},
}
canaries = itertools.count(1)


def canary(user):
    return f"canary-{user}-{next(canaries):04}"


class Town:
    def __init__(self, api):
        self.api, self.at = api, 0
        self.root = api.of("admin", "root")

    async def open(self):
        await self.api.market("sara")
        self.tea = await self.api.product("sara", "tea", "3.00", stock=50)

    async def done(self, sending):
        answer = await sending
        assert answer.status_code < 300, answer.text
        self.at = max(self.at, answer.json()["position"])
        return answer.json()

    async def join(self, user):
        body = {"user": user, "role": "buyer", "name": canary(user)}
        await self.done(self.root.post("/identity/members", body))

    async def buy(self, user, cancelled=False):
        """With everything said that can be; the order's id."""
        client = self.api.of("buyer", user)
        cart = (await client.post("/carts")).json()["id"]
        await self.done(client.post(f"/carts/{cart}/items", {"product": self.tea, "quantity": 1}))
        said = {name: canary(user) for name in ("name", "address")}
        said |= {"email": f"{canary(user)}@example.org", "phone": f"0550{next(canaries):06}"}
        body = {"payments": [{"method": "cod"}], "customer": said, "note": canary(user)}
        placed = await self.done(client.post(f"/carts/{cart}/check-out", body))
        order = placed["orders"][0]["id"]
        if cancelled:
            why = {"reason": "changed_mind", "note": canary(user)}
            await self.done(client.post(f"/orders/{order}/cancel", why))
        return order

    async def say_everything(self, user):
        """An event of every type that can hold personal data, each place of it filled; so that
        one that comes later is not forgotten."""
        for tag, kind in sorted(event_types().items()):
            if holds_personal(kind):
                call = Call(TENANT, user, uuid4(), uuid4())
                stream = f"{TENANT}/{tag.split('.')[0]}/{uuid4()}"
                event = said(kind, user)
                appended = await self.api.souk.log.append(Append(call, (New(stream, 0, (event,)),)))
                self.at = appended.recorded[-1].position

    async def settled(self):
        for name in PROJECTIONS:
            await self.api.souk.positions.wait(name, self.at, PATIENCE)

    async def relayed(self):
        """Until NATS has all that there is to tell, of anyone."""
        unsent = "SELECT 1 FROM read.changes c JOIN read.relays r USING (projection)"
        unsent += " WHERE c.seq > r.seq LIMIT 1"
        async with asyncio.timeout(PATIENCE), borrow(self.api.souk.project) as db:
            while True:
                if not await (await db.execute(unsent)).fetchone():
                    return
                await asyncio.sleep(0.02)

    async def readings(self):
        """Of the history, as they were recorded."""
        async with borrow(self.api.souk.project) as db:
            found = await read_after(db, 0, 100_000)
        return [recorded for recorded in found if recorded.tag == "audit.history_read"]

    async def answers(self):
        """Every GET of the tenant's data, for staff, by path."""
        found = {}
        for path in self.paths(await self.ids()):
            short = path.removeprefix("/api/v1")
            answer = await self.root.get(short, **ASKED.get(short, {}))
            assert answer.status_code in (200, 404), (path, answer.text)
            found[path] = answer.status_code, answer.content
        return found

    def paths(self, ids):
        routes = http(lambda: None).openapi_schema.paths
        for path in sorted(path for path, route in routes.items() if route.get):
            context = path.split("/")[3] if path.startswith("/api/v1/") else ""
            if context and context not in ELSEWHERE:
                if "{" not in path:
                    yield path
                elif path.count("{") == 1:
                    before, _, after = path.partition("{")
                    for id in ids.get(context, ()):
                        yield before + id + after.partition("}")[2]

    async def ids(self):
        with psycopg.connect(self.api.souk.settings.postgres_url) as db:
            rows = db.execute("SELECT DISTINCT stream FROM log.events WHERE tenant = %s", [TENANT])
            found = {}
            for (stream,) in rows:
                _, context, id = stream.split("/")
                found.setdefault(context, []).append(id)
        found["payments"] = found.get("checkouts", [])
        return {context: sorted(each) for context, each in found.items()}

    async def erase(self, user):
        held = (await self.root.get(f"/erasures/{user}/held")).json()
        body = {"subject": user, "confirm": held["confirm"]}
        return await self.done(self.root.post("/erasures", body))

    def boxes(self, user):
        """Their sealed words and the hashes they are found by, as the log has them."""
        with psycopg.connect(self.api.souk.settings.postgres_url) as db:
            rows = db.execute(
                "SELECT data FROM log.events WHERE position(%s IN data) > 0", [needle(user)]
            )
            trees = [msgspec.json.decode(data) for (data,) in rows]
        return {part for tree in trees for part in parts(tree, user)}

    async def messages(self, user):
        """The subjects of what lies in NATS that name them."""
        connection = await nats.connect(self.api.souk.settings.nats_url)
        stream = connection.jetstream(timeout=PATIENCE)
        info = await stream.stream_info("SOUK", subjects_filter=f"souk.{TENANT}.>")
        await connection.close()
        return [name for name in info.state.subjects or {} if user in name.split(".")]

    async def everything(self):
        """All bytes that are kept anywhere but in the log's events."""
        settings = self.api.souk.settings
        command = [POSTGRES / "pg_dump", "-T", "log.events", "--inserts", settings.postgres_url]
        dumped = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)
        dump = dumped.stdout
        kept = [dump, *clear(dump)]
        async with redis.Redis.from_url(settings.valkey_url) as valkey:
            async for key in valkey.scan_iter():
                kept += [key, await valkey.dump(key) or b""]  # it may end meanwhile
        return b"\n".join(kept)

    async def files_with(self, words):
        """Files of Postgres and NATS, dead rows and the write-ahead log among them."""
        async with await psycopg.AsyncConnection.connect(
            self.api.souk.settings.postgres_url, autocommit=True
        ) as owner:
            await owner.execute("CHECKPOINT")
            found = await owner.execute(
                "SELECT setting, oid FROM pg_settings, pg_database"
                " WHERE name = 'data_directory' AND datname = current_database()"
            )
            ((data, oid),) = await found.fetchall()
        postgres = Path(data)
        places = postgres / "base" / str(oid), postgres / "pg_wal", postgres.parent / "nats"
        return await asyncio.to_thread(
            lambda: [str(path) for path in files_below(places) if holds(path, words)]
        )


def files_below(places):
    """By ``walk``, which passes over a directory that is removed meanwhile."""
    for place in places:
        for folder, _, names in os.walk(place):
            yield from filter(Path.is_file, (Path(folder) / name for name in names))


def holds(path, words):
    # Empty, or removed since it was listed.
    with suppress(ValueError, FileNotFoundError), path.open("rb") as file:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(words) >= 0
    return False


def clear(dump):
    """What a dump writes in hexadecimal."""
    for word in dump.split(b"'"):
        if word.startswith(b"\\x") and len(word) > 2:
            yield bytes.fromhex(word[2:].decode())


def said(kind, user):
    return filled(sample(kind), kind, user)


def filled(value, kind, user):
    """The sample with a canary in each personal place."""
    if isinstance(value, Personal):
        return Personal(user, canary(user), lookup=canary(user))
    if isinstance(value, msgspec.Struct):
        hints = get_type_hints(type(value))
        names = value.__struct_fields__
        return replace(value, **{n: filled(getattr(value, n), hints[n], user) for n in names})
    if get_origin(kind) in (tuple, list):
        return type(value)(filled(each, get_args(kind)[0], user) for each in value)
    return value


def parts(tree, user):
    if isinstance(tree, list):
        return {part for each in tree for part in parts(each, user)}
    if not isinstance(tree, dict):
        return set()
    if tree.get("subject") == user and "sealed" in tree:
        return {tree["sealed"], tree.get("lookup", tree["sealed"])} - {"erased"}
    return {part for each in tree.values() for part in parts(each, user)}


def raw(box):
    """A sealed text's bytes, or a hash's."""
    try:
        return base64.b64decode(box, validate=True)
    except ValueError:
        return bytes.fromhex(box)


def without(tree, user):
    """What an answer says once that person is erased: their words are null."""
    if isinstance(tree, dict):
        return {name: without(each, user) for name, each in tree.items()}
    if isinstance(tree, list):
        return [without(each, user) for each in tree]
    if isinstance(tree, str) and (f"canary-{user}-" in tree):
        return None
    return tree
