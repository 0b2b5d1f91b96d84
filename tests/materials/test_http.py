"""Materials over HTTP, from the first purchase to the dashboard, by role."""

import pytest

from tests.materials.test_costs import MALFORMED
from tests.reels.house import refused

UNKNOWN = (404, "materials.unknown_material")
MERINO = {
    "name": "Merino",
    "kind": "yarn",
    "unit": "g",
    "conversions": [{"unit": "kg", "factor": "1000"}],
}


def dinars(amount):
    return {"amount": amount, "currency": "DZD"}


async def add(house, client=None, **more):
    """The path of a new one."""
    made = await house.done((client or house.amina).post("/materials", MERINO | more), 201)
    return f"/materials/{made['id']}"


async def buy(house, path, quantity, price, **more):
    body = {"quantity": quantity, "price": dinars(price)} | more
    return await house.done(house.amina.post(f"{path}/purchase", body))


async def names(house, client, path="/materials", **query):
    return [item["name"] for item in (await house.seen(client, path, **query))["items"]]


async def test_a_material_is_bought_by_the_kilo_and_counted_by_the_gram(house):
    path = await add(house, brand="Atlas", attributes={"weight": "DK"}, sku="Y-1", scrap=2000)
    await buy(house, path, "1.5", "300.00", unit="kg", landed=dinars("60"))
    await buy(house, path, "500", "40.00")
    done = await house.done(
        house.amina.post(f"{path}/adjust", {"delta": "-0.5", "unit": "kg", "reason": "moths"})
    )

    shown = await house.seen(house.amina, path)
    assert shown.pop("added_at")
    assert shown == {
        "id": done["id"],
        "version": 4,
        "owner": "amina",
        "name": "Merino",
        "kind": "yarn",
        "brand": "Atlas",
        "colour": "",
        "attributes": {"weight": "DK"},
        "sku": "Y-1",
        "unit": "g",
        "conversions": [{"unit": "kg", "factor": "1000"}],
        "scrap": 2000,
        "currency": "DZD",
        "basis": "average",
        "stock": "1500",
        "threshold": None,
        "low": False,
        "average": dinars("0.20"),
        "last": dinars("0.08"),
        "standard": None,
        "cost": dinars("0.20"),
        "effective_cost": dinars("0.25"),
        "stock_value": dinars("300.00"),
        "retired": False,
    }


async def test_every_purchase_says_how_the_average_moved(house):
    path = await add(house)
    told = {"supplier": "Atlas Mills", "reference": "B-7", "bought_at": "2026-02-01T12:00:00"}
    first = await buy(house, path, "400", "10", **told)
    when = "2026-03-01T12:00:00"
    second = await buy(house, path, "0.1", "10", unit="kg", bought_at=when)

    last, before = (await house.seen(house.amina, f"{path}/purchases"))["items"]
    assert [before["position"], last["position"]] == [first["position"], second["position"]]
    assert (before["average_before"], before["average"]) == (None, dinars("0.025"))
    assert (last["average_before"], last["average"]) == (dinars("0.025"), dinars("0.04"))
    assert (before["supplier"], before["reference"]) == ("Atlas Mills", "B-7")
    assert (last["quantity"], last["bought"]) == ("100", {"quantity": "0.1", "unit": "kg"})
    assert (last["unit_cost"], last["landed"]) == (dinars("0.10"), dinars("0.00"))
    assert (last["bought_at"], last["by"]) == (f"{when}Z", "amina")


@pytest.mark.parametrize("when", [1_700_000_000, "1700000000", 253402300800, "2026-02-01"])
async def test_when_it_was_bought_is_a_time_with_its_day_and_no_number_of_seconds(house, when):
    told = {"quantity": "1", "price": dinars("1"), "bought_at": when}
    path = await add(house)
    assert await refused(house.amina.post(f"{path}/purchase", told)) == (400, "malformed")


async def test_a_long_history_is_read_on_by_a_cursor(house):
    path = await add(house)
    for number in range(12):
        await buy(house, path, str(number + 1), "1")
    first = await house.seen(house.amina, f"{path}/purchases", limit=10)
    rest = await house.seen(house.amina, f"{path}/purchases", limit=10, cursor=first["next"])
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [10, 2, None]
    told = [item["quantity"] for item in first["items"] + rest["items"]]
    assert told == [str(number) for number in range(12, 0, -1)]


async def test_what_is_noted_is_for_who_may_see_the_material(house):
    path = await add(house)
    await house.done(
        house.amina.post(
            f"{path}/adjust", {"delta": "7", "reason": "found", "note": "behind the door"}
        )
    )
    await house.done(house.root.post(f"{path}/adjust", {"delta": "-2", "reason": "count"}))
    for reader in (house.amina, house.root, house.olga):
        last, first = (await house.seen(reader, f"{path}/adjustments"))["items"]
        assert (first["delta"], first["reason"], first["by"]) == ("7", "found", "amina")
        assert first["personal"] == {"note": "behind the door"}
        assert (last["delta"], last["by"], last["personal"]) == ("-2", "root", None)
    for stranger in (house.basma,):
        assert await house.unseen(stranger, f"{path}/adjustments") == UNKNOWN


async def test_the_tenant_chooses_by_which_cost_all_is_told(house):
    path, other = await add(house), await add(house, house.basma, name="Silk")
    await buy(house, path, "100", "10")
    await buy(house, path, "100", "30")
    await house.done(house.amina.post(f"{path}/standard-cost", {"cost": dinars("0.12345678")}))
    told = {"average": "0.20", "last": "0.30", "standard": "0.12345678"}
    for basis in ("last", "standard", "average"):
        done = await house.done(house.root.post("/materials/basis", {"basis": basis}))
        assert done["id"] == house.tenant
        shown = await house.seen(house.amina, path)
        assert (shown["basis"], shown["cost"]) == (basis, dinars(told[basis]))
        assert (await house.seen(house.basma, other))["basis"] == basis
        assert (await house.seen(house.root, f"/tenants/{house.tenant}"))["cost_basis"] == basis
    await house.done(house.root.post("/materials/basis", {"basis": "last"}))
    assert (await house.seen(house.amina, await add(house)))["basis"] == "last"
    for client in (house.amina, house.olga, house.karim):
        refusal = await refused(client.post("/materials/basis", {"basis": "last"}))
        assert refusal == (403, "forbidden")
    wrong = house.root.post("/materials/basis", {"basis": "cheapest"})
    assert await refused(wrong) == (400, "malformed")


async def test_a_basis_without_its_cost_says_so(house):
    path = await add(house)
    await buy(house, path, "100", "10")
    await house.done(house.root.post("/materials/basis", {"basis": "standard"}))
    shown = await house.seen(house.amina, path)
    assert (shown["cost"], shown["stock_value"], shown["effective_cost"]) == (None, None, None)
    assert (await house.seen(house.amina, "/inventory/dashboard"))["without_cost"] == 1
    await house.done(house.amina.post(f"{path}/standard-cost", {"cost": dinars("1")}))
    assert (await house.seen(house.amina, path))["stock_value"] == dinars("100.00")
    await house.done(house.amina.post(f"{path}/standard-cost", {"cost": None}))
    assert (await house.seen(house.amina, path))["stock_value"] is None


async def test_lists_are_narrowed_by_kind_by_what_is_low_and_by_words(house):
    await add(house, name="Merino", brand="Atlas")
    low = await add(house, name="Button", kind="component", unit="piece", conversions=[])
    await add(house, name="Bag", kind="supply", unit="piece", attributes={"made of": "Linen"})
    await house.done(house.amina.post(f"{low}/threshold", {"threshold": "10"}))
    assert await names(house, house.amina) == ["Bag", "Button", "Merino"]
    assert await names(house, house.amina, kind="yarn") == ["Merino"]
    assert await names(house, house.amina, low="true") == ["Button"]
    assert await names(house, house.amina, q="ATLAS") == ["Merino"]
    assert await names(house, house.amina, q="linen") == ["Bag"]
    assert await names(house, house.amina, "/yarns") == ["Merino"]
    assert await names(house, house.amina, "/yarns", q="linen") == []
    assert await refused(house.amina.get("/materials", kind="drink")) == (400, "malformed")


async def test_yarns_are_materials(house):
    yarn = {name: value for name, value in MERINO.items() if name != "kind"}
    made = await house.done(house.amina.post("/yarns", yarn), 201)
    shown = await house.seen(house.amina, f"/materials/{made['id']}")
    assert shown["kind"] == "yarn"
    assert (await house.seen(house.amina, "/yarns"))["items"] == [shown]
    assert await refused(house.amina.post("/yarns", MERINO)) == (400, "malformed")


async def test_a_yarn_is_shown_redefined_and_retired_where_yarns_are(house):
    path, button = await add(house), await add(house, name="Button", kind="component")
    yarn, other = (each.replace("materials", "yarns") for each in (path, button))
    told = {name: value for name, value in MERINO.items() if name != "kind"}
    told |= {"name": "Merino II", "sku": "M-2", "scrap": 500, "conversions": []}

    async def put(path, **more):
        return await house.amina.send("PUT", path, json=told | more)

    assert await house.seen(house.amina, yarn) == await house.seen(house.amina, path)
    done = await house.done(put(yarn))
    shown = await house.seen(house.amina, path)
    assert {name: shown[name] for name in told} == told
    again = await house.done(put(yarn, owner="amina", currency="DZD"))
    assert again["version"] == done["version"], "repeating oneself is no news"
    for more, code in (
        ({"unit": "kg"}, "materials.unit_stays"),
        ({"currency": "EUR"}, "materials.currency_changed"),
        ({"owner": "basma"}, "materials.owner_stays"),
        ({"name": " "}, "materials.name_missing"),
    ):
        assert await refused(put(yarn, **more)) == (422, code)
    for asked in (house.amina.get, house.amina.delete, put):
        assert await refused(asked(other)) == (404, "materials.unknown_material")
    await house.done(house.amina.delete(yarn))
    assert (await house.seen(house.amina, yarn))["retired"]
    assert await refused(put(yarn)) == (422, "materials.retired")
    assert not (await house.seen(house.amina, button))["retired"]


async def test_the_dashboard_counts_what_there_is_and_what_it_is_worth(house):
    nothing = await house.seen(house.amina, "/inventory/dashboard")
    assert (nothing["materials"], nothing["value"]) == (0, [])
    path, button = await add(house), await add(house, name="Button", kind="component")
    foreign = await add(house, name="Silk", currency="EUR")
    await buy(house, path, "100", "10")
    euros = {"amount": "5", "currency": "EUR"}
    body = {"quantity": "10", "price": euros}
    await house.done(house.amina.post(f"{foreign}/purchase", body))
    await house.done(house.amina.post(f"{button}/threshold", {"threshold": "1"}))
    gone = await add(house, name="Gone")
    await house.done(house.amina.delete(gone))
    await add(house, house.basma, name="Hers")

    mine = await house.seen(house.amina, "/inventory/dashboard")
    assert mine == {
        "materials": 3,
        "low": 1,
        "without_cost": 0,
        "kinds": [
            {"kind": "yarn", "materials": 2, "low": 0},
            {"kind": "component", "materials": 1, "low": 1},
            {"kind": "supply", "materials": 0, "low": 0},
        ],
        "value": [dinars("10.00"), {"amount": "5.00", "currency": "EUR"}],
    }
    assert await house.seen(house.root, "/inventory/dashboard", owner="amina") == mine
    assert (await house.seen(house.olga, "/inventory/dashboard"))["materials"] == 4
    hers = await house.seen(house.basma, "/inventory/dashboard", owner="basma")
    assert hers["materials"] == 1
    assert await refused(house.karim.get("/inventory/dashboard")) == (403, "forbidden")


async def test_what_is_retired_is_on_no_list_until_it_is_restored(house):
    path = await add(house)
    await house.done(house.amina.post(f"{path}/retire"))
    assert await names(house, house.amina) == []
    assert await names(house, house.amina, retired="true") == ["Merino"]
    assert (await house.seen(house.amina, path))["retired"] is True
    body = {"quantity": "1", "price": dinars("1")}
    refusal = await refused(house.amina.post(f"{path}/purchase", body))
    assert refusal == (422, "materials.retired")
    await house.done(house.amina.post(f"{path}/restore"))
    assert await names(house, house.amina) == ["Merino"]


async def test_the_same_request_again_is_the_same_answer_and_counts_once(house):
    first = await house.amina.post("/materials", MERINO, key="k")
    again = await house.amina.post("/materials", MERINO, key="k")
    assert (first.status_code, first.content) == (201, again.content)
    path = f"/materials/{first.json()['id']}"
    body = {"quantity": "10", "price": dinars("1")}
    bought = [await house.amina.post(f"{path}/purchase", body, key="p") for _ in range(2)]
    assert bought[0].content == bought[1].content
    other = await refused(house.amina.post(f"{path}/purchase", body | {"unit": "kg"}, key="p"))
    assert other == (422, "idempotency_key_reused")
    house.at = bought[0].json()["position"]
    assert (await house.seen(house.amina, path))["stock"] == "10"


@pytest.mark.parametrize(
    "quantity",
    [*MALFORMED, "-1", "1.2345", "0.0001", "9" * 10, "9" * 40, "0", 1, 1.5, None, "1\u0000"],
)
async def test_a_malformed_quantity_changes_nothing(house, quantity):
    path = await add(house)
    body = {"quantity": quantity, "price": dinars("1")}
    assert (await refused(house.amina.post(f"{path}/purchase", body)))[0] in (400, 422)
    adjusted = {"delta": quantity, "reason": "count"}
    if quantity not in ("-1", "0"):
        assert (await refused(house.amina.post(f"{path}/adjust", adjusted)))[0] in (400, 422)
    threshold = {"threshold": quantity}
    if quantity not in ("0", None):
        assert (await refused(house.amina.post(f"{path}/threshold", threshold)))[0] in (400, 422)
    if quantity not in ("0.0001",):
        house_factor = {"conversions": [{"unit": "kg", "factor": quantity}]}
        assert (await refused(house.amina.post(f"{path}/measure", house_factor)))[0] in (400, 422)
    assert (await house.seen(house.amina, path))["version"] == 1


async def test_what_cannot_be_is_refused_by_its_own_code(house):
    path = await add(house)
    price = dinars("1")
    for step, body, code in (
        ("purchase", {"quantity": "1.2345", "price": price}, "materials.quantity_too_fine"),
        ("purchase", {"quantity": "1", "unit": "lb", "price": price}, "materials.unknown_unit"),
        ("purchase", {"quantity": "1", "price": dinars("1.234")}, "money.malformed"),
        ("purchase", {"quantity": "1", "price": dinars("-1")}, "money.malformed"),
        ("purchase", {"quantity": "0", "price": price}, "materials.quantity_out_of_range"),
        ("adjust", {"delta": "-1", "reason": "used"}, "materials.below_zero"),
        ("adjust", {"delta": "1", "reason": "Used!"}, "materials.reason_malformed"),
        ("threshold", {"threshold": "1e3"}, "quantities.malformed"),
        ("threshold", {"threshold": "0.0001"}, "materials.quantity_too_fine"),
        ("standard-cost", {"cost": dinars("0.000000001")}, "costs.malformed"),
        ("standard-cost", {"cost": {"amount": "1", "currency": "EUR"}},
         "materials.currency_changed"),
        ("measure", {"scrap": 9001}, "materials.scrap_out_of_range"),
        ("describe", {"name": " ", "kind": "yarn"}, "materials.name_missing"),
        ("describe", {"name": "M", "kind": "yarn", "attributes": {str(n): "" for n in range(51)}},
         "materials.attributes_too_many"),
    ):  # fmt: skip
        assert await refused(house.amina.post(f"{path}/{step}", body)) == (422, code), body
    nowhere = house.api.of("seller", "amina", "nowhere")
    assert await refused(nowhere.post("/materials", MERINO)) == (404, "tenants.unknown_tenant")
