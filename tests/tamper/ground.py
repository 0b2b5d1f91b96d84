"""A small market in a log of its own, with roots; and what it takes to alter it past every rule."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from adapters.bundle.check import check
from adapters.bundle.export import export
from adapters.bundle.witnesses import Witness
from adapters.log.log import PostgresLog
from adapters.projector.leader import connected
from adapters.projector.projector import Projector
from adapters.projector.verify import verify
from adapters.roots import rows
from adapters.roots.keys import Public, Seal, new_key
from adapters.roots.publisher import Publisher
from application.ports import Append, Call, New, Origin
from domain.comments import CommentAdded
from domain.engagement import ViewsCounted
from domain.identity import SellerAppointed
from domain.kernel import Personal
from domain.likes import ReelLiked, ReelUnliked
from domain.money import Money
from domain.orders import Line, OrderCancelled, OrderConfirmed, OrderPlaced
from domain.payments import CheckoutPaid, PaymentRefunded, Share
from domain.reels import Film, ReelPublished
from domain.tenants import TenantCreated
from projections import PROJECTIONS
from tests.support.http import empty_valkey

TENANT, OTHER = "bazaar", "zenith"
REEL, CAUSE = "00000000-0000-4000-8000-000000000001", UUID(int=9)
FILM = Film("r1", "video.mp4", "poster.webp", 320, 240, 3.0, 1000)


@dataclass
class Quiet:
    """Progress that only counts."""

    done: int = 0

    def start(self, total):
        pass

    def advance(self, done):
        self.done += done


@dataclass
class Ground:
    database: str
    folder: Path
    pem: str
    log: PostgresLog

    @property
    def public(self) -> Public:
        return Seal(self.pem).public

    def sql(self, statement, *params):
        """As the superuser; rows, if it has any."""
        with psycopg.connect(self.database, autocommit=True) as db:
            cursor = db.execute(statement, params)
            return cursor.fetchall() if cursor.description else []

    async def bundle(self, tenant=TENANT, upto=None) -> Path:
        path = self.folder / f"{uuid4().hex}.zip"
        await export(self.database, tenant, path, upto, Quiet())
        return path

    def check(self, path, trusted=(), kept=()):
        return check(path, Quiet(), trusted, kept)

    async def verified(self):
        """What `souk verify` finds in the log, as (table, id, what)."""
        found = []
        await verify(self.database, None, {}, Quiet(), found.append)
        return [(each.table, each.id, each.what) for each in found]

    async def publish(self, pem=None) -> int:
        publisher = Publisher(self.database, [], self.pem if pem is None else pem, 60)
        async with connected(self.database, "tests") as db:
            return await publisher.publish(db)

    async def roots(self, tenant=TENANT):
        """As they were published."""
        async with connected(self.database, "tests") as db:
            found = await rows.between(db, 0, 2**62)
        return [row.told for row in found if row.tenant == tenant]

    async def witnesses(self, tenant=TENANT):
        return [Witness(root, f"{root.size}.json") for root in await self.roots(tenant)]


def placed(seller="ada", minor=300, units=2, checkout="c1"):
    line = Line.of("tea", None, "Tea", Money(minor, "DZD"), units)
    shipping = Money(100, "DZD")
    return OrderPlaced(
        checkout=checkout,
        buyer="mia",
        seller=seller,
        channel="web",
        lines=(line,),
        subtotal=line.subtotal,
        shipping=shipping,
        total=line.subtotal + shipping,
        cash=False,
        note=Personal("mia", "Ring twice"),
    )


def history(orders=4):
    """What happened: appends of (context, id, events)."""
    yield [("tenants", TENANT, [TenantCreated("Bazaar", "DZD")])]
    yield [("identity", "ada", [SellerAppointed("Ada's", "retail")])]
    yield [("reels", REEL, [ReelPublished("ada", "tea", "m", FILM)])]
    for number in range(orders):
        order, placing = f"o{number}", placed(minor=300 + number, checkout=f"c{number}")
        share = Share(order, "ada", placing.total)
        yield [("orders", order, [placing]), ("payments", f"c{number}", [CheckoutPaid((share,))])]
        yield [("likes", f"l{number}", [ReelLiked(REEL, f"v{number}")])]
    yield [("engagement", REEL, [ViewsCounted(7), ViewsCounted(2)])]
    yield [("comments", "k1", [CommentAdded(REEL, "mia", Personal("mia", "Lovely"))])]
    yield [("likes", "l0", [ReelUnliked(REEL, "v0")])]
    yield [("orders", "o0", [OrderConfirmed(), OrderCancelled("late", None)])]
    back = PaymentRefunded("r0", "o0", "ada", Money(700, "DZD"))
    yield [("payments", "c0", [back])]


async def tell(log, appends, tenant=TENANT, versions=None):
    """Append them one after another; ``versions``: of streams, brought along."""
    versions = {} if versions is None else versions
    for new in appends:
        parts = []
        for context, id, events in new:
            stream = f"{tenant}/{context}/{id}"
            parts.append(New(stream, versions.get(stream, 0), tuple(events)))
            versions[stream] = parts[-1].expected + len(events)
        origin = Origin("http", "203.0.113.7", "curl")
        await log.append(
            Append(Call(tenant, "ana", uuid4(), uuid4(), CAUSE, origin=origin), tuple(parts))
        )


@asynccontextmanager
async def grounded(stack, database, folder):
    async with PostgresLog(database, bytes(range(32))) as log:
        ground = Ground(database, folder, new_key(), log)
        appends = list(history())
        middle, versions = len(appends) // 2, {}
        await tell(log, appends[:middle], versions=versions)
        await tell(log, [[("tenants", OTHER, [TenantCreated("Zenith", "DZD")])]], OTHER)
        await ground.publish()
        await tell(log, appends[middle:], versions=versions)
        await ground.publish()
        stop = asyncio.Event()
        valkey = await empty_valkey(stack)
        projector = Projector(database, stack.nats_url, valkey, PROJECTIONS)
        running = asyncio.create_task(projector.run(stop))
        (ground.folder / "first.zip").unlink(missing_ok=True)
        await export(database, TENANT, ground.folder / "first.zip", None, Quiet())
        stop.set()
        await running
        yield ground
    stack.drop(database)
