"""Bulks over HTTP: looked at, confirmed, watched, undone, by role."""

import time
from uuid import uuid4

import pytest

from entrypoints.http.confirming import Confirm, read
from tests.materials.test_http import UNKNOWN, add, dinars
from tests.reels.house import refused
from tests.support.http import Client
from tests.support.live import running_gateway

SILK = {"op": "create", "name": "Silk", "kind": "yarn", "unit": "g"}
MATERIALS, PRODUCTS = "/materials/bulk", "/catalog/products/bulk"
DINAR = {"amount": "1.00", "currency": "DZD"}


async def sent(house, method, path, body, client=None, confirm=None):
    """No older a state than the last write is asked for, where a filter looks at one."""
    more = {} if confirm is None else {"confirm": confirm}
    query = {} if method == "POST" else {"params": {"after": house.at}}
    return await (client or house.amina).send(method, path, json=body | more, **query)


async def previewed(house, method, path, body, client=None):
    answer = await sent(house, method, path, body, client)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def confirmed(house, method, path, body, client=None):
    """Looked at and carried out: what each answered."""
    preview = await previewed(house, method, path, body, client)
    ran = await house.done(sent(house, method, path, body, client, preview["confirm"]))
    assert ran["id"] == preview["id"]
    return preview, ran


async def shown(house, **query):
    return {m["name"]: m for m in (await house.seen(house.amina, "/materials", **query))["items"]}


async def head(house):
    async with house.souk.log.pool.connection() as db:
        return (await (await db.execute("SELECT position FROM log.head")).fetchone())[0]


async def test_operations_are_looked_at_first_then_done_and_undone(house):
    path = await add(house, sku="Y-1")
    id = path.rpartition("/")[2]
    body = {
        "operations": [
            SILK | {"sku": "Y-1"},
            SILK | {"sku": "Y-2", "conversions": [{"unit": "kg", "factor": "1000"}]},
            {"op": "update", "id": id, "brand": "Atlas", "threshold": "2.5", "sku": None},
            {"op": "update", "id": str(uuid4()), "brand": "Atlas"},
            {"op": "delete", "id": id},
            SILK | {"scrap": 100_000},
        ]
    }
    before = await head(house)
    preview = await previewed(house, "POST", MATERIALS, body)
    assert await head(house) == before
    assert preview["would"] == {
        "create": 1,
        "update": 1,
        "delete": 0,
        "restore": 0,
        "unchanged": 0,
    }
    codes = {
        0: "materials.sku_taken",
        3: "materials.unknown_material",
        4: "bulks.repeated",
        5: "materials.scrap_out_of_range",
    }
    assert {r["index"]: r["code"] for r in preview["refused"]["first"]} == codes
    changed = next(example for example in preview["examples"] if example["id"] == id)
    assert changed["before"] == {"brand": "", "threshold": None, "sku": "Y-1"}
    assert changed["after"] == {"brand": "Atlas", "threshold": "2.5", "sku": None}

    ran = await house.done(sent(house, "POST", MATERIALS, body, confirm=preview["confirm"]))
    assert (ran["total"], ran["applied"], ran["refused"]) == (6, 2, 4)
    again = await house.done(sent(house, "POST", MATERIALS, body, confirm=preview["confirm"]))
    assert again == ran
    names = await shown(house)
    assert (names["Merino"]["brand"], names["Silk"]["sku"]) == ("Atlas", "Y-2")
    bulk = await house.seen(house.amina, f"/bulks/{ran['id']}")
    assert (bulk["status"], bulk["done"], bulk["applied"]) == ("completed", 6, 2)
    told = await house.seen(house.amina, f"/bulks/{ran['id']}/refusals", limit=10)
    assert {r["index"]: r["code"] for r in told["items"]} == codes

    _, undone = await confirmed(house, "POST", f"/bulks/{ran['id']}/undo", {})
    names = await shown(house)
    assert names.keys() == {"Merino"}
    assert (names["Merino"]["brand"], names["Merino"]["sku"]) == ("", "Y-1")
    assert (await house.seen(house.amina, f"/bulks/{ran['id']}"))["undone_by"] == undone["id"]
    assert (await house.seen(house.amina, f"/bulks/{undone['id']}"))["undoes"] == ran["id"]
    nothing = await previewed(house, "POST", f"/bulks/{ran['id']}/undo", {})
    assert (nothing["total"], nothing["confirm"]) == (0, None)
    assert nothing["undone_by"] == undone["id"]


async def test_all_that_a_filter_finds_is_updated_and_retired(house):
    for name, kind in (("Merino", "yarn"), ("Mohair", "yarn"), ("Button", "component")):
        await add(house, name=name, kind=kind)
    await add(house, house.basma, name="Hers")
    updates = {"standard_cost": dinars("0.5"), "attributes": {"weight": "DK"}}
    body = {"filter": {"kind": "yarn"}, "updates": updates}
    preview, ran = await confirmed(house, "PUT", MATERIALS, body)
    assert preview["would"]["update"] == ran["applied"] == 2
    names = await shown(house)
    assert [names[n]["standard"] for n in ("Merino", "Mohair", "Button")] == [
        *[dinars("0.50")] * 2,
        None,
    ]
    _, ran = await confirmed(house, "DELETE", MATERIALS, {"filter": {"q": "button"}})
    assert ran["applied"] == 1
    assert (await shown(house)).keys() == {"Merino", "Mohair"}
    assert (await shown(house, retired=True)).keys() == {"Button"}
    await confirmed(house, "POST", f"/bulks/{ran['id']}/undo", {})
    assert (await shown(house)).keys() == {"Merino", "Mohair", "Button"}
    every = await previewed(house, "PUT", MATERIALS, body | {"filter": {}}, house.root)
    assert every["total"] == 4


async def test_what_is_confirmed_must_be_what_was_seen(house):
    await add(house)
    body = {"filter": {}, "updates": {"brand": "Atlas"}}
    confirm = (await previewed(house, "PUT", MATERIALS, body))["confirm"]
    changed = (409, "bulks.selection_changed")
    malformed = (422, "bulks.confirm_malformed")
    other = {"filter": {}, "updates": {"brand": "Zephyr"}}
    assert await refused(sent(house, "PUT", MATERIALS, other, confirm=confirm)) == changed
    for client in (house.basma, house.root):
        taken = sent(house, "PUT", MATERIALS, body, client, confirm)
        assert await refused(taken) == malformed
    retire = sent(house, "DELETE", MATERIALS, {"filter": {}}, confirm=confirm)
    assert await refused(retire) == malformed
    for wrong in (confirm[:-1], "x", "é", f"0{confirm}"):
        assert await refused(sent(house, "PUT", MATERIALS, body, confirm=wrong)) == malformed
    await add(house, name="Mohair")
    assert await refused(sent(house, "PUT", MATERIALS, body, confirm=confirm)) == changed
    assert {m["brand"] for m in (await shown(house)).values()} == {""}


async def test_a_confirmation_expires_unless_it_was_begun_with(house):
    await add(house)
    body = {"filter": {}, "updates": {"brand": "Atlas"}}
    confirm = (await previewed(house, "PUT", MATERIALS, body))["confirm"]
    secret, whose = house.souk.settings.secret, (house.tenant, "amina", f"PUT /api/v1{MATERIALS}")
    said = read(confirm, secret, whose)
    assert 0 < said.until - time.time() <= 900
    old = Confirm(said.id, 1, said.body, said.selection).signed(secret, whose)
    late = await refused(sent(house, "PUT", MATERIALS, body, confirm=old))
    assert late == (422, "bulks.confirm_expired")
    ran = await house.done(sent(house, "PUT", MATERIALS, body, confirm=confirm))
    assert await house.done(sent(house, "PUT", MATERIALS, body, confirm=old)) == ran


async def test_more_than_ten_thousand_are_too_many(house):
    gone = {"op": "delete", "id": str(uuid4())}
    body = {"operations": [gone] * 10_001}
    assert await refused(sent(house, "POST", MATERIALS, body)) == (422, "bulks.too_many")


async def test_by_the_name_of_yarns_only_yarns_are_there(house):
    yarn, button = await add(house), await add(house, name="Button", kind="component")
    both = [path.rpartition("/")[2] for path in (yarn, button)]
    silk = {key: value for key, value in SILK.items() if key != "kind"}
    body = {"operations": [*({"op": "update", "id": id, "brand": "A"} for id in both), silk]}
    preview, _ = await confirmed(house, "POST", "/yarns/bulk", body)
    assert [r["id"] for r in preview["refused"]["first"]] == both[1:]
    assert (await shown(house))["Silk"]["kind"] == "yarn"
    _, ran = await confirmed(house, "DELETE", "/yarns/bulk", {"filter": {}})
    assert ran["applied"] == 2
    assert (await shown(house)).keys() == {"Button"}
    named = {"filter": {"ids": both}, "updates": {"colour": "red"}}
    assert (await previewed(house, "PUT", "/yarns/bulk", named))["total"] == 0


async def test_products_are_created_priced_and_retired_in_bulk(house):
    tea = await house.product("tea")
    await house.product("pots", seller="basma")
    house.at = await head(house)
    cup = {"op": "create", "name": "Cup", "slug": "cup", "price": dinars("3.00")}
    body = {
        "operations": [
            cup,
            cup | {"slug": "tea"},
            cup | {"slug": "bowl", "price": dinars("3.001")},
            {"op": "update", "id": tea, "price": dinars("9.00"), "brand": "Atlas"},
        ]
    }
    path = "/catalog/products/bulk"
    preview, _ = await confirmed(house, "POST", path, body)
    codes = [r["code"] for r in preview["refused"]["first"]]
    assert codes == ["catalog.slug_taken", "money.malformed"]
    updates = {"filter": {}, "updates": {"min_order_quantity": 3, "category": "kitchen"}}
    _, ran = await confirmed(house, "PUT", path, updates)
    assert ran["applied"] == 2
    page = await house.seen(house.karim, f"/catalog/products/{tea}")
    assert (page["price"], page["min_order_quantity"]) == (dinars("9.00"), 3)
    await house.done(house.amina.post(f"/catalog/products/{tea}/price", {"price": dinars("8.00")}))
    preview, _ = await confirmed(house, "POST", f"/bulks/{ran['id']}/undo", {})
    assert [b["id"] for b in preview["blocked"]["first"]] == [tea]
    assert preview["blocked"]["first"][0]["events"][0]["tag"] == "catalog.price_changed"
    found = (await house.seen(house.karim, "/catalog/products", seller="amina"))["items"]
    assert {p["name"]: p["min_order_quantity"] for p in found} == {"Tea": 3, "Cup": 1}
    _, ran = await confirmed(house, "DELETE", path, {"filter": {"category": "kitchen"}})
    assert ran["applied"] == 1


async def test_products_come_into_a_category_in_bulk_and_out_of_it_when_that_is_undone(house):
    tea, new = await house.product("tea-2"), {"name": "Kitchen", "slug": "kitchen"}
    root = house.root
    shelf, old = [(await house.done(root.post("/categories", new | n), 201))["id"]
                  for n in ({}, {"slug": "attic"})]  # fmt: skip
    await house.done(root.post(f"/categories/{old}/retire"))
    path, change = "/catalog/products/bulk", {"op": "update", "id": tea}
    body = {"operations": [change | {"category_id": shelf}]}
    wrong = {"operations": [change | {"category_id": str(uuid4())}]}
    gone = {"operations": [change | {"category_id": old}]}
    for refusing, code in ((wrong, "unknown_category"), (gone, "category_retired")):
        preview = await previewed(house, "POST", path, refusing)
        assert [r["code"] for r in preview["refused"]["first"]] == [f"catalog.{code}"]
    _, ran = await confirmed(house, "POST", path, body)
    page = await house.seen(house.karim, f"/catalog/products/{tea}")
    assert page["category_id"] == shelf
    await confirmed(house, "POST", f"/bulks/{ran['id']}/undo", {})
    page = await house.seen(house.karim, f"/catalog/products/{tea}")
    assert page["category_id"] is None


@pytest.mark.parametrize("path", [MATERIALS, "/yarns/bulk", "/catalog/products/bulk"])
async def test_who_may_not_write_may_not_in_bulk(house, path):
    for client in (house.karim, house.olga):
        assert (await refused(client.post(path, {"operations": []})))[0] == 403
        assert (await refused(client.send("DELETE", path, json={"filter": {}})))[0] == 403


async def test_a_bulk_is_there_for_whoever_sent_it_and_for_staff(house):
    _, ran = await confirmed(house, "POST", MATERIALS, {"operations": [SILK]})
    path, gone = f"/bulks/{ran['id']}", (404, "bulks.unknown_bulk")
    assert await house.unseen(house.basma, path) == gone
    assert await house.unseen(house.basma, f"{path}/refusals") == gone
    assert await refused(house.basma.post(f"{path}/undo", {})) == gone
    assert (await refused(house.olga.post(f"{path}/undo", {})))[0] == 403
    assert (await house.seen(house.olga, path))["owner"] == "amina"
    assert [b["id"] for b in (await house.seen(house.olga, "/bulks"))["items"]] == [ran["id"]]
    assert (await house.seen(house.basma, "/bulks"))["items"] == []
    _, undone = await confirmed(house, "POST", f"{path}/undo", {}, house.root)
    assert undone["applied"] == 1
    assert await house.unseen(house.karim, path) == (403, "forbidden")


async def test_its_progress_is_watched(house):
    async with running_gateway(house.api) as readers:
        amina = await readers.of("seller", "amina", house.tenant)
        basma = await readers.of("seller", "basma", house.tenant)
        assert (await amina.subscribed("bulks?owner=amina"))["items"] == []
        assert (await basma.subscribed("bulks?owner=amina"))["code"] == "forbidden"
        _, ran = await confirmed(house, "POST", MATERIALS, {"operations": [SILK] * 1200})
        told = await amina.until(lambda m: m.get("document", {}).get("status") == "completed")
        assert told["document"] == await house.seen(house.amina, f"/bulks/{ran['id']}")
        assert told["document"]["done"] == told["document"]["applied"] == 1200


async def test_a_material_that_is_another_s_is_not_there(house):
    hers = (await add(house, house.basma)).rpartition("/")[2]
    body = {"operations": [{"op": "delete", "id": hers}]}
    preview = await previewed(house, "POST", MATERIALS, body)
    assert preview["refused"]["first"][0]["code"] == UNKNOWN[1]
    assert (await previewed(house, "POST", MATERIALS, body, house.root))["would"]["delete"] == 1


@pytest.mark.parametrize(
    ("path", "operation", "needed"),
    [
        (MATERIALS, SILK, "materials:create"),
        (
            PRODUCTS,
            {"op": "create", "name": "Rug", "slug": "rug", "price": DINAR},
            "products:create",
        ),
        (PRODUCTS, {"op": "delete", "id": str(uuid4())}, "products:soft_delete"),
    ],
)
async def test_each_operation_needs_its_own_permission(house, path, operation, needed):
    body = {"operations": [operation]}
    update = f"{needed.partition(':')[0]}:update"
    answer = await sent(house, "POST", path, body, holding(house, update))
    assert (answer.status_code, answer.json()["detail"].split()[-1]) == (403, needed)
    answer = await sent(house, "POST", path, body, holding(house, update, needed))
    assert answer.status_code == 200, answer.text


async def test_undoing_needs_what_the_bulk_needed(house):
    body = {"operations": [SILK]}
    _, ran = await confirmed(house, "POST", MATERIALS, body)
    path = f"/bulks/{ran['id']}/undo"
    answer = await sent(house, "POST", path, {}, holding(house, "bulks:create"))
    assert (answer.status_code, answer.json()["detail"].split()[-1]) == (403, "materials:update")
    answer = await sent(house, "POST", path, {}, holding(house, "bulks:create", "materials:update"))
    assert answer.status_code == 200, answer.text


def holding(house, *permissions):
    """Amina, with no more than these."""
    token = house.souk.signer.sign("amina", house.tenant, permissions)
    return Client(house.api.http, token)
