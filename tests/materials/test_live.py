"""Materials as they change, and what many do to them at once."""

import asyncio

import pytest

from tests.materials.test_http import MERINO, add, buy, dinars
from tests.support.live import running_gateway


@pytest.fixture
async def readers(house):
    async with running_gateway(house.api) as running:
        yield running


async def test_an_owner_hears_what_becomes_of_their_stock_and_nobody_else_does(house, readers):
    path = await add(house)
    await house.seen(house.amina, path)
    topic, whole = f"materials/{path.rpartition('/')[2]}", "materials?owner=amina"
    amina = await readers.of("seller", "amina", house.tenant)
    basma = await readers.of("seller", "basma", house.tenant)
    assert (await amina.subscribed(topic))["type"] == "snapshot"
    assert (await amina.subscribed(whole))["items"][0]["document"]["stock"] == "0"
    assert (await basma.subscribed(topic))["code"] == "materials.unknown_material"
    for others in (whole, "materials"):
        assert (await basma.subscribed(others))["code"] == "forbidden"

    await buy(house, path, "100", "10")
    note = {"delta": "-1", "reason": "moths", "note": "behind the door"}
    await house.done(house.amina.post(f"{path}/adjust", note))
    told = await amina.until(lambda m: m.get("document", {}).get("stock") == "99")
    assert told["event"] == "inventory-updated"
    assert told["document"] == await house.seen(house.amina, path)
    assert not any("behind the door" in frame.json.decode() for frame in amina.frames)


async def test_another_basis_is_told_of_every_material_at_once(house, readers):
    paths = [await add(house) for _ in range(3)]
    for path in paths:
        await buy(house, path, "1", "1")
        await buy(house, path, "1", "3")
    await house.seen(house.amina, paths[-1])
    amina = await readers.of("seller", "amina", house.tenant)
    await amina.subscribed("materials?owner=amina")
    done = await house.done(house.root.post("/materials/basis", {"basis": "last"}))
    told = await amina.until(lambda m: m["type"] == "changes")
    assert told["position"] == done["position"]
    assert [item["document"]["cost"] for item in told["items"]] == [dinars("3.00")] * 3


async def test_purchases_at_once_are_all_counted(house):
    path = await add(house)
    await asyncio.gather(*(buy(house, path, "1", "10") for _ in range(20)))
    shown = await house.seen(house.amina, path)
    assert (shown["stock"], shown["average"]) == ("20", dinars("10.00"))
    places = [p["position"] for p in (await house.seen(house.amina, f"{path}/purchases"))["items"]]
    assert places == sorted(set(places), reverse=True)


async def test_what_is_added_while_the_basis_changes_is_told_by_the_last_one(house):
    async def change():
        for basis in ("last", "standard", "average", "standard"):
            await house.done(house.root.post("/materials/basis", {"basis": basis}))

    await asyncio.gather(change(), *(add(house) for _ in range(20)))
    shown = await house.seen(house.amina, "/materials", limit=50)
    assert [item["basis"] for item in shown["items"]] == ["standard"] * 20


async def test_one_number_wanted_by_many_at_once_is_given_once(house):
    wanted = MERINO | {"sku": "Y-1"}
    answers = await asyncio.gather(*(house.amina.post("/materials", wanted) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
