"""Every change that is published, each once and in order, from NATS and behind it Postgres."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import nats
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from adapters.live import truth
from adapters.live.chain import Arrival, Chain, Group
from adapters.live.change import Change
from adapters.nats.connecting import quiet
from adapters.nats.flushing import flushed
from adapters.nats.servers import servers
from adapters.postgres.pools import Connection
from adapters.projector.leader import Bell, persist
from adapters.projector.marks import HEADER, Mark

SUBJECTS = "souk.>"
RECENT, SECONDS = 10_000, 600.0  # changes of a projection that a start reads, and their age
LOOK = 1.0  # seconds between looks at Postgres: polling is the truth, messages are its hints
SOON = 0.01  # seconds to the first further look for what is missing; doubles
RECONNECT, PING = 0.25, 5  # seconds
logger = structlog.get_logger(__name__)


class Message(msgspec.Struct, frozen=True, gc=False):
    """A pushed change; what else is in it is in the subject and the header too."""

    topic: str
    position: int
    document: msgspec.Raw


_decode = msgspec.json.Decoder(Message).decode


class Feed:
    """Hands changes on in groups: all of one projection at one position, in commit order.

    A message that NATS lost, repeats or brings too early changes nothing: Postgres has all that
    the relay has sent. Neither server needs to be there; while one is away changes come late.
    """

    def __init__(
        self,
        postgres_url: str,
        nats_url: str,
        projections: Sequence[str],
        take: Callable[[Sequence[Change]], None],
        begin: Callable[[str, int, int], None] = lambda projection, floor, seq: None,
    ) -> None:
        """``begin`` is told of each projection, before its first group, the position and the seq
        above which everything will be handed on. The first groups are of the recent past. Told
        again of the same one, changes are gone that were never handed on: a day without Postgres.
        """
        self._postgres_url, self._nats_url = postgres_url, nats_url
        self._projections, self._take, self._begin = list(projections), take, begin
        self._chains: dict[str, Chain] = {}
        self._bell = Bell()
        self.ready = False  # the recent past of all projections is handed on

    def reached(self, projection: str) -> int:
        """The position up to which the projection's changes are handed on."""
        chain = self._chains.get(projection)
        return chain.position if chain else 0

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped, through any failure of the servers."""
        async with asyncio.TaskGroup() as group:
            group.create_task(persist("souk-live-postgres", stop, lambda: self._follow(stop)))
            group.create_task(persist("souk-live-nats", stop, lambda: self._listen(stop)))
            await stop.wait()
            self._bell.ring()

    async def _follow(self, stop: asyncio.Event) -> None:
        async with truth.connected(self._postgres_url) as db:
            pause = SOON
            while not stop.is_set():
                await self._start(db)
                if await self._look(db):
                    continue
                self.ready = self.ready or len(self._chains) == len(self._projections)
                broken = any(chain.broken for chain in self._chains.values())
                pause = min(pause * 2, LOOK) if broken else SOON
                await self._bell.wait(pause if broken else LOOK)

    async def _start(self, db: Connection) -> None:
        """With those that there were not yet."""
        for projection in self._projections:
            if projection in self._chains:
                continue
            if found := await truth.start(db, projection, RECENT, SECONDS):
                self._begin(projection, found.floor, found.seq)
                self._chains[projection] = Chain(found.seq, found.floor)

    async def _look(self, db: Connection) -> bool:
        """Whether there is more to read at once."""
        lasts = {name: chain.last for name, chain in self._chains.items()}
        full = False
        for projection, page, more in await truth.pages(db, lasts):
            chain = self._chains[projection]
            if chain.misses(page):
                logger.error("changes were purged before they were read", projection=projection)
                del self._chains[projection]
                full = True
                continue
            self._hand_on(chain.read(page))
            full = full or more
            await asyncio.sleep(0)  # sockets wait
        return full

    async def _listen(self, stop: asyncio.Event) -> None:
        """The connection comes back by itself; what it missed meanwhile is read at once."""
        closed = asyncio.Event()

        async def back() -> None:
            self._bell.ring()

        async def lost() -> None:
            closed.set()

        connecting = nats.connect(
            **servers(self._nats_url),
            name="souk-live",
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT,
            ping_interval=PING,
            error_cb=quiet,
            reconnected_cb=back,
            closed_cb=lost,
        )
        client = await _connected(connecting, stop)
        if client is None:
            return
        try:
            await client.subscribe(SUBJECTS, cb=self._arrive)
            await flushed(client)
            self._bell.ring()
            await _either(stop.wait(), closed.wait())
        finally:
            with suppress(Exception):
                await client.close()

    async def _arrive(self, message: Msg) -> None:
        try:
            mark = Mark.parse((message.headers or {}).get(HEADER, ""))
            chain = self._chains.get(mark.projection)
            if chain is None or mark.seq <= chain.last:
                return
            change = _change(message, mark)
        except (ValueError, msgspec.MsgspecError):
            return  # not the relay's; what is, is in Postgres too
        whole = not chain.broken
        self._hand_on(chain.arrive(Arrival(change, mark.previous, mark.more)))
        if whole and chain.broken:
            self._bell.ring()

    def _hand_on(self, groups: list[Group]) -> None:
        for group in groups:
            try:
                self._take(group)
            except Exception:
                logger.exception("a change was not handed on", topic=group[0].topic)


def _change(message: Msg, mark: Mark) -> Change:
    payload = _decode(message.data)
    return Change(
        mark.projection,
        mark.seq,
        message.subject.split(".", 2)[1],
        payload.topic,
        payload.position,
        bytes(payload.document),
        mark.first,
        mark.late,
    )


async def _connected(connecting: Awaitable[Client], stop: asyncio.Event) -> Client | None:
    """None when stopped before: NATS may be away for as long as it likes."""
    client = asyncio.ensure_future(connecting)
    try:
        await _either(stop.wait(), client)
        return client.result() if client.done() else None
    finally:
        client.cancel()


async def _either(*events: Awaitable[Any]) -> None:
    """Until one of them."""
    waiting = [asyncio.ensure_future(event) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
