"""Tenants over HTTP."""


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


async def test_only_the_platform_makes_tenants(api):
    new = {"id": "mine", "name": "Mine", "currency": "EUR"}
    refused = await api.of("seller", "eve").post("/tenants", new)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_another_tenant_does_not_exist(api):
    await api.market()
    await api.market(tenant="other")
    stranger = api.of("admin", "root", "other")
    assert (await stranger.get("/tenants/bazaar")).status_code == 404
