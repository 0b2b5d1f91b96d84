"""A conversation on the real servers: what is asked, what is told, and what is refused."""

import asyncio
import json
from itertools import count

import pytest
from psycopg import AsyncConnection

from entrypoints.live import snapshots
from entrypoints.live.conversation import MOST
from tests.carts.test_http import cart
from tests.live.test_topics import trade
from tests.support.live import running_gateway
from tests.support.patience import PATIENCE

PEOPLE = {"bazaar": ("cormorant", "Zubaydah"), "elsewhere": ("kingfisher", "Harun")}


@pytest.fixture
async def readers(api):
    async with running_gateway(api) as running:
        yield running


async def test_the_first_message_says_who_one_is(readers):
    reader = await readers.of("buyer", "karim")
    (hello,) = reader.told
    assert (hello["type"], hello["user"], hello["tenant"]) == ("hello", "karim", "bazaar")
    assert hello["reconnect"]["max"] > hello["reconnect"]["min"] > 0


async def test_a_snapshot_and_then_each_change(api, readers):
    await api.market("amina")
    tea = await api.product("amina", "tea")
    seller, reader = api.of("seller", "amina"), await readers.of("buyer", "karim")
    topic, path = f"catalog/{tea}", f"/catalog/products/{tea}"
    made = (await seller.post(f"{path}/minimum", {"quantity": 2})).json()["position"]
    await seller.get(path, after=made)

    snapshot = await reader.subscribed(topic)
    assert (snapshot["type"], snapshot["complete"]) == ("snapshot", True)
    assert snapshot["items"][0]["document"]["min_order_quantity"] == 2
    assert snapshot["position"] >= snapshot["items"][0]["position"] == made
    made = (await seller.post(f"{path}/minimum", {"quantity": 3})).json()["position"]
    change = await reader.until(lambda m: m["type"] == "change")
    assert (change["position"], change["id"]) == (made, tea)
    assert change["document"] == (await seller.get(path, after=made)).json()
    assert [m["type"] for m in reader.of(topic)] == ["snapshot", "change"]


async def test_who_comes_back_is_told_what_they_missed_and_no_more(api, readers):
    await api.market("amina")
    tea = await api.product("amina", "tea")
    seller, path = api.of("seller", "amina"), f"/catalog/products/{tea}"
    made = []
    for quantity in range(2, 8):
        made.append((await seller.post(f"{path}/minimum", {"quantity": quantity})).json())
        await seller.get(path, after=made[-1]["position"])
    for topic in (f"catalog/{tea}", "catalog?seller=amina", "catalog"):
        reader = await readers.of("buyer", "karim")
        resumed = await reader.subscribed(topic, after=made[1]["position"])
        assert (resumed["type"], resumed["position"]) == ("resumed", made[1]["position"])
        last = made[-1]["position"]
        await reader.until(lambda m, last=last: m.get("position") == last)
        told = [m["position"] for m in reader.of(topic)[1:]]
        assert told == [m["position"] for m in made[2:]]


async def test_who_is_ahead_of_the_gateway_is_told_nothing_twice(api, readers):
    await api.market("amina")
    tea = await api.product("amina", "tea")
    seller, path = api.of("seller", "amina"), f"/catalog/products/{tea}"
    reader, topic = await readers.of("buyer", "karim"), f"catalog/{tea}"
    made = (await seller.post(f"{path}/minimum", {"quantity": 2})).json()["position"]
    await seller.get(path, after=made)
    assert (await reader.subscribed(topic, after=made))["type"] == "resumed"
    later = (await seller.post(f"{path}/minimum", {"quantity": 3})).json()["position"]
    await reader.until(lambda m: m.get("position") == later)
    assert [m["position"] for m in reader.of(topic)] == [made, later]


async def test_history_that_is_gone_is_answered_by_everything_anew(api, readers, database):
    await api.market("amina")
    tea = await api.product("amina", "tea")
    path = f"/catalog/products/{tea}"
    made = (await api.of("seller", "amina").post(f"{path}/minimum", {"quantity": 2})).json()
    await api.of("buyer", "karim").get(path, after=made["position"])
    await begun(readers)
    readers.gateway.splicer._past = Forgetful()
    reader = await readers.of("buyer", "karim")
    await reader.subscribed("catalog", after=1)
    await reader.until(lambda m: m["type"] == "snapshot")
    kinds = [m["type"] for m in reader.of("catalog")]
    assert kinds == ["resumed", "resync", "snapshot"]


async def begun(readers):
    """The feed's beginning makes who is joining read once more."""
    past = readers.gateway.splicer._past
    async with asyncio.timeout(PATIENCE):
        while "catalog" not in past._seqs:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Forgetful:
    async def since(self, tenant, where, after):
        return None


async def test_an_order_is_new_then_moves_for_its_seller_and_its_buyer(api, readers):
    await api.market("amina")
    tea = await api.product("amina", "tea", stock=5)
    amina, karim = await readers.of("seller", "amina"), await readers.of("buyer", "karim")
    await amina.subscribed("orders?seller=amina")
    await karim.subscribed("orders?buyer=karim")
    buyer = api.of("buyer", "karim")
    bought = await cart(buyer, (tea, 2))
    told = {"customer": {"name": "Karim D.", "phone": "0550 111"}, "note": "ring twice"}
    order = (await buyer.post(f"/carts/{bought}/check-out", told)).json()["orders"][0]["id"]
    await amina.until(lambda m: m.get("event") == "order:new")
    await api.of("seller", "amina").post(f"/orders/{order}/confirm")
    for reader in (amina, karim):
        await reader.until(lambda m: m.get("document", {}).get("status") == "confirmed")
        changes = [m for m in reader.told if m["type"] == "change"]
        assert [m["event"] for m in changes] == ["order:new", "order:status"]
        assert {m["id"] for m in changes} == {order}
        text = json.dumps(reader.told)
        assert not any(word in text for word in ("Karim D.", "0550", "ring twice", "personal"))


async def test_stock_is_told_to_its_seller(api, readers):
    await api.market("amina")
    tea = await api.product("amina", "tea", stock=5)
    seller, reader = api.of("seller", "amina"), await readers.of("seller", "amina")
    await seller.get(f"/inventory/{tea}")
    await reader.subscribed("inventory?seller=amina")
    await seller.post(f"/inventory/{tea}/receive", {"quantity": 7})
    told = await reader.until(lambda m: m.get("document", {}).get("available") == 12)
    assert told["event"] == "inventory-updated"


async def test_what_is_retired_goes_for_buyers_and_stays_for_its_seller(api, readers):
    ids = await trade(api)
    tea, topic = ids["catalog"], f"catalog/{ids['catalog']}"
    karim, amina = await readers.of("buyer", "karim"), await readers.of("seller", "amina")
    for reader in (karim, amina):
        assert (await reader.subscribed(topic))["type"] == "snapshot"
        assert (await reader.subscribed("catalog"))["type"] == "snapshot"
    assert ids["cup"] not in json.dumps(karim.told)
    await api.of("seller", "amina").post(f"/catalog/products/{tea}/retire")
    gone = await karim.until(lambda m: m["type"] == "change" and m["topic"] == topic)
    kept = await amina.until(lambda m: m["type"] == "change" and m["topic"] == topic)
    await karim.until(lambda m: m["type"] == "change" and m["topic"] == "catalog")
    assert gone["document"] is None
    assert kept["document"]["retired"] is True
    assert karim.documents()["catalog"][tea] is None
    assert (await karim.subscribed(topic))["code"] == "catalog.unknown_product"
    assert (await amina.subscribed(topic))["items"][0]["document"]["retired"] is True


async def test_a_long_list_is_cut_to_its_newest(api, readers, monkeypatch):
    monkeypatch.setattr(snapshots, "MOST", 3)
    await api.market("amina")
    made = [await api.product("amina", f"tea-{n}") for n in range(5)]
    seller = api.of("seller", "amina")
    seen = (await seller.post(f"/catalog/products/{made[-1]}/minimum", {"quantity": 2})).json()
    await seller.get("/catalog/products", after=seen["position"])
    snapshot = await (await readers.of("buyer", "karim")).subscribed("catalog")
    assert snapshot["complete"] is False
    assert [item["id"] for item in snapshot["items"]] == made[:-4:-1]


async def test_too_many_who_read_at_once_are_told_when_to_come_back(api, readers):
    readers.gateway.splicer._snapshots._most = 0
    reader = await readers.of("buyer", "karim")
    error = await reader.subscribed("catalog")
    assert error["code"] == "unavailable"
    assert error["retry_in"] > 0
    assert reader.session.watched == {}


async def test_a_hundred_topics_and_no_more(readers):
    reader = await readers.of("admin", "root")
    for n in range(MOST + 1):
        reader.ask(type="subscribe", topic=f"orders?seller=s{n}")
    told = await reader.until(lambda m: m["type"] == "error")
    assert (told["code"], told["topic"]) == ("too_many_subscriptions", f"orders?seller=s{MOST}")
    reader.ask(type="unsubscribe", topic="orders?seller=s0")
    assert (await reader.subscribed("orders?seller=again"))["type"] == "snapshot"
    assert len(reader.session.watched) == MOST


async def test_a_topic_left_is_silent_and_one_asked_for_again_begins_anew(api, readers):
    await api.market("amina")
    reader = await readers.of("buyer", "karim")
    await reader.subscribed("catalog")
    again = await reader.subscribed("catalog")
    assert again["type"] == "snapshot"
    assert len(reader.session.watched) == 1
    assert (await reader.subscribed("orders?buyer=karim"))["type"] == "snapshot"
    reader.ask(type="unsubscribe", topic="catalog")
    assert reader.told[-1] == {"type": "unsubscribed", "topic": "catalog"}
    before = len(reader.of("catalog"))
    await api.product("amina", "tea")
    other = await readers.of("buyer", "lina")
    await other.subscribed("catalog")
    await other.until(lambda m: m["type"] in ("change", "snapshot") and "tea" in json.dumps(m))
    assert len(reader.of("catalog")) == before


NO_MESSAGES = (
    "",
    "null",
    "[]",
    "{}",
    "subscribe",
    '{"type":"subscribe"}',
    '{"type":"shout"}',
    '{"type":"subscribe","topic":1}',
    '{"type":"subscribe","topic":"catalog","after":-1}',
    '{"type":"subscribe","topic":"catalog","after":9223372036854775808}',
    '{"type":"subscribe","topic":"catalog","after":"1"}',
    '{"type":"subscribe","topic":"catalog","more":1}',
    '{"type":"subscribe","topic":"' + "x" * 201 + '"}',
    '{"type":"ping","n":1e400}',
    "[" * 20_000,
    '{"type":"ping","n":"\ud800"}',
)


async def test_what_is_no_message_is_malformed_and_the_conversation_goes_on(readers):
    reader = await readers.of("buyer", "karim")
    for text in NO_MESSAGES:
        reader.session.received(text)
        assert (reader.told[-1]["type"], reader.told[-1]["code"]) == ("error", "malformed")
        reader.ask(type="ping", n=7)
        assert reader.told[-1] == {"type": "pong", "n": 7}


async def test_what_is_no_topic_is_named_in_full_however_long_it_is(api, readers):
    bearer, long = {"authorization": f"Bearer {api.token('buyer', 'karim')}"}, "x" * 1000
    stream = await readers.enter(bearer, "sse", topic=[long, "catalog"])
    told = await stream.until(lambda m: m["type"] == "error")
    assert (told["code"], told["topic"]) == ("malformed", long)
    await stream.until(lambda m: m["type"] == "snapshot")


async def test_a_stream_tells_the_same_and_goes_on_from_its_last_id(api, readers):
    await api.market("amina")
    tea = await api.product("amina", "tea")
    seller, path = api.of("seller", "amina"), f"/catalog/products/{tea}"
    made = (await seller.post(f"{path}/minimum", {"quantity": 2})).json()["position"]
    await seller.get(path, after=made)
    headers = {"authorization": f"Bearer {api.token('seller', 'amina')}"}
    wanted = [f"catalog/{tea}", "nowhere", "orders?seller=amina"]
    stream = await readers.enter(headers, "sse", topic=wanted)
    await stream.until(lambda m: m.get("topic") == wanted[2])
    await stream.until(lambda m: m.get("topic") == wanted[0])
    assert [m["code"] for m in stream.told if m["type"] == "error"] == ["not_found"]
    id = stream.frames[-1].id
    assert [bool(part) for part in id.split(",")] == [True, False, True]
    stream.leave()
    later = (await seller.post(f"{path}/minimum", {"quantity": 3})).json()["position"]
    again = await readers.enter(headers | {"last-event-id": id}, "sse", topic=wanted)
    change = await again.until(lambda m: m["type"] == "change")
    assert change["position"] == later
    assert [m["type"] for m in again.of(wanted[0])] == ["resumed", "change"]
    assert [frame.id for frame in again.frames if b'"change"' in frame.json] == [
        f"{later},,{id.rpartition(',')[2]}"
    ]


async def test_an_id_that_was_never_sent_is_refused(api, readers):
    for id in ("1", "1,2,3", "a,b", "-1,", "1,99999999999999999999"):
        headers = {"authorization": f"Bearer {api.token('buyer', 'karim')}", "last-event-id": id}
        refusal = await readers.refused(headers, "sse", topic=["catalog", "orders?buyer=karim"])
        assert (refusal.status, refusal.code) == (400, "malformed")


async def test_a_stream_of_nothing_is_refused(api, readers):
    headers = {"authorization": f"Bearer {api.token('buyer', 'karim')}"}
    assert (await readers.refused(headers, "sse")).code == "malformed"


async def test_nothing_of_one_tenant_is_told_in_another(api, readers):
    watching = {}
    for tenant in PEOPLE:
        await api.market("amina", tenant=tenant)
        watching[tenant] = await readers.of("admin", "root", tenant)
        for topic in ("orders", "checkouts", "payments", "carts", "catalog", "inventory"):
            assert (await watching[tenant].subscribed(topic))["type"] == "snapshot"
    for tenant, (canary, person) in PEOPLE.items():
        tea = await api.product("amina", canary, stock=9, tenant=tenant)
        buyer = api.of("buyer", "karim", tenant)
        bought = await cart(buyer, (tea, 1))
        told = {"customer": {"name": person, "region": canary}, "note": person}
        order = (await buyer.post(f"/carts/{bought}/check-out", told)).json()["orders"][0]["id"]
        await api.of("seller", "amina", tenant).post(f"/orders/{order}/confirm")
        reader = watching[tenant]
        await reader.until(lambda m: m.get("document", {}).get("status") == "confirmed")
        await reader.until(lambda m: m.get("topic") == "payments" and m["type"] == "change")
        await reader.until(lambda m: m.get("topic") == "carts" and m["type"] == "change")
    for tenant, reader in watching.items():
        text = json.dumps(reader.told)
        (other,) = set(PEOPLE) - {tenant}
        assert PEOPLE[tenant][0].title() in text
        assert PEOPLE[other][0] not in text.lower()
        assert not any(person in text for _, person in PEOPLE.values())


async def test_rows_and_position_are_of_one_moment(api, database):
    """While somebody moves both together, reading them in one statement never tells them apart."""
    from projections.catalog import PRODUCTS
    from projections.kernel import standing

    await api.market("amina")
    tea = await api.product("amina", "tea")
    seller, path = api.of("seller", "amina"), f"/catalog/products/{tea}"
    made = (await seller.post(f"{path}/minimum", {"quantity": 2})).json()["position"]
    assert (await seller.get(path, after=made)).status_code == 200
    moved = set()

    async def move():
        """Until it was seen often enough."""
        async with await AsyncConnection.connect(database) as db:
            for n in count(1000):
                if n >= 1400 and len(moved) > 3:
                    return
                await db.execute(
                    "UPDATE read.projections SET position = %s WHERE name = 'tenants'", (n,)
                )
                await db.execute("UPDATE read.catalog_products SET position = %s", (n,))
                await db.commit()

    moving = asyncio.create_task(move())
    while not moving.done():
        reader = api.souk.reader("bazaar")
        found = await standing(reader, "tenants", PRODUCTS.name, "true", (), "id", 9)
        if found.position >= 1000:
            assert [row.position for row in found.rows] == [found.position]
            moved.add(found.position)
    await moving
    assert len(moved) > 3


async def test_two_statements_of_one_transaction_are_of_two_moments(api, database):
    """Why a snapshot is read in one: the reader's transactions are READ COMMITTED."""
    await api.market("amina")
    look = "SELECT position FROM read.projections WHERE name = 'tenants'"
    async with (
        await AsyncConnection.connect(database) as reader,
        await AsyncConnection.connect(database, autocommit=True) as writer,
    ):
        await reader.execute("BEGIN READ ONLY")
        first = await (await reader.execute(look)).fetchone()
        await writer.execute("UPDATE read.projections SET position = position + 7")
        second = await (await reader.execute(look)).fetchone()
    assert second != first
