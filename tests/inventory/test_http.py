"""Stock over HTTP: a seller counts, everybody sees what can be ordered."""

import pytest


@pytest.fixture
def api(town):
    return town.apart()


async def test_a_seller_receives_and_corrects_and_reads_it_at_once(api):
    await api.market("tom")
    tea = await api.product("tom", "tea")
    tom = api.of("seller", "tom")

    got = await tom.post(f"/inventory/{tea}/receive", {"quantity": 10})
    assert (got.status_code, got.json()["id"], got.json()["version"]) == (200, tea, 1)
    got = await tom.post(f"/inventory/{tea}/adjust", {"delta": -3, "reason": "broken"})
    read = await tom.get(f"/inventory/{tea}", after=got.json()["position"])

    assert read.status_code == 200
    assert read.json() == {
        "id": tea,
        "version": 2,
        "seller": "tom",
        "name": "Tea",
        "sku": None,
        "on_hand": 7,
        "reserved": 0,
        "available": 7,
        "threshold": None,
        "low": False,
    }


async def test_the_product_page_says_what_can_be_ordered(api):
    await api.market("tom")
    tea, _cup = await api.product("tom", "tea", stock=10), await api.product("tom", "cup")
    tom, buyer = api.of("seller", "tom"), api.of("buyer", "amina")
    after = (await tom.post(f"/inventory/{tea}/adjust", {"delta": -1})).json()["position"]

    page = (await buyer.get(f"/catalog/products/{tea}", after=after)).json()
    listed = (await buyer.get("/catalog/products", in_stock="true")).json()["items"]

    assert (page["available"], page["in_stock"]) == (9, True)
    assert [product["id"] for product in listed] == [tea]


async def test_stock_under_its_threshold_is_listed_as_low(api):
    await api.market("tom")
    tea, cup = [await api.product("tom", slug, stock=5) for slug in ("tea", "cup")]
    tom = api.of("seller", "tom")
    await tom.post(f"/inventory/{cup}/threshold", {"threshold": 5})
    after = (await tom.post(f"/inventory/{tea}/threshold", {"threshold": 6})).json()["position"]

    low = (await tom.get("/inventory", low="true", after=after)).json()

    assert [item["id"] for item in low["items"]] == [tea]
    assert low["pagination"]["total"] == 1
    assert (await tom.post(f"/inventory/{tea}/threshold", {"threshold": None})).status_code == 200


async def test_a_seller_counts_only_their_own(api):
    await api.market("tom", "eve")
    tea = await api.product("tom", "tea", stock=5)
    eve, staff = api.of("seller", "eve"), api.of("admin", "root")

    refused = await eve.post(f"/inventory/{tea}/receive", {"quantity": 1})
    assert (refused.status_code, refused.json()["code"]) == (403, "inventory.not_yours")
    got = await staff.post(f"/inventory/{tea}/receive", {"quantity": 1})
    after = got.json()["position"]
    assert (await staff.get(f"/inventory/{tea}", after=after)).json()["on_hand"] == 6
    assert (await eve.get(f"/inventory/{tea}")).status_code == 404
    assert (await eve.get("/inventory")).json()["items"] == []
    assert (await eve.get("/inventory", seller="eve")).json()["items"] == []
    named = await eve.get("/inventory", seller="tom")
    assert (named.status_code, named.json()["code"]) == (403, "forbidden")
    assert len((await staff.get("/inventory", seller="tom")).json()["items"]) == 1
    assert (await staff.get("/inventory", seller="eve")).json()["items"] == []


async def test_a_buyer_counts_nothing(api):
    await api.market("tom")
    tea = await api.product("tom", "tea")
    refused = await api.of("buyer", "amina").post(f"/inventory/{tea}/receive", {"quantity": 1})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_a_refused_count_says_why(api):
    await api.market("tom")
    tea = await api.product("tom", "tea", stock=2)
    tom = api.of("seller", "tom")
    answers = {
        ("receive", '{"quantity": 0}'): (400, "malformed"),
        ("receive", '{"quantity": 1, "reason": "Ada said"}'): (400, "malformed"),
        ("adjust", '{"delta": -3}'): (422, "inventory.below_reserved"),
        ("threshold", '{"threshold": -1}'): (400, "malformed"),
    }
    for (step, body), expected in answers.items():
        headers = {"content-type": "application/json"}
        url = f"/inventory/{tea}/{step}"
        answer = await tom.send("POST", url, headers=headers, content=body)
        assert (answer.status_code, answer.json()["code"]) == expected


async def test_a_product_that_is_not_there_or_anothers_tenants_is_404(api):
    await api.market("tom")
    await api.market("tom", tenant="souk2")
    tea = await api.product("tom", "tea", stock=2)
    stranger = api.of("admin", "tom", "souk2")
    for product in (tea, "nothing"):
        refused = await stranger.post(f"/inventory/{product}/receive", {"quantity": 1})
        assert (refused.status_code, refused.json()["code"]) == (404, "inventory.unknown_product")
        assert (await stranger.get(f"/inventory/{product}")).status_code == 404


async def test_the_same_delivery_sent_twice_counts_once(api):
    await api.market("tom")
    tea = await api.product("tom", "tea")
    tom = api.of("seller", "tom")
    first = await tom.post(f"/inventory/{tea}/receive", {"quantity": 10}, key="delivery-7")
    again = await tom.post(f"/inventory/{tea}/receive", {"quantity": 10}, key="delivery-7")
    assert first.content == again.content
    read = await tom.get(f"/inventory/{tea}", after=again.json()["position"])
    assert read.json()["on_hand"] == 10
