"""Costing over HTTP, from the yarn to the price, by role."""

import asyncio

import pytest

from application.costing import computing
from tests.costing.settling import settle
from tests.materials.test_http import add, buy, dinars
from tests.reels.house import refused

UNKNOWN = (404, "costing.unknown_product")
NOWHERE = "018f2f0e-6f3c-7c1e-9a51-0e7a4b6f1a2d"
PATH = "/costing/products"


async def define(house, client=None, **more):
    """The path of a new one."""
    body = {"name": "Scarf"} | more
    made = await house.done((client or house.amina).post(PATH, body), 201)
    return f"{PATH}/{made['id']}"


def part(path, quantity):
    kind = "material" if path.startswith("/materials") else "product"
    return {"kind": kind, "id": path.rpartition("/")[2], "quantity": quantity}


async def compose(house, path, *parts, **more):
    body = {"components": [part(*told) for told in parts]} | more
    return await house.done(house.amina.post(f"{path}/components", body))


async def calculated(house, path, client=None):
    return await house.done((client or house.amina).post(f"{path}/calculate-costs"))


async def test_a_product_says_what_it_is_made_of_and_what_that_costs(house):
    wool, scarf = await add(house), await define(house, margin=5000)
    await buy(house, wool, "100", "20.00")
    await compose(house, scarf, (wool, "30.5"), makes=2)
    work = {"labour": [{"name": "knitting", "minutes": "1.5", "rate": dinars("40.00")}]}
    await house.done(house.amina.post(f"{scarf}/labour", work))
    rules = {"overheads": [{"name": "rent", "on": "labour", "basis_points": 5000}]}
    done = await house.done(house.amina.post(f"{scarf}/overheads", rules))
    shown = await house.seen(house.amina, scarf)
    assert shown.pop("defined_at")
    assert shown.pop("costed_at")
    assert shown == {
        "id": done["id"],
        "version": 7,
        "owner": "amina",
        "name": "Scarf",
        "currency": "DZD",
        "margin": 5000,
        "components": [part(wool, "30.5")],
        "makes": 2,
        "labour": [{"name": "knitting", "minutes": "1.5", "rate": dinars("40.00")}],
        "overheads": [{"name": "rent", "on": "labour", "basis_points": 5000, "amount": None}],
        "cost": dinars("3.80"),
        "price": dinars("7.60"),
        "retired": False,
        "sells": None,
    }


async def test_a_calculation_names_every_line_and_where_it_comes_from(house):
    wool, silk = await add(house), await add(house, name="Silk")
    fringe, scarf = await define(house, name="Fringe"), await define(house)
    first = await buy(house, wool, "100", "20.00")
    await compose(house, fringe, (wool, "10"))
    await compose(house, scarf, (wool, "100"), (silk, "1"), (fringe, "2"))
    found = await calculated(house, scarf)
    assert (found["cost"], found["price"], found["missing"]) == (
        *(None, None),
        [silk.rpartition("/")[2]],
    )
    paid = await buy(house, silk, "2", "10.00")
    second = await buy(house, wool, "100", "40.00")
    found = await calculated(house, scarf)
    assert found["position"] >= second["position"] > paid["position"]
    lines = [(line["name"], line["unit"], line["cost"]) for line in found["components"]]
    assert lines == [
        ("Merino", "g", dinars("30.00")),
        ("Silk", "g", dinars("5.00")),
        ("Fringe", "piece", dinars("6.00")),
    ], "what is below is calculated anew too"
    assert found["cost"] == dinars("41.00")
    positions = [line["positions"] for line in found["components"]]
    assert positions == [
        [first["position"], second["position"]],
        [paid["position"]],
        [first["position"], second["position"]],
    ]
    await house.done(house.root.post("/materials/basis", {"basis": "last"}))
    found = await calculated(house, scarf)
    assert found["components"][0]["positions"] == [second["position"]]
    assert (found["basis"], found["cost"]) == ("last", dinars("53.00"))
    await settle(house)
    assert (await house.seen(house.amina, scarf))["cost"] == dinars("53.00")


async def test_a_line_that_is_a_product_names_the_purchases_of_all_that_is_in_it(house):
    wool, silk, box = [await add(house, name=name) for name in ("Wool", "Silk", "Box")]
    thread, fringe, scarf, gift = [await define(house) for _ in range(4)]
    await compose(house, thread, (wool, "1"))
    await compose(house, fringe, (thread, "2"), (silk, "1"))
    await compose(house, scarf, (fringe, "3"), (silk, "2"))
    await compose(house, gift, (scarf, "1"), (thread, "1"), (box, "1"))
    bought = {}
    for path in (silk, wool, box, wool):
        bought.setdefault(path, []).append((await buy(house, path, "10", "5.00"))["position"])
    named = [line["positions"] for line in (await calculated(house, gift))["components"]]
    assert named == [sorted([*bought[wool], *bought[silk]]), bought[wool], bought[box]]
    (twice, _) = (await calculated(house, scarf))["components"]
    assert twice["positions"] == sorted([*bought[wool], *bought[silk]])


async def test_of_very_many_purchases_under_a_line_the_last_are_named(house, monkeypatch):
    monkeypatch.setattr(computing, "MOST", 3)
    yarns, scarf = [await add(house) for _ in range(4)], await define(house)
    await compose(house, scarf, *((yarn, "1") for yarn in yarns))
    box = await define(house, name="Box")
    await compose(house, box, (scarf, "1"))
    bought = [(await buy(house, yarn, "10", "5.00"))["position"] for yarn in yarns]
    (line,) = (await calculated(house, box))["components"]
    assert line["positions"] == bought[1:]


async def test_stock_that_ran_out_is_where_an_average_no_longer_comes_from(house):
    wool, scarf = await add(house), await define(house)
    await buy(house, wool, "100", "20.00")
    await house.done(house.amina.post(f"{wool}/adjust", {"delta": "-100", "reason": "used"}))
    bought = await buy(house, wool, "100", "40.00")
    await compose(house, scarf, (wool, "1"))
    (line,) = (await calculated(house, scarf))["components"]
    assert (line["positions"], line["cost"]) == ([bought["position"]], dinars("0.40"))


async def test_a_loop_is_refused_and_so_is_what_is_not_there(house):
    inner, outer = await define(house), await define(house)
    await compose(house, outer, (inner, "1"))
    for told, code in (
        ((outer, "1"), "costing.cycle"),
        ((inner, "1"), "costing.cycle"),
        ((f"{PATH}/{NOWHERE}", "1"), "costing.unknown_component"),
        (("/materials/" + NOWHERE, "1"), "costing.unknown_component"),
        ((outer, "0"), "costing.quantity_out_of_range"),
        ((outer, "1e3"), "quantities.malformed"),
        ((outer, "0.0001"), "quantities.malformed"),
    ):
        body = {"components": [part(*told)]}
        assert await refused(house.amina.post(f"{inner}/components", body)) == (422, code), told
    euros = {"amount": "1.00", "currency": "EUR"}
    for step, body, code in (
        ("labour", {"labour": [{"name": "x", "minutes": "1", "rate": euros}]},
         "costing.currency_mixed"),
        ("overheads", {"overheads": [{"name": "x", "on": "fixed"}]}, "costing.overhead_malformed"),
        ("components", {"components": [], "makes": 0}, "costing.makes_out_of_range"),
    ):  # fmt: skip
        assert await refused(house.amina.post(f"{inner}/{step}", body)) == (422, code)
    assert (await house.seen(house.amina, inner))["version"] == 1


async def test_two_who_close_a_loop_at_once_are_not_both_answered_well(house):
    left, right = await define(house), await define(house)
    answers = await asyncio.gather(
        house.amina.post(f"{left}/components", {"components": [part(right, "1")]}),
        house.amina.post(f"{right}/components", {"components": [part(left, "1")]}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_a_product_is_its_owners(house):
    scarf = await define(house)
    for reader in (house.amina, house.root, house.olga):
        assert (await house.seen(reader, scarf))["owner"] == "amina"
        assert (await calculated(house, scarf, reader))["cost"] is None
        assert len((await house.seen(reader, PATH))["items"]) == 1
    for route in ("", "/timeline"):
        assert await house.unseen(house.basma, f"{scarf}{route}") == UNKNOWN
        assert await house.unseen(house.karim, f"{scarf}{route}") == (403, "forbidden")
    assert await refused(house.basma.post(f"{scarf}/calculate-costs")) == UNKNOWN
    sent = {
        "components": {"components": []},
        "labour": {"labour": []},
        "overheads": {"overheads": []},
        "margin": {"margin": 1},
        "rename": {"name": "Mine"},
        "retire": None,
        "restore": None,
    }
    for step, body in sent.items():
        assert await refused(house.basma.post(f"{scarf}/{step}", body)) == UNKNOWN, step
        for client in (house.karim, house.olga):
            assert await refused(client.post(f"{scarf}/{step}", body)) == (403, "forbidden"), step
        gone = f"{PATH}/{NOWHERE}/{step}"
        assert await refused(house.amina.post(gone, body)) == UNKNOWN, step
    for path in (PATH, "/projects"):
        body = {"name": "Hers", "owner": "basma"}
        assert await refused(house.amina.post(path, body)) == (403, "forbidden"), path
    for path in (PATH, "/projects", "/costing/sales", "/costing/runs"):
        assert await refused(house.basma.get(path, owner="amina")) == (403, "forbidden"), path
        assert (await house.seen(house.basma, path, owner="basma"))["items"] == [], path
    assert len((await house.seen(house.olga, PATH, owner="amina"))["items"]) == 1
    theirs = await define(house, house.root, owner="basma")
    assert (await house.seen(house.basma, theirs))["owner"] == "basma"
    wool = await add(house)
    body = {"components": [part(wool, "1")]}
    refusal = await refused(house.root.post(f"{theirs}/components", body))
    assert refusal == (422, "costing.unknown_component"), "it is amina's, the product is not"


async def test_another_tenant_sees_nothing(house, houses):
    scarf, elsewhere = await define(house), await houses()
    for client in (elsewhere.amina, elsewhere.root):
        assert await refused(client.get(scarf)) == UNKNOWN
        assert await refused(client.post(f"{scarf}/calculate-costs")) == UNKNOWN
        assert (await client.get(PATH)).json()["items"] == []


async def test_what_is_retired_is_on_no_list_until_it_is_restored(house):
    scarf = await define(house, name="Scarf")
    await house.done(house.amina.post(f"{scarf}/rename", {"name": "Winter scarf"}))
    assert len((await house.seen(house.amina, PATH, q="WINTER"))["items"]) == 1
    await house.done(house.amina.post(f"{scarf}/retire"))
    assert (await house.seen(house.amina, PATH))["items"] == []
    assert len((await house.seen(house.amina, PATH, retired="true"))["items"]) == 1
    refusal = await refused(house.amina.post(f"{scarf}/margin", {"margin": 1}))
    assert refusal == (422, "costing.retired")
    await house.done(house.amina.post(f"{scarf}/restore"))
    assert len((await house.seen(house.amina, PATH))["items"]) == 1


async def test_projects_are_costed_products(house):
    made = await house.done(house.amina.post("/projects", {"name": "Scarf", "margin": 1}), 201)
    path = f"{PATH}/{made['id']}"
    shown = await house.seen(house.amina, path)
    assert (await house.seen(house.amina, "/projects"))["items"] == [shown]
    assert await house.seen(house.amina, f"/projects/{made['id']}/complete") == shown
    wool = await add(house)
    await buy(house, wool, "1", "1.00")
    await compose(house, path, (wool, "1"))
    told = await calculated(house, f"/projects/{made['id']}")
    assert told == await calculated(house, path)
    assert await house.unseen(house.basma, f"/projects/{made['id']}/complete") == UNKNOWN


async def test_a_project_is_put_and_deleted(house):
    body = {"name": "Scarf", "margin": 4000, "currency": "DZD"}
    id = (await house.done(house.amina.post("/projects", body), 201))["id"]

    async def put(client, **more):
        return await client.send("PUT", f"/projects/{id}", json=body | more)

    first = await house.done(put(house.amina, name="Shawl", margin=5000))
    assert first["version"] == 3
    shown = await house.seen(house.amina, f"/projects/{id}/complete")
    assert (shown["name"], shown["margin"]) == ("Shawl", 5000)
    again = await house.done(put(house.amina, name="Shawl", margin=5000, owner="amina"))
    assert again["version"] == 3
    for client, more, refusal in (
        (house.amina, {"currency": "EUR"}, (422, "costing.currency_mixed")),
        (house.root, {"owner": "basma"}, (422, "costing.owner_stays")),
        (house.amina, {"owner": "basma"}, (422, "costing.owner_stays")),
        (house.amina, {"name": " "}, (422, "costing.name_malformed")),
        (house.amina, {"margin": 10_000}, (400, "malformed")),
        (house.basma, {}, UNKNOWN),
        (house.karim, {}, (403, "forbidden")),
    ):
        assert await refused(put(client, **more)) == refusal, more
    assert await refused(house.basma.delete(f"/projects/{id}")) == UNKNOWN
    await house.done(house.amina.delete(f"/projects/{id}"))
    assert (await house.seen(house.amina, "/projects"))["items"] == []
    assert await refused(put(house.amina)) == (422, "costing.retired")


@pytest.mark.parametrize("margin", [-1, 10_000, 1.5, None])
async def test_a_margin_is_less_than_all(house, margin):
    assert (await refused(house.amina.post(PATH, {"name": "x", "margin": margin})))[0] == 400
