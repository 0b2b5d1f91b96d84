"""Whether each server is there, asked in parallel and with patience for none."""

import asyncio
import time
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import nats
from msgspec import Struct

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


async def checks(servers: Servers, pool: Pool) -> dict[str, Check]:
    asked: dict[str, Callable[[], Awaitable[None]]] = {
        "postgres": lambda: _postgres(pool),
        "valkey": lambda: _valkey(servers.valkey_url),
        "nats": lambda: _nats(servers.nats_url),
        "s3": lambda: asyncio.to_thread(_s3, servers.s3_url),
    }
    found = await asyncio.gather(*(_check(ask) for ask in asked.values()))
    return dict(zip(asked, found, strict=True))


async def _check(ask: Callable[[], Awaitable[None]]) -> Check:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            await ask()
        status = "ok"
    except Exception:
        status = "away"
    return Check(status, round((time.perf_counter() - started) * 1000, 1))


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
    once = {"allow_reconnect": False, "max_reconnect_attempts": 1, "reconnect_time_wait": 0}
    connection = await nats.connect(url, connect_timeout=PATIENCE, error_cb=_quietly, **once)
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
