"""The live gateway's parts, connected."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from adapters.live.change import Change
from adapters.live.feed import Feed
from adapters.live.history import History
from adapters.live.hub import Hub
from adapters.live.tickets import Tickets
from adapters.nats.door import Door
from adapters.postgres.pools import PROJECT, READ, open_pool
from adapters.projector.positions import Positions
from adapters.projector.reader import PostgresReader
from adapters.tokens.signing import Signer
from adapters.tokens.verifying import TokenVerifier
from entrypoints.live.authority import CONTEXT, People
from entrypoints.live.gateway import Gateway
from entrypoints.live.kinds import KINDS
from entrypoints.live.machines import Machines
from entrypoints.live.signing import SigningIn
from entrypoints.live.snapshots import Snapshots
from entrypoints.live.subscription import Splicer
from entrypoints.settings import Settings

READERS = 8  # connections to Postgres that snapshots and roles share


@dataclass(frozen=True)
class Live:
    """A gateway with its feed running."""

    gateway: Gateway
    feed: Feed


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[Live]:
    """Open everything, without waiting for servers that are away; close it in reverse."""
    async with AsyncExitStack() as stack:
        patience = settings.patience
        pool = await open_pool(
            settings.postgres_url, READ, size=READERS, name="souk-live-read", timeout=patience
        )
        stack.push_async_callback(pool.close)
        reader = PostgresReader(pool)
        tickets = Tickets(settings.valkey_url)
        stack.push_async_callback(tickets.close)
        log = await open_pool(
            settings.postgres_url, PROJECT, size=1, name="souk-live-head", timeout=patience
        )
        stack.push_async_callback(log.close)
        history = History(pool, Positions(pool, log).head)
        tokens, people, hub = _verifier(settings), People(reader), Hub()
        gateway = Gateway(
            SigningIn(tokens, tickets),
            people,
            Splicer(Snapshots(reader), history, hub),
            hub,
        )
        stack.push_async_callback(gateway.close)

        def take(group: Sequence[Change]) -> None:
            history.keep(group)
            gateway.take(group)

        def begin(projection: str, floor: int, seq: int) -> None:
            history.begin(projection, floor, seq)
            gateway.begin(projection, floor)

        feed = Feed(settings.postgres_url, settings.nats_url, [*KINDS, CONTEXT], take, begin)
        door = Door(settings.nats_url, settings.secret, Machines(tokens, people))
        async with _running(feed), _running(gateway.expiries), _running(door):
            yield Live(gateway, feed)


class Job(Protocol):
    async def run(self, stop: asyncio.Event) -> None: ...


@asynccontextmanager
async def _running(job: Job) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(job.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


def _verifier(settings: Settings) -> TokenVerifier:
    signer = Signer(settings.signing_key_pem, settings.issuer, settings.audience)
    return TokenVerifier(signer, settings.issuers)
