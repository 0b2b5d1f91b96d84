"""Checking out over HTTP: one purchase, one order per seller, or nothing at all."""

import asyncio

import pytest

from tests.carts.test_http import cart, price

CASH = {"customer": {"name": "Amina K", "phone": "0550", "region": "16"}, "note": "Ring twice"}


@pytest.fixture
def api(town):
    return town.apart()


@pytest.fixture
async def shop(api):
    await api.market("karim", "leila")
    api.rug = await api.product("karim", "rug", "10.00", stock=5)
    api.tea = await api.product("leila", "tea", "3.00", stock=100)
    api.amina = api.of("buyer", "amina")
    return api


async def test_a_cart_becomes_a_checkout_that_follows_its_orders(shop):
    id = await cart(shop.amina, (shop.rug, 2), (shop.tea, 1))
    done = await shop.amina.post(f"/carts/{id}/check-out", CASH)
    assert done.status_code == 201, done.text
    receipt = done.json()
    assert receipt["total"] == price("23.00")
    assert [(o["seller"], o["total"]) for o in receipt["orders"]] == [
        ("karim", price("20.00")),
        ("leila", price("3.00")),
    ]

    path = f"/checkouts/{receipt['id']}"
    shown = (await shop.amina.get(path, after=receipt["position"])).json()
    assert (shown["status"], shown["paid"], shown["total"]) == ("pending", False, price("23.00"))
    assert [o["number"] for o in shown["orders"]] == [o["number"] for o in receipt["orders"]]
    assert shown["orders"][0]["seller_name"] == "karim's shop"

    first, second = (o["id"] for o in receipt["orders"])
    moved = await shop.of("seller", "karim").post(f"/orders/{first}/confirm")
    shown = (await shop.amina.get(path, after=moved.json()["position"])).json()
    assert (shown["status"], shown["orders"][0]["status"]) == ("pending", "confirmed")
    moved = await shop.amina.post(f"/orders/{second}/cancel", {"reason": "changed_mind"})
    shown = (await shop.amina.get(path, after=moved.json()["position"])).json()
    assert shown["status"] == "confirmed"


async def test_without_stock_of_one_line_nothing_happens(shop):
    id = await cart(shop.amina, (shop.tea, 1), (shop.rug, 6))
    refused = await shop.amina.post(f"/carts/{id}/check-out", {})
    assert (refused.status_code, refused.json()["code"]) == (422, "inventory.insufficient")
    assert (await shop.amina.get("/checkouts")).json()["items"] == []
    still = await shop.amina.post(f"/carts/{id}/items/{shop.rug}/quantity", {"quantity": 5})
    assert still.status_code == 200


async def test_a_retry_is_the_same_purchase_and_another_body_is_refused(shop):
    id = await cart(shop.amina, (shop.rug, 1))
    path = f"/carts/{id}/check-out"
    twice = await asyncio.gather(*(shop.amina.post(path, {}, key="k1") for _ in range(2)))
    assert twice[0].json() == twice[1].json()
    assert [answer.status_code for answer in twice] == [201, 201]
    other = await shop.amina.post(path, {"channel": "call"}, key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    after = twice[0].json()["position"]
    assert (await shop.amina.get("/orders", after=after)).json()["pagination"]["total"] == 1


async def test_a_checkout_without_a_key_is_refused(shop):
    id = await cart(shop.amina, (shop.rug, 1))
    refused = await shop.amina.send("POST", f"/carts/{id}/check-out", json={})
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_missing")


BRL = {"amount": "1.00", "currency": "BRL"}
REFUSED = [
    ({"payments": []}, 400, "malformed"),
    ({"channel": "pigeon"}, 422, "orders.unknown_channel"),
    (
        {"payments": [{"method": "card", "amount": price("1.00")}]},
        422,
        "checkouts.payments_do_not_add_up",
    ),
    ({"payments": [{"method": "card", "amount": price("1e3")}]}, 422, "money.malformed"),
    ({"payments": [{"method": "card", "amount": BRL}]}, 422, "money.currency_mixed"),
]


async def test_what_cannot_be_bought_so_is_refused(shop):
    id = await cart(shop.amina, (shop.rug, 1))
    for body, status, code in REFUSED:
        refused = await shop.amina.post(f"/carts/{id}/check-out", body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), body


async def test_two_carts_race_for_the_last_piece(shop):
    lamp = await shop.product("karim", "lamp", "25.00", stock=1)
    buyers = [shop.of("buyer", name) for name in ("amina", "basma", "celia")]
    carts = [await cart(buyer, (shop.tea, 1), (lamp, 1)) for buyer in buyers]
    racing = [b.post(f"/carts/{c}/check-out", {}) for b, c in zip(buyers, carts, strict=True)]
    codes = sorted(answer.status_code for answer in await asyncio.gather(*racing))
    assert codes == [201, 422, 422]


async def test_a_checkout_is_its_buyers_and_staffs(shop):
    id = await cart(shop.amina, (shop.rug, 1))
    receipt = (await shop.amina.post(f"/carts/{id}/check-out", {})).json()
    path, after = f"/checkouts/{receipt['id']}", receipt["position"]
    assert (await shop.of("buyer", "eve").get(path, after=after)).status_code == 404
    assert (await shop.of("auditor", "omar").get(path, after=after)).status_code == 200
    assert (await shop.of("buyer", "eve").get("/checkouts", after=after)).json()["items"] == []
    await shop.market(tenant="other")
    assert (await shop.of("admin", "root", "other").get(path)).status_code == 404
