"""The way of a change, whole and real: log, projector, relay, NATS, gateway; each can be struck."""

import asyncio
import os
import random
import threading
from contextlib import AsyncExitStack, contextmanager

import msgspec
import psycopg
import uvloop

from adapters.live.peer import Limits
from adapters.live.server import Server
from adapters.projector import changes
from adapters.projector.projector import Projector, retry_dead_letters
from adapters.tokens.signing import Signer, new_key
from domain.catalog import Describing, ProductCreated, ProductDescribed
from domain.identity import SellerAppointed
from domain.money import Money
from domain.permissions import ROLES
from entrypoints.live import wiring
from entrypoints.settings import Settings
from projections import PROJECTIONS, catalog
from tests.projector.test_relay import Nats
from tests.projector.toys import connected, projecting
from tests.support.patience import PATIENCE
from tests.support.rows import record, recorded

SELLER, OTHER = "amina", "zohra"
LIMITS = Limits(outbox=32 * 1024, frames=8, farewell=0.2, patience=PATIENCE, waiting=PATIENCE)
# What was ever written to read.changes: rows there are replaced and purged.
NOTED = """
CREATE TABLE public.written (seq bigint, tenant text, topic text, position bigint,
    document bytea, late boolean);
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO public.written
        VALUES (NEW.seq, NEW.tenant, NEW.topic, NEW.position, NEW.document, NEW.late);
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT ON read.changes FOR EACH ROW
    WHEN (NEW.projection = 'catalog' AND NEW.topic <> '') EXECUTE FUNCTION public.note();
CREATE INDEX ON public.written (tenant, seq)
"""


class Row(msgspec.Struct, frozen=True):
    """One row of read.changes; ``document`` None: gone."""

    seq: int
    topic: str
    position: int
    document: dict | None
    late: bool

    @property
    def id(self):
        return self.topic.split(".")[1]

    @property
    def seller(self):
        return self.topic.split(".")[2]


class Stage:
    """Runs in a loop of its own, in a thread: whoever watches is another process as far as it
    knows. ``fate``: what becomes of the next messages from NATS. ``blind``: the gateway is cut
    off from NATS and from what Postgres has of changes."""

    def __init__(self, database):
        self.database, self.nats, self.fate = database, Nats(), "sent"
        self.settings = Settings(
            postgres_url=database,
            valkey_url="redis://127.0.0.1:1/0",
            nats_url=self.nats.url,
            s3_url="",
            master_key=os.urandom(32),
            signing_key_pem=new_key(),
            secret=os.urandom(32),
            patience=PATIENCE,
        )
        self.head, self.number, self.up, self.blind = 0, 0, False, False
        self._held, self._spoilt = [], {}
        self._loop, self._stop = uvloop.new_event_loop(), asyncio.Event()
        self._gateway, self._stack = AsyncExitStack(), AsyncExitStack()

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def start(self, work):
        """The same, but nobody waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def token(self):
        settings = self.settings
        signer = Signer(settings.signing_key_pem, settings.issuer, settings.audience)
        return lambda tenant: signer.sign(SELLER, tenant, ROLES["seller"])

    async def prepare(self):
        self._owner = await self._stack.enter_async_context(connected(self.database))
        await self._owner.execute(NOTED)
        alone = {"catalog": PROJECTIONS["catalog"]}
        projector = Projector(self.database, self.nats.url, None, alone)
        self._projecting = asyncio.create_task(projector.run(self._stop))

    async def open(self):
        live = await self._gateway.enter_async_context(wiring.connect(self.settings))
        self._feed = live.feed
        self._meddle(live.feed)
        self.server = Server(live.gateway.accept, limits=LIMITS, ready=lambda: live.feed.ready)
        self.port = await self.server.start("127.0.0.1", 0)
        while not live.feed.ready:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        self.up = True

    def _meddle(self, feed):
        """Between NATS and the feed."""
        arrive, look = feed._arrive, feed._look
        self._held = []

        async def looked(db):
            return not self.blind and await look(db)

        async def fated(message):
            if self.blind:
                return
            match self.fate:
                case "lost" if random.random() < 0.5:
                    return
                case "late":
                    self._held.append(message)
                    if len(self._held) < 3:
                        return
                    random.shuffle(self._held)
                case "twice":
                    self._held = [message, message]
                case _:
                    self._held.append(message)
            while self._held:
                await arrive(self._held.pop(0))

        feed._arrive, feed._look = fated, looked

    async def shut(self, politely):
        """Or as by a signal that cannot be caught, as far as readers can tell."""
        self.up = False
        if not politely:
            for outlet in tuple(self.server._outlets):
                outlet.abort()
        await self.server.close(0)
        await self._gateway.aclose()

    async def finish(self):
        if self.up:
            await self.shut(True)
        self._stop.set()
        await self._projecting
        await self._stack.aclose()

    async def happen(self, *events, spoilt=False):
        """(stream, event) pairs into the log, at once; ``spoilt``: until ``cure`` none can be
        folded, nor what follows it in its stream."""
        rows = recorded(events, after=self.head)
        if spoilt:
            self._spoilt |= {row.position: row.data for row in rows}
            rows = [msgspec.structs.replace(row, data=b'{"spoilt') for row in rows]
        self.head += len(rows)
        await record(self._owner, rows)
        await self._owner.execute("NOTIFY souk_log")

    async def cure(self, tenant):
        for position, data in self._spoilt.items():
            mend = "UPDATE log.events SET data = %s WHERE position = %s"
            await self._owner.execute(mend, (data, position))
        self._spoilt = {}
        await retry_dead_letters(self.database, "catalog", catalog, tenant)

    async def purge(self):
        """A day passes."""
        ago = "UPDATE read.changes SET changed_at = now() - interval '25 hours'"
        await self._owner.execute(ago)
        async with projecting(self.database) as db:
            await changes.purge(db)

    def created(self, tenant, id, seller=SELLER):
        price = Money(100, "DZD")
        event = ProductCreated(seller, self._said(), price, None, 1, None, None)
        return f"{tenant}/catalog/{id}", event

    def described(self, tenant, id, size=0):
        return f"{tenant}/catalog/{id}", ProductDescribed(self._said(size))

    def appointed(self, tenant):
        """Changes all of the seller's products, at one position."""
        self.number += 1
        return f"{tenant}/identity/{SELLER}", SellerAppointed("shop", str(self.number))

    def _said(self, size=0):
        """Never the same twice."""
        self.number += 1
        return Describing(f"n{self.number}", f"n{self.number}", description="x" * size)


class Books:
    """What was written, and what is the case, by the superuser's own connection."""

    def __init__(self, database):
        self._db = psycopg.connect(database, autocommit=True)

    def close(self):
        self._db.close()

    def written(self, tenant):
        rows = self._db.execute(
            "SELECT seq, topic, position, document, late FROM public.written WHERE tenant = %s"
            " ORDER BY seq",
            (tenant,),
        )
        return [Row(*r[:3], msgspec.json.decode(bytes(r[3] or b"null")), r[4]) for r in rows]

    def purged(self):
        query = "SELECT purged FROM read.relays WHERE projection = 'catalog'"
        return self._db.execute(query).fetchone()[0]

    def sent(self):
        """Whether the relay has nothing left to send."""
        query = (
            "SELECT NOT EXISTS (SELECT FROM read.changes c JOIN read.relays r USING (projection)"
            " WHERE c.seq > r.seq AND projection = 'catalog')"
        )
        return self._db.execute(query).fetchone()[0]

    def projected(self):
        query = "SELECT position FROM read.projections WHERE name = 'catalog'"
        return self._db.execute(query).fetchone()[0]

    def products(self, tenant):
        """Id, seller and document of each."""
        query = "SELECT id, seller, body FROM read.catalog_products WHERE tenant = %s"
        rows = self._db.execute(query, (tenant,))
        return [(id, seller, msgspec.json.decode(body)) for id, seller, body in rows]


@contextmanager
def staged(database):
    stage = Stage(database)
    thread = threading.Thread(target=stage._loop.run_forever, daemon=True)
    thread.start()
    try:
        stage.nats.start()
        stage.do(stage.prepare())
        stage.do(stage.open())
        yield stage
    finally:
        stage.do(stage.finish())
        stage._loop.call_soon_threadsafe(stage._loop.stop)
        thread.join(PATIENCE)
        stage.nats.kill()
