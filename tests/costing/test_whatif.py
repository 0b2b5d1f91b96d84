"""What if a yarn costs more: everything that would fall is shown, and nothing is saved."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

import projections
from application.ports import Receipt
from domain import offers as rules
from domain.money import Money
from domain.offers import Break, PublishOffer, Terms
from tests.carts.test_http import cart
from tests.costing.settling import headed, settle
from tests.costing.test_http import NOWHERE, PATH, UNKNOWN, compose, define
from tests.costing.test_links import link
from tests.costing.test_sales import sold
from tests.materials.test_http import add, buy, dinars
from tests.offers.house import terms
from tests.reels.house import refused

ALL = "/costing/calculate-costs"


def supposing(*told):
    """``told``: (the path of a material, what it would cost)."""
    return {
        "materials": [{"id": path.rpartition("/")[2], "cost": dinars(cost)} for path, cost in told]
    }


async def asked(house, body, path=ALL, client=None):
    return await house.done((client or house.amina).post(path, body))


async def shop(house, *prices, margin=4000):
    """Wool at 1.00 a gram, and a product for each price: 60 g of it, sold at that."""
    wool = await add(house)
    await buy(house, wool, "1000", "1000.00")
    made = []
    for number, price in enumerate(prices):
        product = await house.api.product(
            "amina", f"scarf-{number}", price, stock=50, tenant=house.tenant
        )
        path = await define(house, name=f"Scarf {number}", margin=margin)
        await compose(house, path, (wool, "60"))
        await link(house, path, product)
        made.append((path, product))
    return wool, made


async def test_a_dearer_yarn_shows_every_product_that_would_fall_under_its_margin(house):
    wool, ((low, _), (edge, _), (high, _)) = await shop(house, "90.00", "100.00", "250.00")
    pair = await define(house, name="Pair", margin=1000)
    await compose(house, pair, (high, "2"))
    found = await asked(house, supposing((wool, "1.25")))
    products = found["products"]["items"]
    assert found["products"]["total"] == 4
    told = {one["name"]: one for one in products}
    assert [one["name"] for one in products][:2] == ["Scarf 1", "Scarf 0"], "what falls is first"
    assert told["Scarf 1"] == {
        "id": edge.rpartition("/")[2],
        "name": "Scarf 1",
        "cost_now": dinars("60.00"),
        "cost_then": dinars("75.00"),
        "price": dinars("100.00"),
        "suggested_now": dinars("100.00"),
        "suggested_then": dinars("125.00"),
        "margin_now": 4000,
        "margin_then": 2500,
        "target": 4000,
        "under": True,
        "fell": True,
    }
    state = {name: (one["under"], one["fell"], one["margin_then"]) for name, one in told.items()}
    assert state["Scarf 0"] == (True, False, 1667), "it is under by now"
    assert state["Scarf 2"] == (False, False, 7000)
    assert state["Pair"] == (False, False, None), "it is not sold"
    assert told["Pair"]["cost_then"] == dinars("150.00")
    assert low != edge


async def test_it_shows_the_offers_and_the_open_carts_that_would_fall_too(house):
    for user, tier in (("amina", "importateur"), ("basma", "fournisseur")):
        body = {"shop": f"{user}'s", "tier": tier}
        await house.done(house.root.post(f"/identity/members/{user}/appoint-seller", body))
    wool, ((_, edge), (_, high)) = await shop(house, "110.00", "250.00")
    made = []
    for product, breaks in ((edge, ((1, "105.00"), (50, "95.00"))), (high, ((1, "240.00"),))):
        body = terms(*breaks) | {"product": product, "target": "fournisseur"}
        made.append((await house.done(house.amina.post("/offers", body), 201))["id"])
    closed = await house.done(
        house.amina.post(
            "/offers", terms((1, "1.00")) | {"product": edge, "target": "fournisseur"}
        ),
        201,
    )
    await house.done(house.amina.post(f"/offers/{closed['id']}/close", {}))
    both = await cart(house.karim, (edge, 3), (high, 2))
    await cart(house.karim, (high, 1))
    await sold(house, (edge, 1))
    for client, path in ((house.karim, "/carts"), (house.amina, "/offers/mine")):
        await house.seen(client, path)  # these are no older than what was done
    found = await asked(house, supposing((wool, "1.10")))
    offers, carts = found["offers"], found["carts"]
    assert [(o["offer"], o["quantity"], o["price"], o["fell"]) for o in offers["items"]] == [
        (made[0], 1, dinars("105.00"), True),
        (made[0], 50, dinars("95.00"), False),
    ]
    assert [o["margin_then"] for o in offers["items"]] == [3714, 3053]
    assert (offers["total"], carts["total"]) == (2, 0), "110.00 still leaves 40 % of it"
    found = await asked(house, supposing((wool, "1.20")))
    assert found["carts"] == {
        "items": [
            {
                "cart": both,
                "product": edge,
                "quantity": 3,
                "price": dinars("110.00"),
                "margin_then": 3455,
                "fell": True,
            }
        ],
        "total": 1,
    }
    assert "karim" not in str(found), "nothing of whose cart it is"
    reader, floors = house.souk.reader(house.tenant), {edge: 20_000, high: 30_000}
    dear = {product: Money(minor, "DZD") for product, minor in floors.items()}
    for projection, least in ((projections.offers, dear), (projections.carts, floors)):
        shown, total = await projection.below(reader, least, 1)
        assert (len(shown), total) == (1, 3), "one is shown of all that are counted"


async def test_what_is_offered_in_another_currency_is_compared_with_nothing(house):
    """The log may have it from before the rule."""
    for user, tier in (("amina", "importateur"), ("basma", "fournisseur")):
        body = {"shop": f"{user}'s", "tier": tier}
        await house.done(house.root.post(f"/identity/members/{user}/appoint-seller", body))
    wool, ((path, scarf),) = await shop(house, "110.00")
    id, now = str(uuid4()), datetime.now(UTC)
    told = Terms("Scarves", (Break(1, Money(900, "EUR")),), now + timedelta(days=9))
    new = PublishOffer("amina", "importateur", "fournisseur", scarf, "Scarf", told, now, "EUR")

    async def attempt(work):
        await work.decide(rules, id, new)
        return work.receipt(rules, id)

    await house.souk.commands.run(house.call("amina"), Receipt, attempt)
    answer = house.basma.post(f"/offers/{id}/responses", {"quantity": 2})
    thread = (await house.done(answer, 201))["id"]
    await house.done(house.amina.post(f"/negotiations/{thread}/accept"))
    (sale,) = (await house.seen(house.amina, f"{path}/sales"))["items"]
    assert (sale["unit_price"]["currency"], sale["unit_cost"]) == ("EUR", dinars("60.00"))
    assert (sale["margin"], sale["margin_rate"]) == (None, None)
    assert (await house.seen(house.amina, "/analytics/dashboard"))["open_orders"] == 1
    found = await asked(house, supposing((wool, "9.00")))
    assert found["offers"] == {"items": [], "total": 0}


async def test_what_would_be_is_what_comes_to_be_and_asking_saves_nothing(house):
    await house.done(house.root.post("/materials/basis", {"basis": "standard"}))
    wool, silk = await add(house, scrap=333), await add(house, name="Silk")
    scarf, box = await define(house, name="Scarf"), await define(house, name="Box", margin=2500)
    for material in (wool, silk):
        body = {"cost": dinars("0.70")}
        await house.done(house.amina.post(f"{material}/standard-cost", body))
    await compose(house, scarf, (wool, "33.333"), (silk, "7"), makes=3)
    await compose(house, box, (scarf, "2"), (silk, "1"))
    before = await headed(house)
    body = supposing((wool, "1.2345"), (silk, "0.9"))
    told = await asked(house, body)
    one = await asked(house, body, f"{scarf}/calculate-costs")
    assert await headed(house) == before, "the log did not move"
    await house.done(house.amina.post(f"{wool}/standard-cost", {"cost": dinars("1.2345")}))
    await house.done(house.amina.post(f"{silk}/standard-cost", {"cost": dinars("0.9")}))
    await settle(house)
    for prophecy in told["products"]["items"]:
        shown = await house.seen(house.amina, f"{PATH}/{prophecy['id']}")
        assert prophecy["cost_then"] == shown["cost"] != prophecy["cost_now"]
        assert prophecy["suggested_then"] == shown["price"]
    assert told["products"]["total"] == 2
    shown = await house.seen(house.amina, scarf)
    assert (one["cost"], one["what_if"]["products"]) == (shown["cost"], told["products"])
    now = await asked(house, {}, f"{scarf}/calculate-costs")
    assert (now["cost"], now["what_if"]) == (shown["cost"], None)


async def test_one_supposes_only_about_ones_own(house):
    wool, ((scarf, _),) = await shop(house, "100.00")
    for body, code in (
        (supposing((wool, "1.00"), (wool, "2.00")), "costing.material_repeated"),
        (supposing((NOWHERE, "1.00")), "costing.unknown_material"),
        (supposing((wool, "1e3")), "costs.malformed"),
        (supposing((wool, "99999999999.00")), "costing.amount_out_of_range"),
        ({"materials": [{"id": wool.rpartition("/")[2],
                         "cost": {"amount": "1.00", "currency": "EUR"}}]},
         "costing.currency_mixed"),
    ):  # fmt: skip
        for path in (ALL, f"{scarf}/calculate-costs"):
            assert await refused(house.amina.post(path, body)) == (422, code), body
    body = supposing((wool, "1.50"))
    assert await refused(house.basma.post(ALL, body)) == (422, "costing.unknown_material")
    assert await refused(house.karim.post(ALL, body)) == (403, "forbidden")
    assert (await asked(house, body, client=house.olga))["products"]["total"] == 1
    assert await refused(house.basma.post(f"{scarf}/calculate-costs")) == UNKNOWN


@pytest.mark.parametrize("body", [None, {"materials": None}, {"materials": [{"id": "x"}]}])
async def test_a_supposition_says_what(house, body):
    assert (await refused(house.amina.post(ALL, body)))[0] == 400
