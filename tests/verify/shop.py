"""A small market, what is in its tables, and a look at it through `verify`."""

from dataclasses import dataclass, field

import psycopg
import redis

from adapters.projector.valkey import row_key
from adapters.projector.verify import verify
from projections import PROJECTIONS
from tests.support.http import Api


@dataclass
class Quiet:
    """Progress that only counts."""

    total: int = 0
    done: int = 0

    def start(self, total):
        self.total = total

    def advance(self, done):
        self.done += done


@dataclass
class Shop:
    api: Api
    database: str
    product: str
    order: str
    cart: str
    progress: Quiet = field(default_factory=Quiet)

    @property
    def valkey(self) -> redis.Redis:
        return redis.Redis.from_url(self.api.souk.settings.valkey_url)

    def counter(self, table: str, id: str) -> str:
        return row_key("bazaar", table, id)

    async def look(self, projections=PROJECTIONS):
        """The differences as (table, id, what, fields), and how much was compared."""
        found = []
        self.progress = Quiet()
        valkey = self.api.souk.settings.valkey_url
        done = await verify(self.database, valkey, projections, self.progress, found.append)
        return [(d.table, d.id, d.what, d.fields) for d in found], done

    def change(self, sql, *params):
        """Past every rule, as the superuser; how many rows."""
        with psycopg.connect(self.database, autocommit=True) as db:
            return db.execute(sql, params).rowcount

    def copy(self, table, id, ghost):
        """The same row under another id."""
        with psycopg.connect(self.database, autocommit=True) as db:
            cursor = db.execute(f"SELECT * FROM read.{table} LIMIT 0")
            names = [column.name for column in cursor.description]
        values = ", ".join("%s" if name == "id" else name for name in names)
        self.change(
            f"INSERT INTO read.{table} SELECT {values} FROM read.{table} WHERE id = %s", ghost, id
        )


async def opened(api: Api, database: str) -> Shop:
    await api.market("sara")
    tea = await api.product("sara", "tea", "3.00", stock=50)
    mug = await api.product("sara", "mug", "9.00", stock=5)
    buyer, seller = api.of("buyer", "bob"), api.of("seller", "sara")
    cart = (await buyer.post("/carts")).json()["id"]
    for product, quantity in ((tea, 3), (mug, 1)):
        await buyer.post(f"/carts/{cart}/items", {"product": product, "quantity": quantity})
    await seller.post(f"/catalog/products/{tea}/price", {"price": PRICE})
    placed = await buyer.post(f"/carts/{cart}/check-out", CHECKOUT)
    assert placed.status_code == 201, placed.text
    order = placed.json()["orders"][0]["id"]
    await seller.post(f"/orders/{order}/confirm")
    last = await buyer.post("/carts")
    for name in PROJECTIONS:
        await api.souk.positions.wait(name, last.json()["position"])
    return Shop(api, database, tea, order, cart)


PRICE = {"amount": "2.50", "currency": "DZD"}
CHECKOUT = {"payments": [{"method": "cod"}], "customer": {"name": "Bob"}, "note": "Ring twice"}
