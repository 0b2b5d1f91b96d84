"""Clients of two tenants who buy, sell, change their minds and hang up."""

import asyncio
import base64
import time
from collections import defaultdict
from random import Random
from typing import Any
from uuid import UUID, uuid5

import httpx

from tests.faults.sent import Mail, Sent
from tests.support.patience import PATIENCE
from tests.support.pictures import film, picture

TENANTS = ("north", "south")
SELLERS, BUYERS = ("sara", "said"), ("bela", "bilal")
CLIENTS = 6
STEPS = ("confirm", "start-processing", "ready", "ship", "cancel")
PICTURES = [picture(60, 40, seed) for seed in range(6)]
BODIES: dict[str, Any] = {"ship": {"tracking": None}, "cancel": {"reason": "changed_mind"}}


def price(minor: int) -> dict[str, str]:
    return {"amount": f"{minor // 100}.{minor % 100:02}", "currency": "DZD"}


def data_url(data: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def canary(tenant: str) -> str:
    """A word that is in the names of a tenant's products, and so in its orders and carts."""
    return f"{tenant}-canary"


class Shop:
    """What the clients know of one tenant."""

    def __init__(self) -> None:
        self.products: list[tuple[str, str]] = []  # id, seller
        self.orders: list[tuple[str, str, str]] = []  # id, seller, buyer
        self.cards: list[str] = []  # checkouts to be paid for by card
        self.reel = ""


class Load:
    """``run(stop)``: all clients at once until told to stop."""

    def __init__(self, mail: Mail, chance: Random) -> None:
        self._mail, self._chance = mail, chance
        self.shops: defaultdict[str, Shop] = defaultdict(Shop)

    async def open(self) -> None:
        """Two tenants with two sellers each, and scarce goods."""
        for tenant in TENANTS:
            admin = (tenant, "root", "admin")
            body = {"id": tenant, "name": tenant.title(), "currency": "DZD"}
            await self._surely(admin, "/tenants", body)
            for seller in SELLERS:
                await self._surely(admin, "/identity/members", {"user": seller, "role": "buyer"})
                path = f"/identity/members/{seller}/appoint-seller"
                await self._surely(admin, path, {"shop": f"{seller}'s"})
                for number in range(3):
                    await self._offer(tenant, seller, f"{seller}-{number}")
            await self._film(tenant)

    async def _offer(self, tenant: str, seller: str, slug: str) -> None:
        body = {"name": f"{canary(tenant)} {slug}", "slug": slug, "price": price(1000)}
        made = await self._surely((tenant, seller, "seller"), "/catalog/products", body)
        self.shops[tenant].products.append((made.answer["id"], seller))
        path = f"/inventory/{made.answer['id']}/receive"
        await self._surely((tenant, seller, "seller"), path, {"quantity": 20})

    async def _film(self, tenant: str) -> None:
        """A reel of the first product, published once a worker has rendered its video."""
        product, seller = self.shops[tenant].products[0]
        who = (tenant, seller, "seller")
        place = await self._mail.upload(who, film())
        await self._surely(who, f"/media/{place['id']}/confirm")
        await self._rendered(who, place["id"])
        body = {"product": product, "media": place["id"], "caption": canary(tenant)}
        reel = (await self._surely(who, "/reels", body)).answer["id"]
        await self._surely(who, f"/reels/{reel}/publish")
        self.shops[tenant].reel = reel

    async def _rendered(self, who: tuple[str, str, str], asset: str) -> None:
        until = time.monotonic() + 3 * PATIENCE
        while time.monotonic() < until:
            found = await self._mail.look(who, f"/media/{asset}")
            if found.status_code == 200 and found.json()["status"] == "rendered":
                return
            await asyncio.sleep(0.1)
        raise AssertionError(found.text)

    async def _surely(self, who: tuple[str, str, str], path: str, body: Any = None) -> Sent:
        """Nothing is broken yet, but the machine may be slow."""
        sent = await self._mail.send(who, path, body)
        await self._mail.resolve()
        assert sent.done, (path, sent.outcome)
        return sent

    async def run(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(CLIENTS):
                group.create_task(self._client(stop, number))

    async def _client(self, stop: asyncio.Event, number: int) -> None:
        tenant, deeds = TENANTS[number % 2], (self._buy,) * 4 + (
            self._step, self._step, self._pay, self._pay, self._receive, self._reprice, self._pry,
            self._picture, self._like, self._like, self._comment,
        )  # fmt: skip
        while not stop.is_set():
            await self._chance.choice(deeds)(tenant)
            await asyncio.sleep(0.005)

    async def _send(self, who: tuple[str, str, str], path: str, body: Any = None) -> Sent:
        hang_up = self._chance.uniform(0.001, 0.03) if self._chance.random() < 0.05 else None
        twice = self._chance.random() < 0.05
        sent = await self._mail.send(who, path, body, hang_up, self._chance.randrange(2), twice)
        if not sent.done:
            await asyncio.sleep(0.05)
        return sent

    async def _buy(self, tenant: str) -> None:
        buyer = self._chance.choice(BUYERS)
        who = (tenant, buyer, "buyer")
        cart = await self._send(who, "/carts")
        if not cart.done:
            return
        path = f"/carts/{cart.answer['id']}"
        for product, _ in self._chance.sample(self.shops[tenant].products, 2):
            body = {"product": product, "quantity": self._chance.randint(1, 3)}
            if not (await self._send(who, f"{path}/items", body)).done:
                return
        by_card = self._chance.random() < 0.6
        terms = {"payments": [{"method": "card" if by_card else "cod"}], "note": "Ring twice"}
        self._bought(await self._send(who, f"{path}/check-out", terms), by_card)

    def _bought(self, sent: Sent, by_card: bool) -> None:
        if sent.done:
            shop = self.shops[sent.tenant]
            orders = sent.answer["orders"]
            shop.orders += [(order["id"], order["seller"], sent.user) for order in orders]
            shop.cards += [sent.answer["id"]] * by_card

    async def _step(self, tenant: str) -> None:
        if orders := self.shops[tenant].orders[-30:]:
            order, seller, _ = self._chance.choice(orders)
            step = self._chance.choice(STEPS)
            await self._send(
                (tenant, seller, "seller"), f"/orders/{order}/{step}", BODIES.get(step)
            )

    async def _pay(self, tenant: str) -> None:
        if cards := self.shops[tenant].cards[-10:]:
            checkout = self._chance.choice(cards)
            payment = uuid5(UUID(checkout), "payment/1")
            path = f"/payments/{checkout}/{payment}/capture"
            await self._send((tenant, "root", "admin"), path, {})

    async def _receive(self, tenant: str) -> None:
        product, seller = self._chance.choice(self.shops[tenant].products)
        body = {"quantity": self._chance.randint(1, 4)}
        await self._send((tenant, seller, "seller"), f"/inventory/{product}/receive", body)

    async def _reprice(self, tenant: str) -> None:
        product, seller = self._chance.choice(self.shops[tenant].products)
        body = {"price": price(self._chance.randint(900, 1000))}
        await self._send((tenant, seller, "seller"), f"/catalog/products/{product}/price", body)

    async def _picture(self, tenant: str) -> None:
        """For a worker; now and then the same bytes as another's."""
        seller = self._chance.choice(SELLERS)
        body = {"data": data_url(self._chance.choice(PICTURES))}
        await self._send((tenant, seller, "seller"), "/media/inline", body)

    async def _like(self, tenant: str) -> None:
        """Or take it back; sent again with its key it must not be the other way round."""
        who = (tenant, self._chance.choice(BUYERS), "buyer")
        await self._send(who, f"/reels/{self.shops[tenant].reel}/like")

    async def _comment(self, tenant: str) -> None:
        who = (tenant, self._chance.choice(BUYERS), "buyer")
        body = {"text": canary(tenant)}
        await self._send(who, f"/reels/{self.shops[tenant].reel}/comments", body)

    async def _pry(self, tenant: str) -> None:
        """Into the other tenant's orders: there is no such thing."""
        (other,) = (each for each in TENANTS if each != tenant)
        if orders := self.shops[other].orders[-30:]:
            path = f"/orders/{self._chance.choice(orders)[0]}"
            try:
                found = await self._mail.read((tenant, "root", "admin"), path)
            except httpx.HTTPError:
                return
            if found.status_code not in (404, 500, 503):
                self._mail.violations.append(f"{tenant} saw {path} of {other}: {found.text}")
