"""Quota and limits over HTTP, by role."""


async def test_staff_set_the_quota_and_see_what_is_used(api):
    await api.market("amina")
    root, auditor = api.of("admin", "root"), api.of("auditor", "olga")
    assert (await root.get("/storage/usage")).json()["used"] == 0
    done = await root.post("/storage/quota", {"quota": 1000})
    assert done.status_code == 200
    usage = (await auditor.get("/storage/usage", after=done.json()["position"])).json()
    assert (usage["quota"], usage["used"], usage["warning"]) == (1000, 0, False)


async def test_who_does_not_manage_media_sets_nothing(api):
    for client in (api.of("seller", "amina"), api.of("buyer", "k"), api.of("auditor", "o")):
        for path, body in (("quota", {"quota": 1}), ("image-limit", {"largest": 1})):
            refused = await client.post(f"/storage/{path}", body)
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await api.of("seller", "amina").get("/storage/usage")).status_code == 403


async def test_one_tenants_quota_is_not_anothers(api):
    for tenant in ("bazaar", "souk2"):
        await api.market("amina", tenant=tenant)
    done = await api.of("admin", "root").post("/storage/quota", {"quota": 5})
    other = api.of("admin", "root", "souk2")
    usage = await other.get("/storage/usage", after=done.json()["position"])
    assert usage.json()["quota"] == 10_000_000_000
