"""Whose a material is: its owner's, the staff's to see to, and nobody else's."""

from tests.materials.test_http import MERINO, UNKNOWN, add, buy, dinars, names
from tests.reels.house import refused

NOWHERE = "018f2f0e-6f3c-7c1e-9a51-0e7a4b6f1a2d"


async def test_a_material_is_its_owners(house):
    path = await add(house)
    await buy(house, path, "100", "10")
    for reader in (house.amina, house.root, house.olga):
        assert (await house.seen(reader, path))["owner"] == "amina"
        assert await names(house, reader) == ["Merino"]
    for route in ("", "/purchases", "/adjustments"):
        assert await house.unseen(house.basma, f"{path}{route}") == UNKNOWN
        assert await house.unseen(house.karim, f"{path}{route}") == (403, "forbidden")
    for listing in ("/materials", "/yarns", "/inventory/dashboard"):
        asked = house.basma.get(listing, owner="amina")
        assert await refused(asked) == (403, "forbidden"), listing
    assert await names(house, house.basma, owner="basma") == []
    assert await names(house, house.olga, owner="amina") == ["Merino"]
    sent = {
        "purchase": {"quantity": "1", "price": dinars("1")},
        "adjust": {"delta": "-1", "reason": "used"},
        "describe": {"name": "Mine", "kind": "yarn"},
        "measure": {"scrap": 100},
        "sku": {"sku": "M"},
        "threshold": {"threshold": "1"},
        "standard-cost": {"cost": None},
        "retire": None,
        "restore": None,
    }
    for step, body in sent.items():
        assert await refused(house.basma.post(f"{path}/{step}", body)) == UNKNOWN, step
        for client in (house.karim, house.olga):
            assert await refused(client.post(f"{path}/{step}", body)) == (403, "forbidden"), step
        gone = f"/materials/{NOWHERE}/{step}"
        assert await refused(house.amina.post(gone, body)) == UNKNOWN, step
    for client in (house.karim, house.olga):
        assert await refused(client.post("/materials", MERINO)) == (403, "forbidden")
    assert (await house.seen(house.amina, path))["version"] == 2
    await house.done(house.root.post(f"{path}/describe", {"name": "Ours", "kind": "supply"}))
    assert (await house.seen(house.amina, path))["name"] == "Ours"


async def test_staff_adds_for_others_and_nobody_else_does(house):
    theirs = await add(house, house.root, owner="basma")
    assert (await house.seen(house.basma, theirs))["owner"] == "basma"
    for path in ("/materials", "/yarns"):
        body = {"name": "Silk", "unit": "g", "owner": "basma"}
        body |= {"kind": "yarn"} if path == "/materials" else {}
        assert await refused(house.amina.post(path, body)) == (403, "forbidden"), path
    assert await names(house, house.amina) == []
    mine = await add(house, house.amina, owner="amina")
    assert (await house.seen(house.amina, mine))["owner"] == "amina"


async def test_another_tenant_sees_nothing(house, houses):
    path, elsewhere = await add(house, sku="Y-1"), await houses()
    for client in (elsewhere.amina, elsewhere.root):
        assert await refused(client.get(path)) == UNKNOWN
        assert await refused(client.get(f"{path}/purchases")) == UNKNOWN
        assert await refused(client.post(f"{path}/retire")) == UNKNOWN
        assert (await client.get("/materials")).json()["items"] == []
        assert (await client.get("/inventory/dashboard")).json()["materials"] == 0
    await add(elsewhere, sku="Y-1")
    await house.done(house.root.post("/materials/basis", {"basis": "last"}))
    assert (await elsewhere.seen(elsewhere.amina, await add(elsewhere)))["basis"] == "average"


async def test_a_number_is_one_materials_in_the_tenant(house):
    path, other = await add(house, sku="Y-1"), await add(house, house.basma)
    taken = (409, "materials.sku_taken")
    assert await refused(house.basma.post("/materials", MERINO | {"sku": "Y-1"})) == taken
    assert await refused(house.basma.post(f"{other}/sku", {"sku": "Y-1"})) == taken
    await house.done(house.amina.post(f"{path}/sku", {"sku": "Y-2"}))
    await house.done(house.basma.post(f"{other}/sku", {"sku": "Y-1"}))
    await house.done(house.basma.post(f"{other}/sku", {"sku": None}))
    await house.done(house.amina.post(f"{path}/sku", {"sku": "Y-1"}))
    assert (await house.seen(house.amina, path))["sku"] == "Y-1"
