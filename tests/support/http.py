"""A whole Souk in one process for HTTP tests: the app, its projector, on real servers."""

import asyncio
import dataclasses
import itertools
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache

import httpx
import redis.asyncio as redis
from litestar import Litestar
from msgspec.structs import replace

from adapters.projector.positions import Positions
from adapters.projector.projector import Projector
from adapters.tokens.signing import new_key
from application.ports import Unavailable
from domain.permissions import ROLES
from entrypoints.http.app import http
from entrypoints.http.sharing import Lists
from entrypoints.settings import Settings
from entrypoints.wiring import Souk, connect
from projections import PROJECTIONS
from tests.support.patience import PATIENCE
from tests.support.stack import VALKEYS

valkeys = itertools.count(1)
served: list[Souk] = []  # by the application that tests share


class Client:
    """One person's client. Each ``post`` carries a fresh idempotency key unless given one."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http, self._headers = http, {"authorization": f"Bearer {token}"}

    async def get(self, path: str, **query: object) -> httpx.Response:
        return await self.send("GET", path, params=query)

    async def post(self, path: str, body: object = None, key: str | None = None) -> httpx.Response:
        headers = {"idempotency-key": key or str(uuid.uuid4())}
        extra = {} if body is None else {"json": body}
        return await self.send("POST", path, headers=headers, **extra)

    async def delete(self, path: str) -> httpx.Response:
        return await self.send("DELETE", path)

    async def send(self, method: str, path: str, headers=None, **more) -> httpx.Response:
        """``path`` without /api/v1, unless it starts with another root."""
        url = path if path.startswith(("/health", "/docs", "/.well")) else f"/api/v1{path}"
        return await self._http.request(
            method, url, headers=self._headers | (headers or {}), **more
        )


class Api:
    """Clients of a running Souk, by who they are; of ``tenant`` unless another is named."""

    def __init__(self, souk: Souk, client: httpx.AsyncClient, tenant: str = "bazaar") -> None:
        self.souk, self.http, self.tenant = souk, client, tenant

    def apart(self) -> "Api":
        """The same Souk for a test that shares it, which has a tenant for itself."""
        return Api(self.souk, self.http, f"bazaar-{uuid.uuid4().hex[:8]}")

    def of(self, role: str, user: str, tenant: str | None = None) -> Client:
        return Client(self.http, self.token(role, user, tenant))

    def token(self, role: str, user: str, tenant: str | None = None) -> str:
        return self.souk.signer.sign(user, tenant or self.tenant, ROLES[role])

    async def market(self, *sellers: str, tenant: str | None = None) -> None:
        """A tenant with these members as sellers."""
        tenant = tenant or self.tenant
        admin = self.of("admin", "root", tenant)
        made = await admin.post("/tenants", {"id": tenant, "name": tenant, "currency": "DZD"})
        assert made.status_code == 201, made.text
        for seller in sellers:
            await admin.post("/identity/members", {"user": seller, "role": "buyer"})
            shop = {"shop": f"{seller}'s shop"}
            made = await admin.post(f"/identity/members/{seller}/appoint-seller", shop)
            assert made.status_code == 200, made.text

    async def product(
        self,
        seller: str,
        slug: str,
        price: str = "12.50",
        stock: int = 0,
        tenant: str | None = None,
    ) -> str:
        """A product of that seller, with stock; its id."""
        client = self.of("seller", seller, tenant)
        body = {"name": slug.title(), "slug": slug, "price": {"amount": price, "currency": "DZD"}}
        made = await client.post("/catalog/products", body)
        assert made.status_code == 201, made.text
        id = made.json()["id"]
        if stock:
            got = await client.post(f"/inventory/{id}/receive", {"quantity": stock})
            assert got.status_code == 200, got.text
        return id


async def empty_valkey(stack) -> str:
    """A Valkey serves one Souk, so each has a database of it for its own."""
    url = f"{stack.valkey_url.rpartition('/')[0]}/{next(valkeys) % VALKEYS}"
    async with redis.Redis.from_url(url) as valkey:
        await valkey.flushdb()
    return url


class Patient(Positions):
    """What is in the log will be folded, however late on a crowded machine."""

    def __init__(self, positions: Positions) -> None:
        super().__init__(positions._pool, positions._log)

    async def wait(self, projection: str, after: int, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        try:
            await super().wait(projection, after, timeout)
        except Unavailable:
            if after > await self.head():
                raise
            await super().wait(projection, after, PATIENCE)


@cache
def application() -> tuple[Litestar, Lists]:
    """One for all tests of a process: making it takes longer than most of them."""
    lists = Lists()
    return http(lambda: served[0], lists=lists), lists


@cache
def page() -> dict[str, object]:
    """Its OpenAPI page, which takes seconds too."""
    app, _ = application()
    return app.openapi_schema.to_schema()


@contextmanager
def serving(souk: Souk) -> Iterator[Litestar]:
    if served:  # two at once
        yield http(lambda: souk)
        return
    app, lists = application()
    lists.__init__()  # what others were served is not this one's
    served.append(souk)
    try:
        yield app
    finally:
        served.clear()


@asynccontextmanager
async def running_api(
    stack, database: str, projecting: bool = True, **others: object
) -> AsyncIterator[Api]:
    """``projecting`` False: no projector runs, so that reads stand still. ``others``: settings."""
    settings = Settings(
        postgres_url=database,
        valkey_url=await empty_valkey(stack),
        nats_url=stack.nats_url,
        s3_url="",
        master_key=os.urandom(32),
        signing_key_pem=new_key(),
        secret=os.urandom(32),
        patience=PATIENCE,
        as_of_seconds=PATIENCE,
    )
    settings = replace(settings, **others)
    stop = asyncio.Event()
    counted = settings.valkey_url if "valkey_url" not in others else stack.valkey_url
    projector = Projector(
        database, stack.nats_url, counted, PROJECTIONS, master=settings.master_key
    )
    running = asyncio.create_task(projector.run(stop)) if projecting else None
    try:
        async with connect(settings) as souk:
            if projecting:
                souk = dataclasses.replace(souk, positions=Patient(souk.positions))
            with serving(souk) as app:
                transport = httpx.ASGITransport(app, raise_app_exceptions=False)
                async with httpx.AsyncClient(transport=transport, base_url="http://souk") as client:
                    yield Api(souk, client)
    finally:
        stop.set()
        if running:
            await running
