"""A snapshot for who may not see what is retired: of what they may see, none is missing."""

import asyncio

import pytest

from entrypoints.live import snapshots
from tests.support.live import running_gateway

MOST = 3


@pytest.fixture
async def readers(api, monkeypatch):
    monkeypatch.setattr(snapshots, "MOST", MOST)
    async with running_gateway(api) as running:
        yield running


async def retired(api, *products):
    seller = api.of("seller", "amina")
    for product in products:
        made = (await seller.post(f"/catalog/products/{product}/retire")).json()["position"]
        await seller.get("/catalog/products", after=made)


@pytest.mark.parametrize("topic", ["catalog", "catalog?seller=amina"])
async def test_however_many_are_retired_since(api, readers, topic):
    await api.market("amina")
    made = [await api.product("amina", f"tea-{n}") for n in range(MOST + 3)]
    await retired(api, *made[2:])
    buyer, staff = await readers.of("buyer", "karim"), await readers.of("admin", "root")
    shown, all_ = await asyncio.gather(buyer.subscribed(topic), staff.subscribed(topic))
    assert [item["id"] for item in shown["items"]] == made[1::-1]
    assert [item["id"] for item in all_["items"]] == made[:-4:-1]
    assert (shown["complete"], all_["complete"]) == (True, False)
