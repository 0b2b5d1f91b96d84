"""Two tenants with canary strings: nothing of one shows the other's, and nobody's person shows."""

import asyncio
import json
import re
import time
from urllib.parse import urlsplit

import nats
import psycopg
import pytest
import redis

from tests.support.instances import Up
from tests.support.patience import PATIENCE

CANARY = {"north": "cormorant", "south": "kingfisher"}
PERSON = {"north": "Zubaydah", "south": "Harun"}
OTHER = {"north": "south", "south": "north"}
AT_REST = (
    "SELECT (SELECT min(position) FROM read.projections) >= h.position"
    " AND (SELECT min(position) FROM policies.positions) >= h.position AND NOT EXISTS"
    " (SELECT FROM read.relays r JOIN read.changes c USING (projection) WHERE c.seq > r.seq)"
    " FROM log.head h"
)


class Tenant:
    """One tenant of a running Souk, driven over HTTP as its own people."""

    def __init__(self, up: Up, name: str) -> None:
        self.up, self.name, self.ids = up, name, {}
        self.canary, self.person = CANARY[name], PERSON[name]
        self.tokens = {role: up.token(role, name) for role in ("admin", "buyer", "seller")}

    def post(self, role: str, path: str, body: object = None) -> dict:
        key = f"{self.name}{len(self.ids)}{path}"
        post = self.up.post
        status, answer = served(post, f"/api/v1{path}", body or {}, self.tokens[role], key)
        assert status < 300, answer
        self.position = json.loads(answer)["position"]
        return json.loads(answer)

    def get(self, path: str) -> tuple[int, str]:
        status, answer = served(self.up.get, path, self.tokens["admin"])
        return status, answer.decode()

    def trade(self) -> None:
        """Every kind of text that there is, with the canary in it."""
        mark, price = self.canary, {"amount": "10.00", "currency": "DZD"}
        self.post("admin", "/tenants", {"id": self.name, "name": mark, "currency": "DZD"})
        member = {"user": "seller", "role": "seller", "name": self.person}
        self.post("admin", "/identity/members", member)
        self.post("admin", "/identity/members/seller/appoint-seller", {"shop": f"{mark} shop"})
        text = {"name": f"{mark} rug", "slug": f"{mark}-rug", "category": mark, "brand": mark}
        body = {**text, "description": mark, "price": price, "sku": mark}
        product = self.post("seller", "/catalog/products", body)["id"]
        self.post("seller", f"/inventory/{product}/receive", {"quantity": 9})
        cart = self.post("buyer", "/carts")["id"]
        self.post("buyer", f"/carts/{cart}/items", {"product": product, "quantity": 2})
        person = dict.fromkeys(("name", "phone", "email", "address"), self.person)
        bought = {"customer": {**person, "region": mark}, "note": self.person}
        checkout = self.post("buyer", f"/carts/{cart}/check-out", bought)
        order = checkout["orders"][0]["id"]
        self.post("seller", f"/orders/{order}/confirm")
        self.post("seller", f"/orders/{order}/start-processing")
        self.post("seller", f"/orders/{order}/ship", {"tracking": mark})
        self.ids = {"product": product, "cart": cart, "checkout": checkout["id"], "order": order}


def served(ask, *about):
    """Asked again, with the same key, while the servers take too long for the API."""
    until = time.monotonic() + PATIENCE
    while (answer := ask(*about))[0] == 503 and time.monotonic() < until:
        time.sleep(0.5)
    return answer


def eventually(question):
    until = time.monotonic() + PATIENCE
    while not (answer := question()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return answer


@pytest.fixture(scope="module")
def market(walk):
    _, up = walk
    tenants = {name: Tenant(up, name) for name in CANARY}
    for tenant in tenants.values():
        tenant.trade()
    for tenant in tenants.values():
        path = f"/api/v1/orders/{tenant.ids['order']}?after={tenant.position}"
        assert '"status":"shipped"' in tenant.get(path)[1]
    with psycopg.connect(instance(tenants)["postgres"], autocommit=True) as db:
        eventually(lambda: db.execute(AT_REST).fetchone()[0])
    return tenants


def instance(market) -> dict:
    return json.loads((market["north"].up.directory / "instance.json").read_text())


@pytest.mark.parametrize("name", CANARY)
def test_no_answer_shows_anothers(market, name):
    asker, other = market[name], market[OTHER[name]]
    document = json.loads(asker.up.get("/docs/openapi.json")[1])
    queries = [path for path, item in document["paths"].items() if "get" in item]
    assert len(queries) > 15
    foreign = list(other.ids.values())
    for path in queries:
        for id in foreign if "{" in path else [""]:
            status, answer = asker.get(re.sub(r"\{\w+\}", id, path))
            assert status in (200, 400, 404), (path, answer)
            assert other.canary not in answer
            assert other.person not in answer
    own = asker.get(f"/api/v1/orders/{asker.ids['order']}")[1]
    assert asker.canary in own
    assert asker.person in own


@pytest.mark.parametrize("name", CANARY)
def test_no_row_holds_anothers_and_no_person_stands_in_clear(market, name):
    found = 0
    with psycopg.connect(instance(market)["postgres"]) as db:
        tables = db.execute(
            "SELECT table_schema, table_name FROM information_schema.columns"
            " WHERE column_name = 'tenant' AND table_schema IN ('log', 'keys', 'read', 'policies')"
        ).fetchall()
        assert len(tables) > 15
        for schema, table in tables:
            rows = db.execute(f"SELECT * FROM {schema}.{table} WHERE tenant = %s", (name,))
            text = " ".join(_shown(value) for row in rows for value in row)
            found += CANARY[name] in text
            assert CANARY[OTHER[name]] not in text, table
            assert not any(person in text for person in PERSON.values()), table
    assert found > 5


def test_no_subject_and_no_message_shows_anothers(market):
    messages = asyncio.run(_pushed(instance(market)["nats"]))
    for tenant, canary in CANARY.items():
        told = {subject.split(".")[1] for subject, text in messages if canary in subject + text}
        assert told == {tenant}
    assert not any(person in text for _, text in messages for person in PERSON.values())


def test_no_cache_key_shows_anothers(market):
    with redis.Redis.from_url(instance(market)["valkey"]) as valkey:
        for tenant in CANARY:
            pattern = f"*:{tenant}:*"
            keys = eventually(lambda pattern=pattern: list(valkey.scan_iter(pattern)))
            text = b" ".join(
                value for key in keys for pair in valkey.hgetall(key).items() for value in pair
            )
            assert CANARY[OTHER[tenant]].encode() not in text
            assert not any(person.encode() in text for person in PERSON.values())


def test_no_log_line_shows_anyone(market):
    logs = market["north"].up.directory / "logs"
    text = " ".join(path.read_text(errors="replace") for path in logs.glob("*.log"))
    assert '"route"' in text
    for word in (*CANARY.values(), *PERSON.values(), market["north"].tokens["admin"]):
        assert word not in text


def _shown(value: object) -> str:
    return bytes(value).decode(errors="replace") if isinstance(value, bytes) else str(value)


async def _pushed(url: str) -> list[tuple[str, str]]:
    """Every message that was pushed so far."""
    assert urlsplit(url).hostname == "127.0.0.1"
    connection = await nats.connect(url)
    stream = connection.jetstream(timeout=PATIENCE)
    total = (await stream.stream_info("SOUK")).state.messages
    follower = await stream.subscribe("souk.>", ordered_consumer=True)
    messages = [await follower.next_msg(timeout=PATIENCE) for _ in range(total)]
    await connection.close()
    return [(message.subject, message.data.decode()) for message in messages]
