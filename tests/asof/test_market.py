"""Whatever happens in a market, every query as of a position is answered as it was then."""

import asyncio
from datetime import UTC, datetime
from itertools import count

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from entrypoints.http.app import http
from tests.carts.test_http import price
from tests.offers.house import terms
from tests.reels.house import House
from tests.support.http import running_api

# Answers of these are as of when they are signed or looked, or for everyone; and no roll-up of a
# small market takes several steps.
OTHERS = (
    "/api/v1/media/{id}/links",
    "/api/v1/media/public/{tenant}/{id}/{rendering}/{file}",
    "/api/v1/erasures/{subject}/held",
    "/api/v1/costing/runs/{position}",
)
TODAY = datetime.now(UTC).date().isoformat()
NEEDED = {
    "/api/v1/analytics/dashboard": {"seller": "amina"},
    "/api/v1/analytics/revenue": {"from": "2020-01-01", "to": TODAY},
    "/api/v1/analytics/sales/days": {"from": TODAY, "to": TODAY},
    "/api/v1/catalog/products/search": {"q": "tea"},
    "/api/v1/orders": {"as": "tenant"},
    "/api/v1/orders/all": {"as": "tenant"},
}
SELLERS, BUYERS = ("amina", "basma"), ("karim", "olga")
numbers = count()


def queries():
    """The path of every query that is of a projection, without its ids."""
    for route in http(lambda: None).routes:
        for handler in getattr(route, "route_handlers", ()):
            asks = "GET" in handler.http_methods and handler.opt.get("projection")
            if asks and route.path_format not in OTHERS:
                yield route.path_format


class Market(House):
    """One that does what it is told by numbers: who, what, and how much."""

    def __init__(self, api, tenant):
        super().__init__(api, tenant)
        self.ids, self.met = {}, set()

    async def settle(self):
        await self.api.market(*SELLERS, tenant=self.tenant)
        for user, tier in zip(SELLERS, ("grossiste", "fournisseur"), strict=True):
            shop = {"shop": user, "tier": tier}
            await self.done(self.root.post(f"/identity/members/{user}/appoint-seller", shop))
        await self.send(None, self.root, "/carts")  # whose own is shown
        shelf = {"name": "Teas", "slug": f"teas-{next(numbers)}"}
        await self.send("categories", self.root, "/categories", shelf)
        await self.send("bulks", self.root, "/materials/bulk", await self.confirmed())
        held = (await self.root.get("/erasures/nobody/held")).json()
        wanted = {"subject": "nobody", "confirm": held["confirm"]}
        await self.send(None, self.root, "/erasures", wanted)
        for step in ("stock", "buy", "order", "show", "watch", "offer", "make"):
            await getattr(self, step)(0, 0, 5)

    async def confirmed(self):
        """A bulk that has been looked at."""
        body = {"operations": [{"op": "create", "name": "Silk", "kind": "yarn", "unit": "g"}]}
        told = (await self.root.post("/materials/bulk", body)).json()
        return body | {"confirm": told["confirm"]}

    def some(self, kind, which):
        known = self.ids.get(kind, [])
        return known[which % len(known)] if known else "0" * 8 + "-0000-4000-8000-" + "0" * 12

    async def send(self, kind, client, path, body=None):
        """It may be refused; what it makes is known from then on."""
        answer = await client.post(path, body)
        assert answer.status_code < 500, answer.text
        if answer.status_code < 300:
            told = answer.json()
            self.at = max(self.at, told["position"])
            if kind:
                self.ids.setdefault(kind, []).append(told["id"])
            for order in told.get("orders", ()):
                self.ids.setdefault("orders", []).append(order["id"])

    async def stock(self, who, which, much):
        seller = self.of("seller", SELLERS[who % 2])
        body = {"name": f"Tea {which}", "slug": f"tea-{next(numbers)}", "price": price("12.50")}
        await self.send("catalog", seller, "/catalog/products", body)
        path = f"/inventory/{self.ids['catalog'][-1]}/receive"
        await self.send(None, seller, path, {"quantity": much})

    async def price(self, who, which, much):
        body = {"price": price(f"{much}.00")}
        await self.send(
            None, self.root, f"/catalog/products/{self.some('catalog', which)}/price", body
        )

    async def retire(self, who, which, much):
        step = "restore" if much % 2 else "retire"
        await self.send(None, self.root, f"/catalog/products/{self.some('catalog', which)}/{step}")

    async def buy(self, who, which, much):
        buyer = self.of("buyer", BUYERS[who % 2])
        await self.send("carts", buyer, "/carts")
        cart = f"/carts/{self.ids['carts'][-1]}"
        body = {"product": self.some("catalog", which), "quantity": 1 + much % 2}
        await self.send(None, buyer, f"{cart}/items", body)
        customer = {"name": f"Buyer {much}", "phone": "0550123456"}
        if much % 4:
            body = {"payments": [{"method": ["card", "cod"][much % 2]}], "customer": customer}
            await self.send("checkouts", buyer, f"{cart}/check-out", body)

    async def order(self, who, which, much):
        path = f"/orders/{self.some('orders', which)}"
        for step in ("confirm", "start-processing", "ship", "deliver")[: 1 + much % 4]:
            await self.send(None, self.root, f"{path}/{step}", {} if step == "ship" else None)

    async def cancel(self, who, which, much):
        path = f"/orders/{self.some('orders', which)}/cancel"
        await self.send(None, self.root, path, {"reason": "unwanted"})

    async def show(self, who, which, much):
        product = self.some("catalog", which)
        seller = (await self.seen(self.root, f"/catalog/products/{product}"))["seller"]
        media = await self.film(seller)
        self.ids.setdefault("media", []).append(media)
        client = self.of("seller", seller)
        await self.send("reels", client, "/reels", {"product": product, "media": media})
        await self.send(None, client, f"/reels/{self.some('reels', -1)}/publish")

    async def watch(self, who, which, much):
        reel, buyer = self.some("reels", which), self.of("buyer", BUYERS[who % 2])
        await self.send(None, buyer, f"/reels/{reel}/like")
        await self.send("comments", buyer, f"/reels/{reel}/comments", {"text": f"{much} stars"})

    async def offer(self, who, which, much):
        seller = self.of("seller", SELLERS[who % 2])
        more = {"product": self.some("catalog", which), "target": "fournisseur"}
        await self.send("offers", seller, "/offers", terms((1, f"{much}.00")) | more)
        path = f"/offers/{self.some('offers', which)}/responses"
        asked = {"quantity": 1 + much, "unit_price": price("9.00"), "note": f"Note {much}"}
        await self.send("negotiations", self.of("seller", "basma"), path, asked)

    async def make(self, who, which, much):
        seller = self.of("seller", SELLERS[who % 2])
        wool = {"name": f"Wool {which}", "kind": "yarn", "unit": "g"}
        await self.send("materials", seller, "/materials", wool)
        path = f"/materials/{self.some('materials', which)}"
        bought = {"quantity": str(much), "price": price("30.00")}
        await self.send(None, self.root, f"{path}/purchases", bought)
        await self.send("costing", seller, "/costing/products", {"name": f"Scarf {much}"})

    async def answers(self, paths, **query):
        """Of every query, with every id that it could be about, to who may see all."""
        found = {}
        for path in paths:
            for place in self.places(path):
                asked = NEEDED.get(path, {}) | query
                if path.endswith("/liked"):
                    asked["reel"] = self.some("reels", 0)
                answer = await self.root.get(place.removeprefix("/api/v1"), **asked)
                assert answer.status_code in (200, 404), (place, answer.text)
                found[place] = answer.status_code, answer.content
                self.met |= {path} if answer.status_code == 200 else set()
        return found

    def places(self, path):
        context = path.split("/")[3]
        of = {"projects": "costing", "payments": "checkouts", "yarns": "materials"}
        ids = of.get(context, context)
        for id in self.ids.get(ids, [self.some("", 0)])[:3] if "{" in path else [""]:
            yield (
                path.replace("{id}", id)
                .replace("{checkout}", self.some("checkouts", 0))
                .replace("{comment}", self.some("comments", 0))
                .replace("{product}", self.some("catalog", 0))
                .replace("{viewer}", "karim")
                .replace("{user}", "amina")
                .replace("{subject}", "nobody")
                .replace("{name}", self.tenant)
            )


STEPS = ("stock", "price", "retire", "buy", "buy", "order", "cancel", "show", "watch", "watch")
STEPS += ("offer", "make")
steps = st.tuples(st.sampled_from(STEPS), st.integers(0, 1), st.integers(0, 3), st.integers(1, 9))


def test_every_query_as_of_then_is_answered_as_it_was_live(stack, new_database, tmp_path):
    paths, met = sorted(set(queries())), set()

    with asyncio.Runner() as runner:
        more = {"as_of_folds": 100}
        started = running_api(stack, new_database(), receipts=str(tmp_path), **more)
        api = runner.run(started.__aenter__())

        @settings(
            max_examples=2,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
        )
        @given(st.lists(steps, min_size=8, max_size=16), st.data())
        def check(taken, data):
            looks = data.draw(st.sets(st.integers(0, len(taken) - 1), min_size=1, max_size=2))
            runner.run(compare(taken, looks))

        async def compare(taken, looks):
            market = Market(api, f"past{next(numbers)}")
            await market.settle()
            seen = {}
            for number, (step, *how) in enumerate(taken):
                await getattr(market, step)(*how)
                if number in looks:
                    seen[market.at] = market.ids, await market.answers(paths, after=market.at)
                    market.ids = {kind: [*ids] for kind, ids in market.ids.items()}
            for position in reversed(seen):  # the later one first
                market.ids, live = seen[position]
                then = await market.answers(paths, as_of=position)
                for place in live:
                    assert then[place] == live[place], (place, position)
            met.update(market.met)

        try:
            check()
        finally:
            runner.run(started.__aexit__(None, None, None))
    assert sorted({*paths} - met) == [], "no step of Market makes what these answer"
