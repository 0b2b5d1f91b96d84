"""The catalogue over HTTP, from a seller's command to what a buyer reads."""

import pytest

TEA = {"name": "Mint tea", "slug": "mint-tea", "price": {"amount": "12.50", "currency": "DZD"}}


@pytest.fixture
def api(town):
    return town.apart()


async def test_a_seller_offers_a_product_and_a_buyer_reads_it(api):
    await api.market("amina")
    seller, buyer = api.of("seller", "amina"), api.of("buyer", "karim")

    made = await seller.post("/catalog/products", TEA)
    assert made.status_code == 201
    receipt = made.json()
    read = await buyer.get(f"/catalog/products/{receipt['id']}", after=receipt["position"])

    assert read.status_code == 200
    shown = read.json()
    assert (shown["name"], shown["price"]) == ("Mint tea", {"amount": "12.50", "currency": "DZD"})
    assert shown["seller"] == "amina"
    unless = {"if-none-match": read.headers["etag"]}
    again = await buyer.send("GET", f"/catalog/products/{receipt['id']}", headers=unless)
    assert (again.status_code, again.content) == (304, b"")


async def test_who_does_not_sell_offers_nothing(api):
    await api.market()
    made = await api.of("seller", "karim").post("/catalog/products", TEA)
    assert (made.status_code, made.json()["code"]) == (403, "catalog.not_a_seller")
    made = await api.of("buyer", "karim").post("/catalog/products", TEA)
    assert (made.status_code, made.json()["code"]) == (403, "forbidden")


async def test_staff_offers_for_others_and_nobody_else_does(api):
    await api.market("amina", "basma")
    amina, staff = api.of("seller", "amina"), api.of("admin", "root")
    made = await amina.post("/catalog/products", TEA | {"seller": "basma"})
    assert (made.status_code, made.json()["code"]) == (403, "forbidden")
    for client, seller, slug in ((amina, "amina", "own"), (staff, "basma", "hers")):
        made = await client.post("/catalog/products", TEA | {"slug": slug, "seller": seller})
        receipt = made.json()
        shown = await staff.get(f"/catalog/products/{receipt['id']}", after=receipt["position"])
        assert shown.json()["seller"] == seller


async def test_a_slug_is_taken_once_and_is_free_again_when_left(api):
    await api.market("amina", "basma")
    amina, basma = api.of("seller", "amina"), api.of("seller", "basma")
    first = (await amina.post("/catalog/products", TEA)).json()["id"]

    refused = await basma.post("/catalog/products", TEA)
    assert (refused.status_code, refused.json()["code"]) == (409, "catalog.slug_taken")

    renamed = {"name": "Mint tea", "slug": "green-mint-tea"}
    assert (await amina.post(f"/catalog/products/{first}/describe", renamed)).status_code == 200
    assert (await basma.post("/catalog/products", TEA)).status_code == 201


async def test_every_change_of_a_price_is_kept_newest_first(api):
    await api.market("amina")
    seller, buyer = api.of("seller", "amina"), api.of("buyer", "karim")
    id = (await seller.post("/catalog/products", TEA)).json()["id"]
    for amount, reason in [("10.00", "sale"), ("11.00", "")]:
        price = {"price": {"amount": amount, "currency": "DZD"}, "reason": reason}
        done = await seller.post(f"/catalog/products/{id}/price", price)
    path = f"/catalog/products/{id}/prices"
    kept = (await buyer.get(path, after=done.json()["position"])).json()
    steps = [(s["old"]["amount"], s["new"]["amount"], s["reason"]) for s in kept["items"]]
    assert steps == [("10.00", "11.00", ""), ("12.50", "10.00", "sale")]


async def test_a_product_shows_the_category_of_its_seller_and_is_found_by_it(api):
    await api.market("amina", "basma")
    root, buyer = api.of("admin", "root"), api.of("buyer", "karim")
    shop = "/identity/members/{}/appoint-seller"
    await root.post(shop.format("amina"), {"shop": "Amina's", "tier": "grossiste"})
    tea, cup = await api.product("amina", "tea"), await api.product("basma", "cup")

    async def found(tier, after):
        query = {"seller_category": tier, "after": after}
        items = (await buyer.get("/catalog/products", **query)).json()["items"]
        return {item["id"]: item["seller_category"] for item in items}

    last = await root.post(shop.format("basma"), {"shop": "Basma's", "tier": "importateur"})
    assert await found("grossiste", last.json()["position"]) == {tea: "grossiste"}
    assert await found("importateur", last.json()["position"]) == {cup: "importateur"}
    assert (await buyer.get("/catalog/products", seller_category="x")).status_code == 400


async def test_another_sellers_product_is_left_alone(api):
    await api.market("amina", "basma")
    id = (await api.of("seller", "amina").post("/catalog/products", TEA)).json()["id"]
    price = {"price": {"amount": "1.00", "currency": "DZD"}}
    refused = await api.of("seller", "basma").post(f"/catalog/products/{id}/price", price)
    assert (refused.status_code, refused.json()["code"]) == (403, "catalog.not_yours")


async def test_a_retired_product_leaves_the_lists_and_can_come_back(api):
    await api.market("amina")
    seller, buyer = api.of("seller", "amina"), api.of("buyer", "karim")
    id = (await seller.post("/catalog/products", TEA)).json()["id"]
    after = (await seller.delete(f"/catalog/products/{id}")).json()["position"]

    assert (await buyer.get("/catalog/products", after=after)).json()["items"] == []
    assert (await buyer.get(f"/catalog/products/{id}")).status_code == 404
    assert (await seller.get(f"/catalog/products/{id}")).json()["retired"] is True
    assert [p["id"] for p in (await seller.get("/catalog/products/bin")).json()["items"]] == [id]

    after = (await seller.post(f"/catalog/products/{id}/restore")).json()["position"]
    found = (await buyer.get("/catalog/products/search", q="mint", after=after)).json()
    assert [p["id"] for p in found["items"]] == [id]
    assert found["pagination"] == {"page": 1, "limit": 10, "total": 1, "total_pages": 1}


async def test_another_tenants_product_does_not_exist(api):
    await api.market("amina")
    await api.market("amina", tenant="souk2")
    made = (await api.of("seller", "amina").post("/catalog/products", TEA)).json()
    stranger = api.of("admin", "amina", "souk2")
    await api.of("buyer", "b").get("/catalog/products", after=made["position"])
    assert (await stranger.get(f"/catalog/products/{made['id']}")).status_code == 404
    refused = await stranger.post(f"/catalog/products/{made['id']}/retire")
    assert (refused.status_code, refused.json()["code"]) == (404, "catalog.unknown_product")


async def test_a_repeated_request_is_answered_byte_for_byte(api):
    await api.market("amina")
    seller = api.of("seller", "amina")
    first = await seller.post("/catalog/products", TEA, key="k1")
    again = await seller.post("/catalog/products", TEA, key="k1")
    other = await seller.post("/catalog/products", TEA | {"name": "Tea"}, key="k1")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
