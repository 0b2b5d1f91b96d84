"""Orders over HTTP: who sees what, and who takes which step."""

import json

import pytest

from projections import orders
from tests.carts.test_http import cart, price

PURCHASE = {
    "customer": {"name": "Amina K", "phone": "0550", "address": "1 rue Didouche", "region": "16"},
    "note": "Ring twice",
}


@pytest.fixture
def api(town):
    return town.apart()


@pytest.fixture
async def shop(api):
    await api.market("karim", "leila")
    api.rug = await api.product("karim", "rug", "10.00", stock=5)
    api.amina, api.karim = api.of("buyer", "amina"), api.of("seller", "karim")
    id = await cart(api.amina, (api.rug, 2))
    api.receipt = (await api.amina.post(f"/carts/{id}/check-out", PURCHASE)).json()
    api.order, api.after = api.receipt["orders"][0]["id"], api.receipt["position"]
    return api


async def test_an_order_shows_what_was_sold_to_whom(shop):
    shown = (await shop.amina.get(f"/orders/{shop.order}", after=shop.after)).json()
    assert (shown["number"], shown["status"], shown["total"]) == (1, "pending", price("20.00"))
    assert (shown["seller_name"], shown["region"]) == ("karim's shop", "16")
    assert [(line["name"], line["quantity"]) for line in shown["lines"]] == [("Rug", 2)]


async def test_what_is_personal_is_open_to_buyer_seller_and_staff_and_to_no_one_else(shop):
    path = f"/orders/{shop.order}"
    for reader in (shop.amina, shop.karim, shop.of("admin", "root")):
        personal = (await reader.get(path, after=shop.after)).json()["personal"]
        assert (personal["name"], personal["note"]) == ("Amina K", "Ring twice")
        assert personal["address"] == "1 rue Didouche"
    audited = await shop.of("auditor", "omar").get(path, after=shop.after)
    assert audited.status_code == 200
    assert "Amina" not in audited.text
    assert "Didouche" not in audited.text


async def test_a_seller_runs_an_order_to_its_end(shop):
    path = f"/orders/{shop.order}"
    steps = [
        ("promise-delivery", {"date": "2026-05-16"}),
        ("confirm", None),
        ("start-processing", None),
        ("ship", {"tracking": "DZ1"}),
        ("deliver", None),
        ("complete", None),
        ("return", {"reason": "damaged"}),
    ]
    for step, body in steps:
        done = await shop.karim.post(f"{path}/{step}", body)
        assert done.status_code == 200, (step, done.text)
    shown = (await shop.amina.get(path, after=done.json()["position"])).json()
    assert (shown["status"], shown["tracking"], shown["reason"]) == ("returned", "DZ1", "damaged")
    assert shown["expected_delivery"] == "2026-05-16"
    assert all(shown[f"{at}_at"] for at in ("confirmed", "shipped", "delivered", "returned"))


async def test_a_tracking_number_is_set_before_shipping_and_corrected_after(shop):
    path = f"/orders/{shop.order}"
    early = await shop.karim.post(f"{path}/assign-tracking", {"tracking": "DZ1"})
    assert (early.status_code, early.json()["code"]) == (422, "orders.not_tracked")

    async def after(step, body=None):
        done = await shop.karim.post(f"{path}/{step}", body)
        assert done.status_code == 200, (step, done.text)
        shown = await shop.amina.get(path, after=done.json()["position"])
        return shown.json()["tracking"]

    assert await after("confirm") is None
    assert await after("assign-tracking", {"tracking": "DZ1"}) == "DZ1"
    await after("start-processing")
    assert await after("ship", {}) == "DZ1"
    assert await after("ship", {"tracking": "DZ2"}) == "DZ2"
    assert await after("assign-tracking", {"tracking": "DZ3"}) == "DZ3"
    refused = await shop.amina.post(f"{path}/assign-tracking", {"tracking": "DZ4"})
    assert (refused.status_code, refused.json()["code"]) == (403, "orders.not_yours")


async def test_an_order_is_fetched_when_it_is_ready(shop):
    for step in ("confirm", "start-processing", "ready", "complete"):
        done = await shop.karim.post(f"/orders/{shop.order}/{step}")
        assert done.status_code == 200, (step, done.text)
    refused = await shop.karim.post(f"/orders/{shop.order}/return", {"reason": "damaged"})
    assert (refused.status_code, refused.json()["code"]) == (422, "orders.illegal_transition")


async def test_a_buyer_cancels_in_time_and_later_cannot(shop):
    path = f"/orders/{shop.order}"
    await shop.karim.post(f"{path}/confirm")
    started = await shop.karim.post(f"{path}/start-processing")
    assert started.status_code == 200
    body = {"reason": "changed_mind", "note": "Sorry!"}
    late = await shop.amina.post(f"{path}/cancel", body)
    assert (late.status_code, late.json()["code"]) == (422, "orders.too_late_to_cancel")
    done = await shop.karim.post(f"{path}/cancel", body)
    shown = (await shop.amina.get(path, after=done.json()["position"])).json()
    assert (shown["status"], shown["reason"]) == ("cancelled", "changed_mind")
    assert shown["personal"]["cancel_note"] == "Sorry!"


async def test_delete_is_another_way_to_say_cancel(shop):
    done = await shop.amina.delete(f"/orders/{shop.order}")
    assert done.status_code == 200
    shown = (await shop.amina.get(f"/orders/{shop.order}", after=done.json()["position"])).json()
    assert (shown["status"], shown["reason"]) == ("cancelled", "unwanted")


async def test_a_delete_for_another_reason_is_another_request(shop):
    path, key = f"/orders/{shop.order}", {"idempotency-key": "once"}
    done, again, other = [
        await shop.amina.send("DELETE", f"{path}?reason={reason}", headers=key)
        for reason in ("unwanted", "unwanted", "sold_out")
    ]
    assert (done.status_code, again.content) == (200, done.content)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_buyer_does_not_run_the_order_and_others_do_not_know_of_it(shop):
    refused = await shop.amina.post(f"/orders/{shop.order}/confirm")
    assert (refused.status_code, refused.json()["code"]) == (403, "orders.not_yours")
    await shop.market(tenant="other")
    for stranger in (shop.of("seller", "leila"), shop.of("admin", "karim", "other")):
        refused = await stranger.post(f"/orders/{shop.order}/confirm")
        assert (refused.status_code, refused.json()["code"]) == (404, "orders.unknown_order")
        assert (await stranger.get(f"/orders/{shop.order}")).status_code == 404


async def test_lists_are_the_buyers_the_sellers_or_the_tenants(shop):
    async def found(client, **query):
        answer = await client.get("/orders", after=shop.after, **query)
        return [item["id"] for item in answer.json()["items"]]

    assert await found(shop.amina) == [shop.order]
    assert await found(shop.amina, **{"as": "seller"}) == []
    assert await found(shop.karim, **{"as": "seller"}) == [shop.order]
    assert await found(shop.karim) == []
    root = shop.of("admin", "root")
    assert await found(root, **{"as": "tenant"}) == [shop.order]
    assert await found(root, **{"as": "tenant", "status": "pending"}) == [shop.order]
    assert await found(root, **{"as": "tenant", "status": "shipped"}) == []
    assert await found(root, **{"as": "tenant", "channel": "web", "number": 1}) == [shop.order]
    early = {"as": "tenant", "placed_before": "2020-01-01T00:00:00Z"}
    assert await found(root, **early) == []
    never = {"as": "tenant", "placed_before": "0001-01-01T00:00:00+14:00"}  # of no year in UTC
    refused = await root.get("/orders", **never)
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")
    late = {"as": "tenant", "placed_from": "2020-01-01T00:00:00"}
    assert await found(root, **late) == [shop.order]
    refused = await shop.karim.get("/orders", **{"as": "tenant"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    audited = await shop.of("auditor", "omar").get("/orders", **{"as": "tenant"})
    assert shop.order in audited.text
    assert "Amina" not in audited.text


async def test_orders_are_found_by_the_day_they_were_promised_for(shop):
    done = await shop.karim.post(f"/orders/{shop.order}/promise-delivery", {"date": "2026-05-16"})
    for query, found in [
        ({"expected_from": "2026-05-16", "expected_before": "2026-05-17"}, 1),
        ({"expected_before": "2026-05-16"}, 0),
        ({"expected_from": "2026-05-17"}, 0),
    ]:
        answer = await shop.amina.get("/orders", after=done.json()["position"], **query)
        assert answer.json()["pagination"]["total"] == found


@pytest.mark.parametrize(("filter", "known"), [("status", "pending"), ("channel", "dine_in")])
async def test_a_list_by_a_word_nobody_knows_is_refused_with_those_there_are(shop, filter, known):
    refused = await shop.amina.get("/orders", **{filter: "misspelt"})
    assert (refused.status_code, refused.json()["code"]) == (400, f"orders.unknown_{filter}")
    assert known in refused.json()["detail"]


async def test_orders_are_found_by_phone_by_who_may_see_it(shop):
    async def found(client, phone, party):
        answer = await client.get("/orders", after=shop.after, phone=phone, **{"as": party})
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    root = shop.of("admin", "root")
    assert await found(root, "05 50", "tenant") == [shop.order]
    assert await found(root, "0551", "tenant") == []
    assert await found(shop.karim, "0550", "seller") == [shop.order]
    assert await found(shop.of("seller", "leila"), "0550", "seller") == []
    assert await found(shop.amina, "0550", "buyer") == [shop.order]
    for who, query, status in [
        (shop.of("auditor", "omar"), {"as": "tenant", "phone": "0550"}, 403),
        (root, {"as": "tenant", "phone": "none"}, 400),
    ]:
        assert (await who.get("/orders", **query)).status_code == status
    await shop.souk.keyring.destroy(shop.tenant, "amina")
    assert await found(root, "0550", "tenant") == []


async def test_all_that_a_list_finds_is_exported_one_a_line_oldest_first(shop):
    id = await cart(shop.amina, (shop.rug, 1))
    last = (await shop.amina.post(f"/carts/{id}/check-out", {})).json()

    async def exported(client, **query):
        answer = await client.get("/orders/all", after=last["position"], **query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/x-ndjson"
        return [json.loads(line) for line in answer.text.splitlines()]

    root = shop.of("admin", "root")
    both = await exported(root, **{"as": "tenant"})
    assert [order["id"] for order in both] == [shop.order, last["orders"][0]["id"]]
    assert both[0]["personal"]["name"] == "Amina K"
    assert await exported(shop.amina) == both
    assert await exported(shop.karim, **{"as": "seller"}) == both
    assert await exported(root, **{"as": "tenant", "status": "shipped"}) == []
    audited = await exported(shop.of("auditor", "omar"), **{"as": "tenant"})
    assert [order.get("personal") for order in audited] == [None, None]
    assert (await shop.karim.get("/orders/all", **{"as": "tenant"})).status_code == 403


async def test_an_export_of_many_batches_has_every_order_once(shop):
    reader = shop.souk.reader(shop.tenant)
    for _ in range(3):
        id = await cart(shop.amina, (shop.rug, 1))
        done = await shop.amina.post(f"/carts/{id}/check-out", {})
    await shop.amina.get("/orders", after=done.json()["position"])
    batches = [batch async for batch in orders.every(reader, orders.Filter(), batch=2)]
    assert [len(batch) for batch in batches] == [2, 2]
    assert len({row.id for batch in batches for row in batch}) == 4


async def test_a_shops_new_name_shows_on_its_orders(shop):
    named = await shop.of("admin", "root").post(
        "/identity/members/karim/appoint-seller", {"shop": "Rugs of Karim"}
    )
    shown = await shop.amina.get(f"/orders/{shop.order}", after=named.json()["position"])
    assert shown.json()["seller_name"] == "Rugs of Karim"


async def test_what_its_seller_archives_leaves_the_sellers_lists_and_stays_on_its_buyers(shop):
    path = f"/orders/{shop.order}"
    early = await shop.karim.post(f"{path}/archive")
    assert (early.status_code, early.json()["code"]) == (422, "orders.not_over")
    await shop.karim.post(f"{path}/cancel", {"reason": "sold_out"})
    assert (await shop.amina.post(f"{path}/archive")).status_code == 403

    async def listed(client, after, **query):
        found = await client.get("/orders", after=after, **query)
        return [item["id"] for item in found.json()["items"]]

    staff, one = shop.of("admin", "root"), [shop.order]
    for step, seen, archived in (("archive", [], one), ("unarchive", one, [])):
        at = (await shop.karim.post(f"{path}/{step}")).json()["position"]
        for client, party in ((shop.karim, "seller"), (staff, "tenant")):
            assert await listed(client, at, **{"as": party}) == seen
            assert await listed(client, at, **{"as": party}, archived=True) == archived
        assert await listed(shop.amina, at) == one
        shown = (await shop.karim.get(path, after=at)).json()
        assert (shown["archived"], shown["status"]) == (bool(archived), "cancelled")
