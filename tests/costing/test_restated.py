"""A purchase told late: its preview says what it changes, and only then is it taken."""

from datetime import UTC, datetime, timedelta

from tests.costing.settling import headed, settle
from tests.costing.test_http import compose, define
from tests.costing.test_links import link
from tests.costing.test_sales import SALES, sold
from tests.materials.test_http import add, buy, dinars
from tests.reels.house import refused
from tests.support.http import Client


def ago(days):
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def purchase(days, price="200.00", **more):
    return {"quantity": "100", "price": dinars(price), "bought_at": ago(days)} | more


async def history(house, late=None):
    """Wool at 1.00 a gram ten days ago; sold once; dearer wool; sold again. ``late``: a purchase
    that is told in time here."""
    wool, scarf, box = await add(house), await define(house), await define(house, name="Box")
    rug = await house.api.product("amina", "rug", "9.00", stock=50, tenant=house.tenant)
    await compose(house, scarf, (wool, "1"))
    await compose(house, box, (scarf, "2"))
    await link(house, box, rug)
    await buy(house, wool, "100", "100.00", bought_at=ago(10))
    if late:
        await house.done(house.amina.post(f"{wool}/purchase", late))
    await settle(house)
    await house.done(house.amina.post(f"{wool}/adjust", {"delta": "-60", "reason": "used"}))
    await sold(house, (rug, 1))
    await buy(house, wool, "100", "300.00")
    await settle(house)
    await sold(house, (rug, 3))
    await house.seen(house.amina, SALES)
    return wool, box


async def costs(house):
    """Of each sale, the first first."""
    items = (await house.seen(house.amina, SALES))["items"]
    return [sale["unit_cost"] for sale in items[::-1]]


async def test_a_preview_says_what_would_have_been_and_writes_nothing(house, houses):
    late = purchase(5)
    wool, box = await history(house)
    before = await headed(house)
    told = await house.done(house.amina.post(f"{wool}/purchase/preview", late))
    assert await headed(house) == before, "the log did not move"
    assert told["backdated"]
    assert (told["average_now"], told["average_then"]) == (dinars("2.42857143"), dinars("2.125"))
    assert (told["last_now"], told["last_then"]) == (dinars("3.00"), dinars("3.00"))
    changed = {p["name"]: (p["cost_now"], p["cost_then"]) for p in told["products"]["items"]}
    assert changed == {
        "Scarf": (dinars("2.42857143"), dinars("2.125")),
        "Box": (dinars("4.85714286"), dinars("4.25")),
    }
    sales = told["sales"]["items"]
    assert [sale["unit_cost"] for sale in sales] == await costs(house)
    assert (sales[0]["margin"], sales[0]["margin_then"]) == (dinars("7.00"), dinars("6.00"))
    elsewhere = await houses()
    await history(elsewhere, late)
    in_time = await costs(elsewhere)
    assert [sale["unit_cost_then"] for sale in sales] == in_time, "as had it been told in time"
    assert in_time == [dinars("3.00"), dinars("4.25")]
    assert [s["costing"] for s in sales] == [box.rpartition("/")[2]] * 2


async def test_what_was_bought_at_the_same_cost_before_a_sale_counts_at_the_sale(house):
    wool, scarf = await add(house), await define(house)
    rug = await house.api.product("amina", "rug", "9.00", stock=50, tenant=house.tenant)
    await compose(house, scarf, (wool, "1"))
    await link(house, scarf, rug)
    for grams in ("100", "900"):
        await buy(house, wool, grams, f"{grams}.00", bought_at=ago(9))
        await settle(house)  # the second moves no cost
    await sold(house, (rug, 1))
    await house.seen(house.amina, SALES)
    told = await house.done(house.amina.post(f"{wool}/purchase/preview", purchase(10)))
    assert [sale["unit_cost_then"] for sale in told["sales"]["items"]] == [dinars("1.09090909")]


async def test_a_preview_shows_costs_to_who_may_read_those_of_its_owner(house):
    wool, _ = await history(house)

    def who(user, *permissions):
        token = house.souk.signer.sign(user, house.tenant, permissions)
        return Client(house.api.http, token)

    for client, products, sales in (
        (house.amina, 2, 2),
        (who("amina", "materials:update"), 0, 0),
        (who("mona", "materials:update", "materials:manage"), 0, 0),
        (who("mona", "materials:update", "materials:manage", "costing:read"), 0, 0),
        (who("mona", "materials:update", "materials:manage", "costing:read_all"), 2, 2),
    ):
        told = await house.done(client.post(f"{wool}/purchase/preview", purchase(5)))
        assert (told["products"]["total"], told["sales"]["total"]) == (products, sales)
        assert told["average_then"] == dinars("2.125"), "the material is theirs to change"


async def test_what_is_confirmed_is_what_was_seen(house):
    wool, box = await history(house)
    late, path = purchase(5), f"{wool}/purchase"
    recorded = await costs(house)
    assert await refused(house.amina.post(path, late)) == (422, "materials.backdated")
    told = await house.done(house.amina.post(f"{path}/preview", late))
    word = {"confirm": told["confirm"]}
    for body, client in (
        (purchase(4) | word, house.amina),
        (late | word | {"quantity": "101"}, house.amina),
        (late | {"confirm": "nonsense"}, house.amina),
        (late | {"confirm": f"{told['version'] + 1}.{told['confirm'].partition('.')[2]}"},
         house.amina),
        (late | word, house.root),
    ):  # fmt: skip
        assert await refused(client.post(path, body)) == (422, "materials.not_confirmed"), body
    await house.done(house.amina.post(f"{wool}/threshold", {"threshold": "1"}))
    outdated = await refused(house.amina.post(path, late | word))
    assert outdated == (409, "materials.preview_outdated")
    told = await house.done(house.amina.post(f"{path}/preview", late))
    body = late | {"confirm": told["confirm"]}
    first = await house.amina.post(path, body, key="once")
    again = await house.amina.post(path, body, key="once")
    assert (first.status_code, first.content) == (200, again.content)
    await settle(house)
    shown = await house.seen(house.amina, wool)
    assert (shown["average"], shown["last"], shown["stock"]) == (
        *(told["average_then"], told["last_then"]),
        "240",
    )
    assert (await house.seen(house.amina, box))["cost"] == dinars("4.25")
    assert await costs(house) == recorded, "what was recorded at a sale stays"
    last, *others = (await house.seen(house.amina, f"{wool}/purchases"))["items"]
    assert (last["backdated"], [o["backdated"] for o in others]) == (True, [False, False])
    await buy(house, wool, "240", "1000.00")
    assert (await house.seen(house.amina, wool))["average"] == dinars("3.14583333")


async def test_a_preview_of_a_purchase_that_is_the_last_needs_no_confirming(house):
    wool, scarf = await add(house), await define(house)
    await compose(house, scarf, (wool, "1"))
    path, body = f"{wool}/purchase", purchase(3)
    told = await house.done(house.amina.post(f"{path}/preview", body))
    assert (told["backdated"], told["confirm"], told["average_now"]) == (False, None, None)
    assert told["average_then"] == dinars("2.00")
    assert [p["cost_then"] for p in told["products"]["items"]] == [dinars("2.00")]
    await house.done(house.amina.post(path, body))
    assert await refused(house.basma.post(f"{path}/preview", body)) == (
        404,
        "materials.unknown_material",
    )
    assert await refused(house.karim.post(f"{path}/preview", body)) == (403, "forbidden")
    await house.done(house.root.post("/materials/basis", {"basis": "standard"}))
    told = await house.done(house.amina.post(f"{path}/preview", purchase(5, "900.00")))
    assert told["backdated"]
    assert told["products"] == {"items": [], "total": 0}, "that basis knows no purchases"
