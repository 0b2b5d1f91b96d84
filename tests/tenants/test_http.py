"""Tenants over HTTP."""

import asyncio

from tests.support.patience import PATIENCE


async def test_who_makes_a_tenant_is_its_first_member(api):
    admin = api.of("admin", "root", "shop-1")
    new = {"id": "shop-1", "name": "Shop One", "currency": "EUR"}
    after = (await admin.post("/tenants", new)).json()["position"]

    shown = (await admin.get("/tenants/shop-1", after=after)).json()
    assert (shown["name"], shown["currency"]) == ("Shop One", "EUR")
    member = (await admin.get("/identity/members/root", after=after)).json()
    assert member["role"] == "admin"


async def test_a_tenant_that_there_is_cannot_be_made_again(api):
    await api.market()
    new = {"id": "bazaar", "name": "Another", "currency": "EUR"}
    refused = await api.of("admin", "eve").post("/tenants", new)
    assert (refused.status_code, refused.json()["code"]) == (422, "tenants.exists")


async def test_a_key_makes_one_tenant(api):
    admin = api.of("admin", "root")
    made, again, other = [
        await admin.post("/tenants", {"id": id, "name": "Mine", "currency": "EUR"}, "once")
        for id in ("one", "one", "two")
    ]
    assert (made.status_code, again.content) == (201, made.content)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_only_the_platform_makes_tenants(api):
    new = {"id": "mine", "name": "Mine", "currency": "EUR"}
    refused = await api.of("seller", "eve").post("/tenants", new)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_another_tenant_does_not_exist(api):
    await api.market()
    await api.market(tenant="other")
    stranger = api.of("admin", "root", "other")
    assert (await stranger.get("/tenants/bazaar")).status_code == 404


async def test_an_archived_tenant_is_read_and_takes_no_command_until_it_is_restored(api):
    await api.market("amina")
    await api.market(tenant="other")
    admin, amina = api.of("admin", "root"), api.of("seller", "amina")
    assert (await amina.post("/tenants/bazaar/archive")).status_code == 403
    assert (await admin.post("/tenants/other/archive")).status_code == 404
    done = await admin.post("/tenants/bazaar/archive", key="once")
    after = done.json()["position"]
    assert (await admin.get("/tenants/bazaar", after=after)).json()["archived"] is True

    async def becomes(status):
        """Within the second or so that a process may take to hear of it."""
        async with asyncio.timeout(PATIENCE):
            while (answer := await amina.post("/carts")).status_code != status:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return answer.json()

    assert (await becomes(403))["code"] == "tenants.archived"
    assert (await admin.post("/tenants/bazaar/archive", key="once")).content == done.content
    assert (await admin.post("/tenants/bazaar/archive")).json()["position"] == after
    assert (await amina.get("/catalog/products")).status_code == 200
    assert (await api.of("buyer", "bo", "other").post("/carts")).status_code == 201
    assert (await admin.post("/tenants/bazaar/restore")).status_code == 200
    await becomes(201)
