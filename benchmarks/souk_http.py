"""Souk's API under load: its own server, tokens verified, the projector and its relay running."""

import asyncio
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import suppress
from uuid import uuid4

import psycopg

from adapters.embedded.ports import free_ports
from adapters.tokens.signing import Signer, new_key
from application.checkouts import Checkouts
from benchmarks import requests
from benchmarks.market import BUYER, TENANT, each, id_of, on_loop, opened
from benchmarks.requests import CONNECTIONS, get, post, resident, send
from benchmarks.roles import running, settings
from benchmarks.stock_checkout import PRODUCTS
from benchmarks.work import Figures, Side, Site
from benchmarks.works import checkout
from domain.permissions import ROLES

CARTS, PLACED = 16_000, 1_500  # of which so many are orders already
FASTEST = 12_000  # commands a second, for which requests are made beforehand
PATIENCE = 120  # seconds
Make = Callable[[Site, Callable[[str], str]], Iterable[bytes]]


def fill(site: Site) -> None:
    """A shop whose carts are all of one buyer, some of them bought; all of it projected."""
    on_loop(_fill(site))
    with running(settings(site), "projector"):
        asyncio.run(_projected(site))


async def _fill(site: Site) -> None:
    async with opened(site) as (_, commands):
        await checkout.fill(site, commands, CARTS, lambda _: BUYER)
        bought = range(placed(site))
        await each(bought, lambda n: checkout.check_out(Checkouts(commands), n, BUYER))


def placed(site: Site) -> int:
    return site.some(PLACED) // 2


async def _projected(site: Site) -> None:
    """Every projection at the log's head, and every change told."""
    behind = (
        "SELECT (SELECT min(position) FROM read.projections) < (SELECT position FROM log.head)"
        " OR EXISTS (SELECT FROM read.relays r JOIN read.changes c USING (projection)"
        " WHERE c.seq > r.seq)"
    )
    async with await psycopg.AsyncConnection.connect(site.postgres, autocommit=True) as owner:
        while (await (await owner.execute(behind)).fetchone()) != (False,):  # noqa: ASYNC110
            await asyncio.sleep(0.2)


def serving(make: Make, processes: int, once: bool) -> Side:
    """``make(site, token_of)`` gives the requests; ``once``: none may be sent twice."""

    def measure(site: Site) -> Figures:
        key, (port,) = new_key(), free_ports(1)
        signer = Signer(key, "souk", "souk-api")
        ready = make(site, lambda role: signer.sign(BUYER, TENANT, ROLES[role]))
        options = "--port", str(port), "--workers", str(processes)
        given = settings(site, key)
        with running(given, "projector"), running(given, "api", *options) as api:
            answers(f"http://127.0.0.1:{port}/health/ready", api)
            time.sleep(processes)  # a second worker cannot be asked for by itself
            return {**send(site, port, ready, once), "memory": resident(api)}

    return measure


def answers(url: str, server: subprocess.Popen[bytes], token: str = "") -> None:
    """Wait until it does."""
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        with suppress(urllib.error.URLError, OSError):
            with urllib.request.urlopen(asked, timeout=5):  # noqa: S310
                return
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def products(site: Site, token: Callable[[str], str]) -> Iterable[bytes]:
    yield get("/api/v1/catalog/products?limit=20", token("buyer"))


def order(site: Site, token: Callable[[str], str]) -> Iterable[bytes]:
    with psycopg.connect(site.postgres) as db:
        ids = db.execute("SELECT id FROM read.orders_orders ORDER BY md5(id)").fetchall()
    mine = token("buyer")
    return [get(f"/api/v1/orders/{id}", mine) for (id,) in ids]


def place(site: Site, token: Callable[[str], str]) -> Iterable[bytes]:
    mine, terms = token("buyer"), {"payments": [{"method": "card"}]}
    for number in range(placed(site), site.some(CARTS)):
        path = f"/api/v1/carts/{id_of('cart', number)}/check-out"
        yield post(path, mine, terms, Idempotency_Key=str(uuid4()))


def receive(site: Site, token: Callable[[str], str]) -> Iterable[bytes]:
    """Stock counted in, one product after another."""
    staff, kinds = token("admin"), site.some(PRODUCTS)
    for number in range(int(FASTEST * (requests.warming(site) + site.seconds)) + CONNECTIONS):
        path = f"/api/v1/inventory/{id_of('product', number % kinds)}/receive"
        yield post(path, staff, {"quantity": 1}, Idempotency_Key=str(uuid4()))
