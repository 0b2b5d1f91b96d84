"""Sellers with products and videos, and their reels as they come about over HTTP. No worker runs:
what one would have made of a video is said in its stead."""

from contextlib import asynccontextmanager
from functools import cache
from uuid import uuid4

from domain.media import Render, Rendition
from tests.policies.market import call
from tests.support.http import running_api

FILM, CLIP, POSTER = "a" * 64, "b" * 64, "c" * 64
MADE = Render(
    FILM,
    "mp4",
    720,
    1280,
    4000,
    9.5,
    None,
    (
        Rendition("poster", "webp", 720, 1280, 300, POSTER),
        Rendition("video", "mp4", 720, 1280, 2500, CLIP),
    ),
)


class House:
    """A tenant with two sellers, a buyer, an administrator and an auditor. ``at``: the position of
    its last write, which all that is ``seen`` is no older than."""

    def __init__(self, api, tenant):
        self.api, self.souk, self.tenant, self.at = api, api.souk, tenant, 0
        self.of = cache(lambda role, user: api.of(role, user, tenant))
        self.amina, self.basma = self.of("seller", "amina"), self.of("seller", "basma")
        self.karim, self.root = self.of("buyer", "karim"), self.of("admin", "root")
        self.olga = self.of("auditor", "olga")

    def call(self, actor):
        return call(tenant=self.tenant, actor=actor)

    async def done(self, sending, status=200):
        """What a command answered."""
        answer = await sending
        assert answer.status_code == status, answer.text
        self.at = max(self.at, answer.json()["position"])
        return answer.json()

    async def seen(self, client, path, **query):
        answer = await client.get(path, after=self.at, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def unseen(self, client, path):
        """The status and code of what is not there for that client, once all is up to date."""
        return await refused(client.get(path, after=self.at))

    async def product(self, slug, seller="amina"):
        id = await self.api.product(seller, slug, tenant=self.tenant)
        self.at = await self.souk.positions.head()
        return id

    async def film(self, seller="amina", kind="video", rendered=True):
        """An uploaded asset of that seller."""
        id = str(uuid4())
        await self.souk.media.request(self.call(seller), id, kind, MADE.size, FILM)
        said = await self.souk.media.confirm(self.call(seller), id, seller, MADE.size)
        if rendered:
            said = await self.souk.media.finish(self.call("worker:media"), id, MADE)
        self.at = said.position
        return id

    async def draft(self, product, seller="amina", **more):
        body = {"product": product} | more
        made = await self.done(self.of("seller", seller).post("/reels", body), 201)
        return made["id"]

    async def reel(self, product, seller="amina", **more):
        """One that is shown."""
        media = more.pop("media", None) or await self.film(seller)
        id = await self.draft(product, seller, media=media, **more)
        await self.done(self.of("seller", seller).post(f"/reels/{id}/publish"))
        return id

    async def reels(self, product, number):
        """That many of one video, the first published first."""
        media = await self.film()
        return [await self.reel(product, media=media) for _ in range(number)]

    async def hide(self, id, client=None):
        await self.done((client or self.amina).post(f"/reels/{id}/hide", {}))

    async def restore(self, id, client=None):
        await self.done((client or self.amina).post(f"/reels/{id}/restore"))

    async def feed(self, client=None, **query):
        """The ids in it, the first first."""
        shown = await self.seen(client or self.karim, "/reels", **query)
        return [item["id"] for item in shown["items"]]

    async def counters(self, id):
        """As the feed has them."""
        items = (await self.seen(self.karim, "/reels"))["items"]
        return next(item["counters"] for item in items if item["id"] == id)


async def refused(sending):
    """The status and the code of a refusal."""
    answer = await sending
    return answer.status_code, answer.json().get("code")


async def slices(house, path, between=None):
    """All items of a list that is read to its end by tens, ``between`` awaited after each."""
    items, cursor = [], None
    while True:
        query = {"limit": 10} | ({} if cursor is None else {"cursor": cursor})
        slice = await house.seen(house.karim, path, **query)
        assert len(slice["items"]) <= 10
        items += slice["items"]
        if (cursor := slice["next"]) is None:
            return items
        if between:
            await between()


@asynccontextmanager
async def running(stack, new_database):
    """Makes a house in a tenant of its own whenever it is awaited, all in one Souk."""
    url = new_database()
    try:
        async with running_api(stack, url) as api:

            async def house():
                tenant = f"t{uuid4().hex[:12]}"
                await api.market("amina", "basma", tenant=tenant)
                return House(api, tenant)

            yield house
    finally:
        stack.drop(url)
