"""Everything a process needs, connected: the log, the use cases, and the read side."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.asof.folds import Folds
from adapters.audit.history import History
from adapters.audit.history import opened as history
from adapters.audit.tails import Tails
from adapters.barred import Barred
from adapters.engagement.watched import Watched
from adapters.erasing.eraser import Eraser, Places
from adapters.erasing.receipts import Receipts
from adapters.health import Health
from adapters.live.tickets import Tickets
from adapters.log.keyring import Keyring
from adapters.log.log import PostgresLog
from adapters.media.objects import TURN, Objects
from adapters.postgres.pools import ASOF, PROJECT, READ, Pool, open_pool
from adapters.projector.counters import Counters
from adapters.projector.positions import Positions
from adapters.projector.reader import PostgresReader
from adapters.tokens.signing import Signer
from adapters.tokens.verifying import TokenVerifier
from application.audit import Audit
from application.bin import Bin
from application.bulking import KINDS
from application.bulks import Bulks
from application.carts import Carts
from application.catalog import Catalog
from application.categories import Categories
from application.checkouts import Checkouts
from application.commands import Commands
from application.comments import Comments
from application.costing import Costing
from application.engagement import Engagement
from application.erasures import Erasures
from application.identity import Identity
from application.inventory import Inventory
from application.likes import Likes
from application.materials import Materials
from application.media import Media
from application.negotiations import Negotiations
from application.offers import Offers
from application.orders import Orders
from application.payments import Cashier
from application.reels import Reels
from application.storage import Storage
from application.tenants import Tenants
from entrypoints.settings import Settings
from projections import PROJECTIONS

READERS = 8  # connections that queries share in one process


@dataclass(frozen=True)
class Souk:
    """The parts of a running process. Servers that are away make single calls Unavailable."""

    settings: Settings
    log: PostgresLog
    commands: Commands
    reader: PostgresReader
    positions: Positions
    counters: Counters
    tokens: TokenVerifier
    signer: Signer
    tickets: Tickets
    objects: Objects
    watched: Watched
    folds: Folds
    history: History
    barred: Barred
    project: Pool  # reads all tenants: for health, never for a caller's query
    health: Health

    @property
    def keyring(self) -> Keyring:
        return self.log.keyring

    @property
    def tails(self) -> Tails:
        return Tails(self.history, self.project, self.settings.secret)

    @property
    def audit(self) -> Audit:
        return Audit(self.commands)

    @property
    def bin(self) -> Bin:
        return Bin(self.commands)

    @property
    def bulks(self) -> Bulks:
        return Bulks(self.commands, self.log, KINDS)

    @property
    def carts(self) -> Carts:
        return Carts(self.commands)

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.commands)

    @property
    def categories(self) -> Categories:
        return Categories(self.commands)

    @property
    def checkouts(self) -> Checkouts:
        return Checkouts(self.commands)

    @property
    def comments(self) -> Comments:
        return Comments(self.commands)

    @property
    def costing(self) -> Costing:
        return Costing(self.commands)

    @property
    def engagement(self) -> Engagement:
        return Engagement(self.commands)

    @property
    def erasures(self) -> Erasures:
        return Erasures(self.commands)

    @property
    def eraser(self) -> Eraser:
        return eraser_of(self.settings, self.log, self.objects)

    @property
    def identity(self) -> Identity:
        return Identity(self.commands)

    @property
    def inventory(self) -> Inventory:
        return Inventory(self.commands)

    @property
    def likes(self) -> Likes:
        return Likes(self.commands)

    @property
    def materials(self) -> Materials:
        return Materials(self.commands)

    @property
    def media(self) -> Media:
        return Media(self.commands)

    @property
    def negotiations(self) -> Negotiations:
        return Negotiations(self.commands, self.log)

    @property
    def offers(self) -> Offers:
        return Offers(self.commands)

    @property
    def orders(self) -> Orders:
        return Orders(self.commands)

    @property
    def payments(self) -> Cashier:
        return Cashier(self.commands)

    @property
    def reels(self) -> Reels:
        return Reels(self.commands)

    @property
    def storage(self) -> Storage:
        return Storage(self.commands)

    @property
    def tenants(self) -> Tenants:
        return Tenants(self.commands)


def eraser_of(settings: Settings, log: PostgresLog, objects: Objects) -> Eraser:
    """Receipts go to the directory that is set, else into the bucket."""
    signer = Signer(settings.signing_key_pem, settings.issuer, settings.audience)
    folder = Path(settings.receipts) if settings.receipts else None
    stored = objects if settings.s3_url else None
    urls = settings.postgres_url, settings.valkey_url, settings.nats_url
    return Eraser(Places(*urls, log, stored, Receipts(signer, folder, objects)))


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[Souk]:
    """Open everything, without waiting for servers that are away; close it in reverse."""
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(
            PostgresLog(settings.postgres_url, settings.master_key, patience=settings.patience)
        )
        url = settings.postgres_url
        read = await _pool(stack, settings, READ, READERS)
        project = await _pool(stack, settings, PROJECT, 2)
        reader = PostgresReader(read)
        barred, health = Barred(project), Health(settings, project)
        stack.push_async_callback(barred.close)
        stack.push_async_callback(health.close)
        signer = Signer(settings.signing_key_pem, settings.issuer, settings.audience)
        tickets = Tickets(settings.valkey_url)
        stack.push_async_callback(tickets.close)
        watched = Watched(settings.valkey_url)
        stack.push_async_callback(watched.close)
        objects = Objects(settings.s3_url, settings.s3_public_url, turn=TURN)
        stack.callback(objects.close)
        asof = await _pool(stack, settings, ASOF, 2)
        folds = Folds(settings.postgres_url, asof, PROJECTIONS, settings.as_of_folds)
        await stack.enter_async_context(folds)
        yield Souk(
            settings,
            log,
            Commands(log, patience=settings.patience),
            reader,
            Positions(read, project),
            await stack.enter_async_context(Counters(settings.valkey_url, reader, PROJECTIONS)),
            TokenVerifier(signer, settings.issuers),
            signer,
            tickets,
            objects,
            watched,
            folds,
            await stack.enter_async_context(history(url, log.keyring, settings.patience)),
            barred,
            project,
            health,
        )


async def _pool(stack: AsyncExitStack, settings: Settings, role: str, size: int) -> Pool:
    url, patience = settings.postgres_url, settings.patience
    pool = await open_pool(url, role, size=size, name=f"souk-{role}", timeout=patience)
    stack.push_async_callback(pool.close)
    return pool
