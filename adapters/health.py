"""Whether each server is there, asked in parallel and with patience for none."""

import asyncio
import time
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import nats
from msgspec import Struct

from adapters.nats.servers import servers
from adapters.postgres.pools import Pool, borrow
from adapters.projector.valkey import client

PATIENCE = 1.0  # seconds for each server


class Servers(Protocol):
    @property
    def valkey_url(self) -> str: ...
    @property
    def nats_url(self) -> str: ...
    @property
    def s3_url(self) -> str: ...


class Check(Struct, frozen=True):
    """``status``: ok or away. ``ms``: how long the answer took."""

    status: str
    ms: float


class Health:
    """Call it. No server is asked twice at once: one that stands still gathers no questions."""

    def __init__(self, servers: Servers, pool: Pool) -> None:
        self._asks: dict[str, Callable[[], Awaitable[None]]] = {
            "postgres": lambda: _postgres(pool),
            "valkey": lambda: _valkey(servers.valkey_url),
            "nats": lambda: _nats(servers.nats_url),
            "s3": lambda: asyncio.to_thread(_s3, servers.s3_url),
        }
        self._asking: dict[str, asyncio.Task[bool]] = {}

    async def __call__(self) -> dict[str, Check]:
        found = await asyncio.gather(*(self._check(name) for name in self._asks))
        return dict(zip(self._asks, found, strict=True))

    async def close(self) -> None:
        """Without those who still ask."""
        for asking in self._asking.values():
            asking.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    async def _check(self, name: str) -> Check:
        started, asking = time.perf_counter(), self._asking.get(name)
        if asking is None or asking.done():
            asking = asyncio.create_task(_answers(self._asks[name]), name=f"souk-health-{name}")
            self._asking[name] = asking
        # To give up asking Postgres takes long where it does not answer: that is not waited for.
        await asyncio.wait({asking}, timeout=PATIENCE)
        status = "ok" if asking.done() and not asking.cancelled() and asking.result() else "away"
        return Check(status, round((time.perf_counter() - started) * 1000, 1))


async def _answers(ask: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await ask()
    except Exception:
        return False
    return True


async def _postgres(pool: Pool) -> None:
    async with borrow(pool) as db:
        await db.execute("SELECT position FROM log.head")


async def _valkey(url: str) -> None:
    valkey = client(url, PATIENCE)
    try:
        await valkey.ping()
    finally:
        await valkey.aclose()


async def _nats(url: str) -> None:
    once: dict[str, Any] = {
        "allow_reconnect": False,
        "max_reconnect_attempts": 1,
        "reconnect_time_wait": 0,
    }
    connection = await nats.connect(
        **servers(url), connect_timeout=PATIENCE, error_cb=_quietly, **once
    )
    await connection.close()


async def _quietly(error: Exception) -> None:
    """What went wrong is what the check tells."""


def _s3(url: str) -> None:
    """Any HTTP answer shows that it is there; who may do what is asked by those who use it."""
    parts = urlsplit(url)
    bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "/", "", ""))
    try:
        urllib.request.urlopen(bare, timeout=PATIENCE).close()  # noqa: S310
    except urllib.error.HTTPError:
        return
