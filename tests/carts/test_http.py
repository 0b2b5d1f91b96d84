"""Carts over HTTP, from the first item to what the buyer reads."""

from uuid import uuid4

import pytest


@pytest.fixture
def api(town):
    return town.apart()


@pytest.fixture
async def shop(api):
    await api.market("karim")
    api.rug = await api.product("karim", "rug", "10.00", stock=5)
    api.amina = api.of("buyer", "amina")
    return api


async def cart(client, *items):
    id = (await client.post("/carts")).json()["id"]
    for product, quantity in items:
        body = {"product": product, "quantity": quantity}
        assert (await client.post(f"/carts/{id}/items", body)).status_code == 200
    return id


def price(amount):
    return {"amount": amount, "currency": "DZD"}


async def test_a_cart_is_opened_filled_and_read(shop):
    opened = await shop.amina.post("/carts")
    assert opened.status_code == 201
    id = opened.json()["id"]
    added = await shop.amina.post(f"/carts/{id}/items", {"product": shop.rug, "quantity": 2})

    read = await shop.amina.get(f"/carts/{id}", after=added.json()["position"])
    assert read.status_code == 200
    shown = read.json()
    assert (shown["owner"], shown["total"], shown["version"]) == ("amina", price("20.00"), 2)
    assert shown["lines"] == [
        {
            "product": shop.rug,
            "seller": "karim",
            "sku": None,
            "name": "Rug",
            "unit_price": price("10.00"),
            "quantity": 2,
            "minimum": 1,
            "subtotal": price("20.00"),
            "live_price": price("10.00"),
            "price_rose": False,
            "price_fell": False,
        }
    ]


async def test_the_current_cart_is_the_newest_open_one(shop):
    await cart(shop.amina)
    last = await shop.amina.post("/carts")
    read = await shop.amina.get("/carts/current", after=last.json()["position"])
    assert read.json()["id"] == last.json()["id"]
    assert (await shop.amina.get("/carts")).json()["pagination"]["total"] == 2
    nobody = await shop.of("buyer", "basma").get("/carts/current")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "carts.unknown_cart")


@pytest.mark.parametrize(
    ("now", "rose", "fell"), [("11.00", True, False), ("9.00", False, True)], ids=["up", "down"]
)
async def test_a_line_tells_that_its_price_moved_and_it_can_be_accepted(shop, now, rose, fell):
    id = await cart(shop.amina, (shop.rug, 2))
    changed = await shop.of("seller", "karim").post(
        f"/catalog/products/{shop.rug}/price", {"price": price(now)}
    )
    shown = (await shop.amina.get(f"/carts/{id}", after=changed.json()["position"])).json()
    (line,) = shown["lines"]
    assert (line["price_rose"], line["price_fell"]) == (rose, fell)
    assert (line["unit_price"], line["live_price"]) == (price("10.00"), price(now))

    path = f"/carts/{id}/items/{shop.rug}/accept-price"
    refused = await shop.amina.post(path, {"price": price("10.50")})
    assert (refused.status_code, refused.json()["code"]) == (422, "carts.price_moved")
    accepted = await shop.amina.post(path, {"price": price(now)})
    shown = (await shop.amina.get(f"/carts/{id}", after=accepted.json()["position"])).json()
    (line,) = shown["lines"]
    assert (line["unit_price"], line["price_rose"], line["price_fell"]) == (
        price(now),
        False,
        False,
    )


async def test_a_line_tells_from_how_many_it_is_sold_now(shop):
    id = await cart(shop.amina, (shop.rug, 4))
    karim, path = shop.of("seller", "karim"), f"/catalog/products/{shop.rug}/minimum"
    for minimum, wanted, status in ((6, 5, 422), (2, 3, 200)):
        changed = await karim.post(path, {"quantity": minimum})
        shown = (await shop.amina.get(f"/carts/{id}", after=changed.json()["position"])).json()
        assert [line["minimum"] for line in shown["lines"]] == [minimum]
        answer = await shop.amina.post(
            f"/carts/{id}/items/{shop.rug}/quantity", {"quantity": wanted}
        )
        assert answer.status_code == status, answer.text


async def test_lines_are_changed_and_taken_out(shop):
    id = await cart(shop.amina, (shop.rug, 2))
    more = await shop.amina.post(f"/carts/{id}/items/{shop.rug}/quantity", {"quantity": 3})
    shown = (await shop.amina.get(f"/carts/{id}", after=more.json()["position"])).json()
    assert shown["total"] == price("30.00")
    gone = await shop.amina.delete(f"/carts/{id}/items/{shop.rug}")
    cleared = await shop.amina.post(f"/carts/{id}/clear")
    assert cleared.json()["version"] == gone.json()["version"]  # nothing was left to take out
    shown = (await shop.amina.get(f"/carts/{id}", after=gone.json()["position"])).json()
    assert (shown["lines"], shown["total"]) == ([], None)


REFUSED = [
    ({"product": str(uuid4()), "quantity": 1}, 422, "carts.unknown_product"),
    ({"product": "rug", "quantity": 1}, 400, "malformed"),
    ({"product": str(uuid4()), "quantity": 0}, 400, "malformed"),
    ({"product": str(uuid4()), "quantity": 1, "price": "1"}, 400, "malformed"),
]


async def test_what_cannot_be_added_is_refused(shop):
    id = await cart(shop.amina)
    for body, status, code in REFUSED:
        refused = await shop.amina.post(f"/carts/{id}/items", body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), body


async def test_to_others_a_cart_is_not_there(shop):
    id = await cart(shop.amina, (shop.rug, 1))
    position = (await shop.amina.post(f"/carts/{id}/clear")).json()["position"]
    await shop.market(tenant="other")
    for stranger in (shop.of("buyer", "eve"), shop.of("admin", "amina", "other")):
        assert (await stranger.get(f"/carts/{id}", after=position)).status_code == 404
        refused = await stranger.post(f"/carts/{id}/clear")
        assert (refused.status_code, refused.json()["code"]) == (404, "carts.unknown_cart")
    assert (await shop.of("admin", "root").get(f"/carts/{id}")).status_code == 200
