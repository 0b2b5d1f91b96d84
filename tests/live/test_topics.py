"""Topics mean what routes mean: the same documents, for the same people, with the same codes."""

import dataclasses
import json
import re
import uuid

import pytest

from adapters.live.change import Change
from domain.permissions import expand
from entrypoints.caller import Caller
from entrypoints.live.asyncapi import document
from entrypoints.live.kinds import ANALYTICS, KINDS
from entrypoints.live.topics import Malformed, offered, parse
from tests.carts.test_http import cart
from tests.support.http import Client
from tests.support.live import Readers, running_gateway

PEOPLE = [
    ("buyer", "karim", "bazaar"),
    ("buyer", "lina", "bazaar"),
    ("seller", "amina", "bazaar"),
    ("seller", "basma", "bazaar"),
    ("admin", "root", "bazaar"),
    ("auditor", "audrey", "bazaar"),
    ("nothing", "karim", "bazaar"),
    ("admin", "root", "elsewhere"),
    ("seller", "amina", "elsewhere"),
]
BIN = {"catalog": ("admin",), "catalog?seller=amina": ("admin", "seller")}
NOWHERE = str(uuid.uuid4())


@pytest.fixture
async def readers(api):
    async with running_gateway(api) as running:
        yield running


def token(api, role, user, tenant):
    granted = [] if role == "nothing" else None
    return (
        api.souk.signer.sign(user, tenant, granted)
        if granted == []
        else api.token(role, user, tenant)
    )


async def trade(api):
    """karim has bought amina's tea; her cup is retired. What there is, by context."""
    await api.market("amina", "basma")
    await api.market("amina", tenant="elsewhere")
    tea, cup = [await api.product("amina", slug, stock=50) for slug in ("tea", "cup")]
    karim, amina = api.of("buyer", "karim"), api.of("seller", "amina")
    bought = await cart(karim, (tea, 1))
    told = {"customer": {"name": "Karim D.", "phone": "0550", "region": "16"}, "note": "ring"}
    receipt = (await karim.post(f"/carts/{bought}/check-out", told)).json()
    wool = {"name": "Wool", "kind": "yarn", "unit": "g"}
    wool = (await amina.post("/materials", wool)).json()["id"]
    scarf = (await amina.post("/costing/products", {"name": "Scarf"})).json()["id"]
    shelf = {"name": "Teas", "slug": "teas"}
    shelf = (await api.of("admin", "root").post("/categories", shelf)).json()["id"]
    retired = (await amina.post(f"/catalog/products/{cup}/retire")).json()
    for path in (f"/orders/{receipt['orders'][0]['id']}", f"/payments/{receipt['id']}"):
        await karim.get(path, after=retired["position"])
    for path in (
        "/carts",
        "/checkouts",
        "/catalog/products",
        "/inventory",
        "/materials",
        "/costing/products",
        "/categories",
        "/identity/members",
    ):
        await api.of("admin", "root").get(path, after=retired["position"])
    await api.of("admin", "root").get("/analytics/sales", after=retired["position"])
    ids = {"orders": receipt["orders"][0]["id"], "checkouts": receipt["id"], "carts": bought}
    ids |= {"payments": receipt["id"], "catalog": tea, "inventory": tea, "materials": wool}
    return ids | {"costing": scarf, "categories": shelf, "cup": cup}


def routes(ids, user):
    """Topics, and what a person would read instead."""
    found = {
        f"{context}/{ids[context]}": f"/{context}/{ids[context]}"
        for context in (
            "orders",
            "checkouts",
            "payments",
            "carts",
            "inventory",
            "materials",
            "categories",
        )
    }
    found |= {
        f"{context}/{NOWHERE}": f"/{context}/{NOWHERE}" for context in ids if context != "cup"
    }
    products = {id: f"/catalog/products/{id}" for id in (ids["catalog"], ids["cup"], NOWHERE, "1")}
    found |= {f"catalog/{id}": path for id, path in products.items()}
    found |= {f"costing/{id}": f"/costing/products/{id}" for id in (ids["costing"], NOWHERE)}
    found |= {
        "orders/1": "/orders/1",
        "analytics/amina": "/analytics/dashboard?seller=amina",
        "analytics/basma": "/analytics/dashboard?seller=basma",
        "analytics/nobody": "/analytics/dashboard?seller=nobody",
        "analytics/sales": "/analytics/sales",
        "catalog": "/catalog/products",
        "catalog?seller=amina": "/catalog/products?seller=amina",
        "orders": "/orders?as=tenant",
        "orders?seller=amina": "/orders?as=" + ("seller" if user == "amina" else "tenant"),
        "orders?buyer=karim": "/orders?as=" + ("buyer" if user == "karim" else "tenant"),
        "nowhere": "/nowhere",
    }
    return found


def answered(answer, topic):
    """As a topic would say it: a code, or the documents by id."""
    if answer.status_code != 200:
        return answer.json()["code"]
    found = answer.json()
    documents = found.get("items", [found])
    return {document.get("id", topic.partition("/")[2]): _clear(document) for document in documents}


def _clear(document):
    return {name: value for name, value in document.items() if name != "personal"}


def said(message):
    if message["type"] == "error":
        return message["code"]
    return {item["id"]: item["document"] for item in message["items"]}


async def test_a_topic_is_as_its_route(api, readers):
    ids = await trade(api)
    as_far = {"souk-after": str(await api.souk.positions.head())}  # what counts may lag behind
    for role, user, tenant in PEOPLE:
        signed = token(api, role, user, tenant)
        client, reader = Client(api.http, signed), await readers.signed_in(signed)
        for topic, path in routes(ids, user).items():
            http = answered(await client.send("GET", path, as_far), topic)
            live = said(await reader.subscribed(topic))
            if topic == "analytics/sales" and live == {}:
                live = {"sales": http["sales"]}  # HTTP makes totals of nothing up
            if topic == "catalog/1" or topic == "nowhere":
                http = "not_found"
            if topic.startswith("catalog") and role in BIN.get(topic, ()):
                live.pop(ids["cup"], None)  # the bin, which is another list over HTTP
            assert live == http, topic
        assert "Karim D." not in json.dumps(reader.told)
        assert '"personal"' not in json.dumps(reader.told)


async def test_what_is_elsewhere_is_answered_like_what_is_nowhere(api, readers):
    ids = await trade(api)
    reader = await readers.of("admin", "root", "elsewhere")
    for context in ids.keys() - {"cup"}:
        there = await reader.subscribed(f"{context}/{ids[context]}")
        nowhere = await reader.subscribed(f"{context}/{NOWHERE}")
        assert {**there, "topic": ""} == {**nowhere, "topic": ""}


async def test_whose_it_is_not_may_not_watch_by_filter(api, readers):
    await trade(api)
    for role, user in (("buyer", "lina"), ("seller", "basma")):
        reader = await readers.of(role, user)
        for topic in (
            "orders?seller=amina",
            "orders?buyer=karim",
            "checkouts?buyer=karim",
            "payments?buyer=karim",
            "carts?owner=karim",
            "inventory?seller=amina",
            "materials?owner=amina",
            "costing?owner=amina",
            "costing",
            "bulks?owner=amina",
            "bulks",
            "orders",
            "checkouts",
            "payments",
            "carts",
            "inventory",
            "materials",
        ):
            assert said(await reader.subscribed(topic)) == "forbidden", topic


async def test_everyone_watches_their_own_by_filter(api, readers):
    ids = await trade(api)
    karim, amina = await readers.of("buyer", "karim"), await readers.of("seller", "amina")
    for reader, topic, context in (
        (karim, "orders?buyer=karim", "orders"),
        (karim, "checkouts?buyer=karim", "checkouts"),
        (karim, "payments?buyer=karim", "payments"),
        (karim, "carts?owner=karim", "carts"),
        (amina, "orders?seller=amina", "orders"),
        (amina, "inventory?seller=amina", "inventory"),
        (amina, "materials?owner=amina", "materials"),
    ):
        assert ids[context] in said(await reader.subscribed(topic)), topic


@pytest.mark.parametrize(
    "text",
    ["", "orders/", "orders?", "orders?seller=", "orders?seller=a&buyer=b", "orders/a/b", "Orders",
     "orders?colour=red", "catalog?buyer=karim", "orders?seller=*", "orders/>", "orders.x", "a b",
     "orders/" + "x" * 65, "analytics?seller=amina", "orders\n"],
)  # fmt: skip
def test_what_is_no_topic_is_malformed(text):
    with pytest.raises(Malformed):
        parse(text)


async def test_what_is_offered_is_what_may_be_watched(api, readers: Readers):
    ids = await trade(api)
    for role, user, tenant in PEOPLE:
        signed = token(api, role, user, tenant)
        told = (await Client(api.http, signed).get("/live")).json()["topics"]
        reader = await readers.signed_in(signed)
        caller: Caller = reader.session.caller
        assert told == offered(caller)
        for pattern in told:
            topic = pattern.replace("{seller}", "amina").replace("{buyer}", "karim")
            topic = topic.replace("{target}", "grossiste")
            topic = re.sub(r"\{(owner|viewer|author)\}", "karim", topic)
            topic = topic.replace("{reel}", NOWHERE)
            topic = topic.replace("{id}", ids.get(topic.split("/")[0], NOWHERE))
            answer = await reader.subscribed(topic)
            if answer["type"] == "error":
                assert answer["code"].partition(".")[2].startswith("unknown_"), (topic, answer)


def test_what_stands_for_an_id_is_what_its_kind_calls_it(monkeypatch):
    """A list whose id is its buyer's is not told to be a seller's."""
    kind = dataclasses.replace(ANALYTICS, context="wishlists", id="buyer")
    monkeypatch.setitem(KINDS, "wishlists", kind)
    audrey = Caller("bazaar", "audrey", expand(["analytics:view", "analytics:read_all"]))
    karim = Caller("bazaar", "karim", expand(["analytics:view"]))
    assert [topic for topic in offered(audrey) if "wish" in topic] == ["wishlists/{buyer}"]
    assert [topic for topic in offered(karim) if "wish" in topic] == ["wishlists/karim"]
    made = document.__wrapped__()  # the page of all others is kept as it is
    titles = [channel["title"] for channel in made["channels"].values()]
    assert {"wishlists/{buyer}", "analytics/{seller}", "orders/{id}"} <= {*titles}


def change(topic, document, **more):
    return Change("orders", 7, "bazaar", topic, 12, document, **more)


def test_orders_tell_the_new_from_the_changed():
    topic, id = parse("orders"), NOWHERE
    new = change(f"orders.{id}.amina.karim", b'{"id":1}', first=True)
    old = change(f"orders.{id}.amina.karim", b'{"id":1}')
    told = [json.loads(topic.changed([one], False).json) for one in (new, old)]
    assert [message["event"] for message in told] == ["order:new", "order:status"]
    both = json.loads(topic.changed([new, old], False).json)
    assert (both["type"], both["position"], len(both["items"])) == ("changes", 12, 2)


@pytest.mark.parametrize(
    ("topic", "changed"),
    [
        ("inventory?seller=amina", "inventory.x.amina"),
        ("materials?owner=amina", "materials.x.amina"),
    ],
)
def test_stock_says_that_it_was_updated(topic, changed):
    told = parse(topic).changed([change(changed, b"{}")], False)
    assert json.loads(told.json)["event"] == "inventory-updated"


def test_what_is_retired_is_gone_for_who_may_not_see_it():
    topic = parse("catalog")
    shown = change("catalog.x.amina", b'{"seller":"amina","retired":false}')
    retired = change("catalog.x.amina", b'{"seller":"amina","retired":true}')
    assert (topic.hides([shown]), topic.hides([retired])) == (False, True)
    assert json.loads(topic.changed([retired], True).json)["document"] is None
    assert json.loads(topic.changed([retired], False).json)["document"]["retired"] is True
