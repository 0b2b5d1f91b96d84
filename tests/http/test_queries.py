"""Pages, tags and waiting: how every query answers."""

import pytest

from tests.support.http import running_api

PATH = "/catalog/products"


@pytest.fixture
def api(town):
    return town.apart()


async def test_a_list_is_cut_into_pages(api):
    await api.market("amina")
    for n in range(12):
        last = await api.product("amina", f"tea-{n:02}")
    buyer = api.of("buyer", "karim")
    seen = await api.of("seller", "amina").post(f"{PATH}/{last}/minimum", {"quantity": 2})
    after = seen.json()["position"]

    first = (await buyer.get(PATH, after=after)).json()
    second = (await buyer.get(PATH, page=2)).json()
    third = (await buyer.get(PATH, page=3)).json()

    assert first["pagination"] == {"page": 1, "limit": 10, "total": 12, "total_pages": 2}
    assert [len(p["items"]) for p in (first, second, third)] == [10, 2, 0]
    names = [p["slug"] for p in first["items"] + second["items"]]
    assert names == [f"tea-{n:02}" for n in reversed(range(12))]


async def test_a_list_keeps_its_tag_until_one_of_it_changes(api):
    await api.market("amina")
    tea = await api.product("amina", "tea")
    buyer, seller = api.of("buyer", "karim"), api.of("seller", "amina")
    after = (await seller.post(f"{PATH}/{tea}/minimum", {"quantity": 2})).json()["position"]

    tag = (await buyer.get(PATH, after=after)).headers["etag"]
    unless = {"if-none-match": f'"other", {tag}'}
    unchanged = await buyer.send("GET", PATH, headers=unless)
    assert (unchanged.status_code, unchanged.content) == (304, b"")

    after = (await seller.post(f"{PATH}/{tea}/minimum", {"quantity": 3})).json()["position"]
    changed = await buyer.send("GET", f"{PATH}?after={after}", headers=unless)
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_ones_own_write_is_seen_at_once(api):
    await api.market("amina")
    seller = api.of("seller", "amina")
    tea = await api.product("amina", "tea")
    for quantity in range(2, 12):
        wrote = (await seller.post(f"{PATH}/{tea}/minimum", {"quantity": quantity})).json()
        header = {"souk-after": str(wrote["position"])}
        read = (await seller.send("GET", f"{PATH}/{tea}", headers=header)).json()
        assert (read["min_order_quantity"], read["version"]) == (quantity, wrote["version"])


async def test_what_is_not_there_in_time_is_unavailable_and_never_stale(
    stack, database, monkeypatch
):
    monkeypatch.setattr(
        "adapters.projector.positions.Positions.wait.__defaults__", (0.2,), raising=False
    )
    async with running_api(stack, database, projecting=False) as api:
        await api.market("amina")
        tea = await api.product("amina", "tea")
        answer = await api.of("buyer", "karim").get(f"{PATH}/{tea}", after=1)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert (await api.of("buyer", "karim").get(f"{PATH}/{tea}")).status_code == 404


async def test_a_position_of_the_future_is_not_waited_for_without_end(api):
    answer = await api.of("buyer", "karim").get(PATH, after=10**12)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_health_tells_each_server_and_each_projection(api, unhurried):
    await api.market("amina")
    live, ready = [await api.http.get(f"/health/{what}") for what in ("live", "ready")]
    assert live.status_code == ready.status_code == 200
    told = ready.json()
    assert {"postgres", "valkey", "nats"} <= told["checks"].keys()
    assert {"events", "seconds"} <= told["projections"]["catalog"].keys()
    assert (await api.http.get("/.well-known/jwks.json")).json()["keys"][0]["crv"] == "P-256"
