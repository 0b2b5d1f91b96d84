"""``as_of`` over HTTP: who may, what it answers, and what it says of itself."""

from tests.carts.test_http import price


async def test_a_price_as_of_before_it_changed(api):
    await api.market("amina")
    tea = await api.product("amina", "tea", price="12.50")
    admin, seller = api.of("admin", "root"), api.of("seller", "amina")
    at = (await seller.post(f"/catalog/products/{tea}/price", {"price": price("9.00")})).json()
    await admin.get("/catalog/products", after=at["position"])
    then = await admin.get(f"/catalog/products/{tea}", as_of=at["position"] - 1)
    assert then.status_code == 200, then.text
    print(then.headers, then.text)
    assert then.json()["price"] == price("12.50")
    now = await admin.get(f"/catalog/products/{tea}", as_of=at["position"])
    print(now.headers)
    assert now.json()["price"] == price("9.00")
    for path in ("/orders", "/orders/all", "/catalog/products", "/reels", "/offers"):
        found = await admin.get(
            path, as_of=at["position"], **({"as": "tenant"} if "orders" in path else {})
        )
        print(path, found.status_code, found.headers, found.text[:300])
