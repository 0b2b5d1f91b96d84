"""`souk live` as it runs, a projector behind it, and products whose prices change."""

import asyncio
import subprocess
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import count, cycle
from uuid import uuid4

import nats
import psycopg

from adapters.embedded.ports import free_ports
from adapters.projector.changes import Kept
from adapters.projector.marks import HEADER, Mark
from adapters.projector.relay import message
from adapters.tokens.signing import Signer, new_key
from application.catalog import Catalog
from application.commands import Commands
from benchmarks.loops import now
from benchmarks.market import BUYER, TENANT, do, each, keyed, listing, opened
from benchmarks.requests import busy, resident
from benchmarks.roles import running, settings
from benchmarks.souk_http import answers
from benchmarks.watchers import SNAPSHOT, Heard, Socket, changes
from benchmarks.work import Site
from domain import catalog, identity
from domain.catalog import ChangePrice
from domain.identity import AddMember, AppointSeller
from domain.money import Money
from domain.permissions import ROLES

PATIENCE = 60  # seconds
SELLER = "karim"
PATH = "/api/v1/live"
PUBLISHED = (
    "SELECT (SELECT min(position) FROM read.projections) >= (SELECT position FROM log.head)"
    " AND NOT EXISTS (SELECT FROM read.relays r JOIN read.changes c USING (projection)"
    " WHERE c.seq > r.seq)"
)
LAST = (
    "SELECT c.topic, c.document, (SELECT position FROM log.head), r.seq"
    " FROM read.changes c JOIN read.relays r USING (projection)"
    " WHERE projection = 'catalog' AND id = %s ORDER BY c.seq DESC LIMIT 1"
)
TOLD = (
    "SELECT split_part(topic, '.', 2), position FROM read.changes"
    " WHERE projection = 'catalog' ORDER BY seq"
)


class Shop:
    """``changed``: the position of each change, and when it was acknowledged."""

    def __init__(
        self, site: Site, commands: Commands, live: tuple[int, subprocess.Popen[bytes]], key: str
    ) -> None:
        self._site, self._commands, self._catalog = site, commands, Catalog(commands)
        self.port, self._process = live
        self._sign = Signer(key, "souk", "souk-api").sign
        self._token = self._sign(BUYER, TENANT, ROLES["buyer"])
        self._ids: list[str] = []
        self._numbers, self._turns = count(), cycle(range(0))
        self._by: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        self.changed: list[tuple[int, float]] = []

    async def fill(self, products: int) -> None:
        """Ids are new each time: a broker that has been here before knows the old ones."""
        self._ids = [str(uuid4()) for _ in range(products)]
        self._turns = cycle(range(products))
        appointed = AddMember("seller"), AppointSeller("Karim's")
        await do(self._commands, identity, SELLER, *appointed)
        await each(self._ids, lambda id: do(self._commands, catalog, id, listing(SELLER, id)))
        async with await psycopg.AsyncConnection.connect(self._site.postgres) as db:
            await db.set_autocommit(True)
            async with asyncio.timeout(PATIENCE):
                while (await (await db.execute(PUBLISHED)).fetchone()) != (True,):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)

    def watching(self, product: int) -> Socket:
        return Socket(PATH, self._token, f"catalog/{self._ids[product]}")

    def buyer(self, number: int) -> Socket:
        """Somebody else for each number."""
        user = f"buyer-{number}"
        return Socket(PATH, self._sign(user, TENANT, ROLES["buyer"]), f"orders?buyer={user}")

    async def change(self, product: int) -> int:
        """The position of a price that is new."""
        price = Money(100_000 + next(self._numbers), "DZD")
        made = keyed("POST /api/v1/catalog/products/{id}/price", SELLER)
        receipt = await self._catalog.change(made, self._ids[product], SELLER, ChangePrice(price))
        told = receipt.position, now()
        self.changed.append(told)
        self._by[product].append(told)
        return receipt.position

    @asynccontextmanager
    async def relaying(self) -> AsyncIterator[Callable[[], Awaitable[int]]]:
        """Publishes changes of the first product in the relay's place; answers their positions."""
        async with await psycopg.AsyncConnection.connect(self._site.postgres) as db:
            found = await (await db.execute(LAST, (self._ids[0],))).fetchone()
        assert found
        topic, document, position, seq = found
        numbers, client = count(1), await nats.connect(self._site.nats)

        async def publish() -> int:
            n = next(numbers)
            id = self._ids[0]
            kept = Kept(seq + n, TENANT, topic, position + n, "", id, document, False, False)
            mark = Mark("catalog", kept.seq, kept.seq - 1)
            subject, headers = f"souk.{TENANT}.{topic}", {HEADER: str(mark)}
            await client.publish(subject, message(kept), headers=headers)
            return kept.position

        yield publish
        await client.close()

    async def change_any(self) -> int:
        """Of one product after another."""
        return await self.change(next(self._turns))

    def acknowledged(self, product: int) -> list[tuple[int, float]]:
        return self._by[product]

    def forget(self) -> None:
        self.changed.clear()
        self._by.clear()

    def resident(self) -> float:
        """Megabytes of the gateway."""
        return resident(self._process)

    def busy(self) -> float:
        """Seconds of CPU that the gateway has had."""
        return busy(self._process)

    async def verify(self, told: Mapping[int, Iterable[Heard]]) -> None:
        """That socket n heard each change of product n, n modulo all of them, once and in order,
        after its snapshot. Raises RuntimeError."""
        wanted: defaultdict[str, list[int]] = defaultdict(list)
        async with await psycopg.AsyncConnection.connect(self._site.postgres) as db:
            async for id, position in await db.execute(TOLD):
                wanted[id].append(position)
        for number, heard in told.items():
            heard = list(heard)
            start = next(each.position for each in heard if each.kind == SNAPSHOT)
            id = self._ids[number % len(self._ids)]
            due = [position for position in wanted[id] if position > start]
            if [each.position for each in changes(heard)] != due:
                raise RuntimeError(f"socket {number} did not hear what it should have")


@asynccontextmanager
async def live(site: Site, products: int) -> AsyncIterator[Shop]:
    key, (port,) = new_key(), free_ports(1)
    given = settings(site, key)
    with running(given, "projector"), running(given, "live", "--port", str(port)) as process:
        async with opened(site) as (_, commands):
            shop = Shop(site, commands, (port, process), key)
            await shop.fill(products)
            url = f"http://127.0.0.1:{port}/health/ready"
            await asyncio.to_thread(answers, url, process)
            yield shop
