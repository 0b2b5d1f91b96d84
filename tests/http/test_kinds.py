"""What is sent as one kind of thing is not taken for another: JSON has kinds of its own, and in a
query null is a word."""

import uuid

import pytest

from adapters.log.tail import head
from adapters.postgres.pools import borrow
from tests.http.test_malformed import PATH


@pytest.fixture
def api(town):
    return town.apart()


@pytest.fixture
async def amina(api):
    await api.market("amina")
    return api.of("seller", "amina")


async def told(api):
    async with borrow(api.souk.project) as db:
        return await head(db)


async def test_in_a_body_a_text_is_no_number_no_null_and_no_truth_and_a_number_is_no_truth(
    api, amina
):
    root, tea = api.of("admin", "root"), await api.product("amina", "tea")
    wool = {"name": "Wool", "kind": "yarn", "unit": "g"}
    wool = (await amina.post("/materials", wool)).json()["id"]
    dear = {"amount": "9.00", "currency": "DZD"}
    price = {"name": "x", "slug": "x", "price": dear}
    await amina.post(f"/materials/{wool}/standard-cost", {"cost": dear})
    before = await told(api)
    for path, body, at in (
        (f"/materials/{wool}/standard-cost", {"cost": "null"}, "cost"),
        (f"/inventory/{tea}/receive", {"quantity": "3"}, "quantity"),
        (PATH, price | {"min_order_quantity": "3"}, "min_order_quantity"),
        (f"{PATH}/{tea}/feature", {"featured": 1}, "featured"),
        (f"{PATH}/{tea}/feature", {"featured": "true"}, "featured"),
        (f"{PATH}/{tea}/fields", {"fields": {"size": 1}}, "fields[...]"),
        (f"{PATH}/{tea}/fields", {"fields": {"size": 0}}, "fields[...]"),
        (f"{PATH}/{tea}/fields", {"fields": {"size": 2}}, "fields[...]"),
    ):
        refused = await root.post(path, body)
        assert (refused.status_code, refused.json()["code"]) == (400, "malformed"), body
        assert refused.json()["detail"].startswith(f"{at}: Expected "), body
    assert await told(api) == before
    for sent in ("null", "1", "true"):  # of a text's kind
        done = await amina.post(f"{PATH}/{tea}/fields", {"fields": {"size": sent}})
        read = await amina.get(f"{PATH}/{tea}", after=done.json()["position"])
        assert read.json()["fields"] == {"size": sent}


async def test_in_a_body_a_whole_number_is_one_however_it_is_written(api, amina):
    tea, karim = await api.product("amina", "tea"), api.of("buyer", "karim")
    receive, cart = f"/inventory/{tea}/receive", (await karim.post("/carts")).json()["id"]
    for written in ("3.0", "1e3", "0.5E1"):
        body = b'{"quantity": %b}' % written.encode()
        done = await sent(amina, receive, body)
        assert done.status_code == 200, done.text
    stock = (await amina.get(f"/inventory/{tea}", after=done.json()["position"])).json()
    assert stock["on_hand"] == 1008
    body = b'{"product": "%b", "quantity": 2.0}' % tea.encode()
    done = await sent(karim, f"/carts/{cart}/items", body)  # beside what is no number
    assert done.status_code == 200, done.text

    before = await told(api)
    for path, body, at in (
        (receive, b'{"quantity": 3.5}', "quantity"),
        (receive, b'{"quantity": 1e300}', "quantity"),
        (receive, b'{"quantity": 9007199254740992.0}', "quantity"),
        (receive, b'{"quantity": "3.0"}', "quantity"),
        (f"{PATH}/{tea}/feature", b'{"featured": 1.0}', "featured"),
        (f"{PATH}/{tea}/fields", b'{"fields": {"size": 1.0}}', "fields[...]"),
        (PATH, b'{"min_order_quantity": 2.0, "name": 1, "slug": "x"}', "name"),
    ):
        refused = await sent(api.of("admin", "root"), path, body)
        assert (refused.status_code, refused.json()["code"]) == (400, "malformed"), body
        assert at in refused.json()["detail"], body
        assert "Expected `" in refused.json()["detail"], body
    assert await told(api) == before


async def sent(client, path, body):
    headers = {"content-type": "application/json", "idempotency-key": str(uuid.uuid4())}
    return await client.send("POST", path, headers=headers, content=body)


async def test_in_a_query_or_a_header_null_is_none_of_what_is_no_text(api, amina):
    for path, name in (
        ("/offers", "quantity"),
        ("/offers", "after"),
        ("/materials", "kind"),
        ("/materials", "low"),
        ("/orders", "expected_from"),
        ("/orders/all", "expected_from"),
    ):
        for word in ("null", "NULL"):
            refused = await amina.get(path, **{name: word})
            assert (refused.status_code, refused.json()["code"]) == (400, "malformed"), name
            assert refused.json()["detail"] == f"{name}: leave it out for none"
    refused = await amina.send("GET", "/offers", headers={"souk-after": "null"})
    assert refused.json()["detail"] == "souk-after: leave it out for none"
    for path, name in (("/materials", "q"), (PATH, "search"), (PATH, "field.hue")):
        assert (await amina.get(path, **{name: "null"})).status_code == 200, "it is a text"
