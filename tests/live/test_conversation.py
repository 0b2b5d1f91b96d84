"""A conversation: a snapshot or what was missed, then every change once, in order."""

import pytest

from tests.support.live import running_gateway


@pytest.fixture
async def readers(api):
    async with running_gateway(api) as running:
        yield running


async def test_the_first_message_says_who_one_is(readers):
    reader = await readers.of("buyer", "karim")
    (hello,) = reader.told
    assert (hello["type"], hello["user"], hello["tenant"]) == ("hello", "karim", "bazaar")
    assert hello["reconnect"]["max"] > hello["reconnect"]["min"]


async def test_a_snapshot_and_then_each_change(api, readers):
    await api.market("amina")
    tea = await api.product("amina", "tea")
    seller, reader = api.of("seller", "amina"), await readers.of("buyer", "karim")
    made = await api.of("seller", "amina").post(f"/catalog/products/{tea}/minimum", {"quantity": 2})
    await seller.get(f"/catalog/products/{tea}", after=made.json()["position"])

    topic = f"catalog/{tea}"
    snapshot = await reader.subscribed(topic)
    assert (snapshot["type"], snapshot["complete"]) == ("snapshot", True)
    assert snapshot["items"][0]["document"]["min_order_quantity"] == 2
    made = await seller.post(f"/catalog/products/{tea}/minimum", {"quantity": 3})
    change = await reader.until(lambda m: m["type"] == "change")
    assert change["position"] == made.json()["position"] > snapshot["position"] - 1
    assert change["document"]["min_order_quantity"] == 3
    assert [m["type"] for m in reader.of(topic)] == ["snapshot", "change"]
