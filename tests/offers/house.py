"""Members of each tier and a product to offer, as it comes about over HTTP."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.reels.house import House as Tenant
from tests.support.http import running_api

SELLERS = {
    "imen": "importateur",
    "ghani": "grossiste",
    "farid": "fournisseur",
    "fatma": "fournisseur",
    "nadia": None,
}


def price(amount):
    return {"amount": amount, "currency": "DZD"}


def terms(*breaks, **more):
    """``breaks``: (quantity, amount)."""
    breaks = breaks or ((10, "12.00"), (100, "11.00"))
    until = datetime.now(UTC) + timedelta(days=30)
    return {
        "title": "Tea by the crate",
        "breaks": [{"quantity": q, "unit_price": price(amount)} for q, amount in breaks],
        "valid_until": until.isoformat(),
    } | more


class House(Tenant):
    """A tenant with sellers of each tier, one of none, a buyer, staff and an auditor; ``tea`` is
    the importateur's."""

    def __init__(self, api, tenant):
        super().__init__(api, tenant)
        for user in SELLERS:
            setattr(self, user, self.of("seller", user))

    async def appoint(self, user, tier):
        body = {"shop": f"{user}'s shop"} | ({"tier": tier} if tier else {})
        await self.done(self.root.post(f"/identity/members/{user}/appoint-seller", body))

    async def settle(self, stock):
        await self.api.market(tenant=self.tenant)
        for user, tier in SELLERS.items():
            await self.root.post("/identity/members", {"user": user, "role": "buyer"})
            await self.appoint(user, tier)
        self.tea = await self.product("tea", stock=stock)

    async def product(self, slug, seller="imen", stock=0):
        return await self.api.product(seller, slug, stock=stock, tenant=self.tenant)

    async def publish(self, *breaks, by="imen", product=None, target="fournisseur", **more):
        """The offer's id."""
        body = terms(*breaks, **more) | {"product": product or self.tea, "target": target}
        made = await self.done(self.of("seller", by).post("/offers", body), 201)
        return made["id"]

    async def board(self, client, **query):
        """The ids on it, the first first."""
        return [item["id"] for item in (await self.seen(client, "/offers", **query))["items"]]

    async def mine(self, client, **query):
        shown = await self.seen(client, "/offers/mine", **query)
        return [item["id"] for item in shown["items"]]

    async def offer(self, id):
        return await self.seen(self.imen, f"/offers/{id}")

    async def respond(self, offer, client=None, **body):
        """The negotiation's id."""
        sent = (client or self.farid).post(f"/offers/{offer}/responses", {"quantity": 10} | body)
        return (await self.done(sent, 201))["id"]

    async def counter(self, id, client=None, **body):
        return await self.done((client or self.imen).post(f"/negotiations/{id}/counter", body))

    async def accept(self, id, client=None):
        return await self.done((client or self.imen).post(f"/negotiations/{id}/accept"))

    async def thread(self, id, client=None):
        return await self.seen(client or self.imen, f"/negotiations/{id}")

    async def stock(self):
        """Of tea: (available, reserved)."""
        shown = await self.seen(self.imen, f"/inventory/{self.tea}")
        return shown["available"], shown["reserved"]


@asynccontextmanager
async def running(stack, new_database):
    """Makes a house in a tenant of its own whenever it is awaited, all in one Souk."""
    url = new_database()
    try:
        async with running_api(stack, url) as api:

            async def house(stock=500):
                made = House(api, f"t{uuid4().hex[:12]}")
                await made.settle(stock)
                return made

            yield house
    finally:
        stack.drop(url)
